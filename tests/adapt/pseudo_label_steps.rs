//! Steps on pseudo-labels between the others.

use foveate::adapt::{DannTraining, PseudoLabelSteps};

use super::{domains, quick, refused, run};
use crate::support::golden::bits;

#[test]
fn alternating_steps_weigh_more_and_more() {
    let steps = PseudoLabelSteps { every: 2, weight: 3.0, from: 0.2, to: 0.6 };
    for (progress, weight) in [(0.0, 0.0), (0.19, 0.0), (0.4, 1.5), (0.6, 3.0), (1.0, 3.0)] {
        assert!((steps.at(progress) - weight).abs() < 1e-12, "{progress}");
    }
    let data = domains(|_| 200);
    let with = |pseudo_label_steps| {
        let settings = DannTraining { pseudo_label_steps, lambda: None, ..quick() };
        bits(&run(&settings, &data, 9).unwrap().network)
    };
    let without = with(None);
    // Of sixteen source batches, never seventeen come before a target batch; 0 is no step.
    assert_eq!(with(Some(PseudoLabelSteps { every: 17, ..steps })), without);
    assert_eq!(with(Some(PseudoLabelSteps { weight: 0.0, ..steps })), without);
    // Across the end of an epoch of four.
    assert_ne!(with(Some(PseudoLabelSteps { every: 5, ..steps })), without);
    assert_ne!(with(Some(steps)), without);

    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Some(folder.path().join("checkpoint"));
    let settings =
        DannTraining { pseudo_label_steps: Some(steps), lambda: None, checkpoint, ..quick() };
    run(&settings, &data, 3).unwrap();
    assert_eq!(bits(&run(&settings, &data, 9).unwrap().network), with(Some(steps)));

    let wrong = |steps| DannTraining { pseudo_label_steps: Some(steps), ..quick() };
    refused(
        wrong(PseudoLabelSteps { every: 0, ..steps }),
        &data,
        &["pseudo_label_steps.every is 0"],
    );
    refused(
        wrong(PseudoLabelSteps { weight: -1.0, ..steps }),
        &data,
        &["pseudo_label_steps.weight is -1"],
    );
    refused(wrong(PseudoLabelSteps { from: 0.7, ..steps }), &data, &["0.7 to 0.6"]);
}

//! Questions that the measures refuse.

use foveate::burn::tensor::Tensor;
use foveate::explain::metrics::{
    AverageDrop, Deletion, Infidelity, Insertion, SensitivityMax, completeness_delta, infidelity,
    sensitivity_max,
};
use foveate::explain::{Baseline, ExplainError, Saliency, Target};

use crate::explain::{linear, noise};
use crate::support::devices;

#[test]
fn bad_questions_say_what_is_expected() {
    let (model, _) = linear([3, 4, 5]);
    let input = noise([2, 3, 4, 5], 1);
    let (target, zero) = (Target::Class(0), Baseline::Constant(0.0));
    let shape = |n: usize, c: usize, w: usize| Tensor::<4>::zeros([n, c, 4, w], &devices::any());
    let wrong = [shape(1, 3, 5), shape(2, 2, 5), shape(2, 1, 4)];
    for map in &wrong {
        let errors = [
            completeness_delta(&model, map, &input, &zero, &target).unwrap_err(),
            Deletion { steps: 2, ..Deletion::default() }
                .curve(&model, map, &input, &target)
                .unwrap_err(),
            Insertion { steps: 2, ..Insertion::default() }
                .curve(&model, map, &input, &target)
                .unwrap_err(),
            AverageDrop::default().confidences(&model, map, &input, &target).unwrap_err(),
            Infidelity::default().measure(&model, map, &input, &target).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, ExplainError::MapShape { .. }), "{error}");
        }
    }
    // Infidelity wants a number for each value.
    let error =
        Infidelity::default().measure(&model, &shape(2, 1, 5), &input, &target).unwrap_err();
    assert!(
        error.to_string().contains("[2, 1, 4, 5]: expected the input's, [2, 3, 4, 5]"),
        "{error}"
    );

    let good = shape(2, 1, 5);
    let mut settings = vec![
        Deletion { steps: 0, ..Deletion::default() }
            .curve(&model, &good, &input, &target)
            .unwrap_err(),
        Deletion { steps: 21, ..Deletion::default() }
            .curve(&model, &good, &input, &target)
            .unwrap_err(),
        Insertion { steps: 1, batch: 0, ..Insertion::default() }
            .curve(&model, &good, &input, &target)
            .unwrap_err(),
        AverageDrop { batch: 0, ..AverageDrop::default() }
            .confidences(&model, &good, &input, &target)
            .unwrap_err(),
    ];
    for radius in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let measure = SensitivityMax { radius, ..SensitivityMax::default() };
        settings.push(measure.measure(&Saliency, &model, &input, &target).unwrap_err());
        let measure = Infidelity { sigma: radius, ..Infidelity::default() };
        settings.push(measure.measure(&model, &shape(2, 3, 5), &input, &target).unwrap_err());
    }
    let none = SensitivityMax { samples: 0, ..SensitivityMax::default() };
    settings.push(none.measure(&Saliency, &model, &input, &target).unwrap_err());
    let none = Infidelity { samples: 0, ..Infidelity::default() };
    settings.push(none.measure(&model, &shape(2, 3, 5), &input, &target).unwrap_err());
    let small = [shape(1, 3, 5)];
    settings.push(sensitivity_max(&Saliency, &model, &input, &target, small.clone()).unwrap_err());
    settings.push(infidelity(&model, &shape(2, 3, 5), &input, &target, small, false).unwrap_err());
    for error in settings {
        assert!(matches!(error, ExplainError::Setting(_)), "{error:?}");
    }
}

//! Questions that attacks refuse.

use foveate::burn::tensor::Tensor;
use foveate::explain::ExplainError;
use foveate::explain::attack::{
    Attack, Bim, CarliniWagner, DeepFool, Fgsm, FoolingImage, Goal, MiFgsm, Pgd,
};
use foveate::image::Pixels;

use super::{found, inner, linear, pixels};

#[test]
fn questions_that_make_no_sense_are_told() {
    let error = |attack: &dyn Attack<_>, pixels: &Pixels, goal: &Goal| {
        attack.attack(&linear(3), pixels, goal).unwrap_err()
    };
    let (untargeted, targeted) = (Goal::Untargeted(vec![0]), Goal::Targeted(vec![0]));
    let setting =
        |attack: &dyn Attack<_>, goal: &Goal, name: &str| match error(attack, &inner(), goal) {
            ExplainError::Setting(setting) => assert_eq!(setting.name, name),
            other => panic!("{other} for {name}"),
        };
    for epsilon in [-0.1, f32::NAN, f32::INFINITY] {
        setting(&Fgsm { epsilon }, &untargeted, "epsilon");
        setting(&Bim { epsilon, ..Bim::default() }, &untargeted, "epsilon");
        setting(&Pgd { epsilon, ..Pgd::l2() }, &untargeted, "epsilon");
        setting(&MiFgsm { epsilon, ..MiFgsm::default() }, &untargeted, "epsilon");
    }
    for step_size in [0.0, -1.0, f32::NAN] {
        setting(&Bim { step_size, ..Bim::default() }, &untargeted, "step_size");
        setting(&Pgd { step_size, ..Pgd::default() }, &untargeted, "step_size");
        setting(&FoolingImage { step_size, ..Default::default() }, &targeted, "step_size");
    }
    setting(&FoolingImage { std: [1.0, 0.0, 1.0], ..Default::default() }, &targeted, "std");
    setting(&Bim { steps: 0, ..Bim::default() }, &untargeted, "steps");
    setting(&Pgd { steps: 0, ..Pgd::default() }, &untargeted, "steps");
    setting(&MiFgsm { steps: 0, ..MiFgsm::default() }, &untargeted, "steps");
    setting(&MiFgsm { decay: -1.0, ..MiFgsm::default() }, &untargeted, "decay");
    setting(&FoolingImage { steps: 0, ..Default::default() }, &targeted, "steps");
    setting(&FoolingImage::default(), &untargeted, "goal");
    setting(&DeepFool { steps: 0, ..DeepFool::default() }, &untargeted, "steps");
    setting(&DeepFool { classes: 1, ..DeepFool::default() }, &untargeted, "classes");
    setting(&DeepFool { overshoot: -0.1, ..DeepFool::default() }, &untargeted, "overshoot");
    setting(&DeepFool::default(), &targeted, "goal");
    let cw = CarliniWagner::default();
    setting(&CarliniWagner { confidence: -1.0, ..cw }, &targeted, "confidence");
    setting(&CarliniWagner { learning_rate: 0.0, ..cw }, &targeted, "learning_rate");
    setting(&CarliniWagner { steps: 0, ..cw }, &targeted, "steps");
    setting(&CarliniWagner { search_steps: 0, ..cw }, &targeted, "search_steps");
    setting(&CarliniWagner { initial_c: 0.0, ..cw }, &targeted, "initial_c");

    let fgsm = Fgsm::default();
    for targets in [Goal::Targeted, Goal::Untargeted] {
        let class = error(&fgsm, &inner(), &targets(vec![3]));
        assert_eq!(class, ExplainError::Class { class: 3, classes: 3 });
        let count = error(&fgsm, &inner(), &targets(vec![0, 1, 2]));
        assert_eq!(count, ExplainError::Targets { images: 2, found: 3 });
    }
    for (value, at) in [(f32::NAN, 5), (f32::INFINITY, 0)] {
        let mut odd = [0.5; 12];
        odd[at] = value;
        let found = error(&fgsm, &pixels(&odd), &untargeted);
        assert!(matches!(found, ExplainError::NotFinite { index, .. } if index == at), "{found}");
    }
    for value in [-1e-6, 1.000_001, 200.0] {
        let mut odd = [0.5; 12];
        odd[4] = value;
        let found = error(&fgsm, &pixels(&odd), &untargeted);
        assert_eq!(found, ExplainError::NotPixels { index: 4, value });
    }
    let nan = |x: Tensor<4>| linear(3)(x).log() * f32::NAN;
    let answer = fgsm.attack(&nan, &inner(), &untargeted).unwrap_err();
    assert!(matches!(answer, ExplainError::Answer { image: 0, .. }), "{answer}");
    // sqrt at 0: finite logits, infinite gradient.
    let steep = |x: Tensor<4>| linear(3)((x - 0.5).abs().sqrt());
    let own = Goal::Untargeted(found(&steep, &pixels(&[0.5; 12])));
    let answer = fgsm.attack(&steep, &pixels(&[0.5; 12]), &own).unwrap_err();
    assert!(matches!(answer, ExplainError::Answer { what: "the gradient", .. }), "{answer}");
}

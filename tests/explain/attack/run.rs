//! What every attack promises: the ball, the seed, untouched tensors, counted queries.

use std::cell::Cell;

use foveate::burn::tensor::Tensor;
use foveate::burn::tensor::activation::softmax;
use foveate::explain::attack::{
    Attack, Bim, CarliniWagner, DeepFool, Fgsm, FoolingImage, Goal, MiFgsm, Norm, Pgd, Queries,
    Warning,
};
use foveate::image::Pixels;

use super::{bent, change, found, goal, inner, linear, outer, pixels};
use crate::support::close::values_of;

/// Every attack, with an epsilon for those that have one.
#[allow(clippy::type_complexity, reason = "name, ball, early stop, attack")]
fn every(epsilon: f32) -> Vec<(&'static str, Option<Norm>, bool, Box<dyn Attack<Model>>)> {
    let (step_size, steps, early_stop) = (epsilon / 3.0 + 1e-9, 7, false);
    let pgd = Pgd { epsilon, step_size, steps, early_stop, ..Pgd::default() };
    let fooling = FoolingImage { step_size: 0.3, ..FoolingImage::default() };
    let cw = CarliniWagner { steps: 60, search_steps: 3, initial_c: 1.0, ..Default::default() };
    let l_inf = Some(Norm::LInf);
    vec![
        ("fgsm", l_inf, true, Box::new(Fgsm { epsilon })),
        ("bim", l_inf, true, Box::new(Bim { epsilon, step_size, steps, early_stop })),
        ("pgd", l_inf, true, Box::new(pgd)),
        ("pgd l2", Some(Norm::L2), true, Box::new(Pgd { norm: Norm::L2, ..pgd })),
        ("mi_fgsm", l_inf, true, Box::new(MiFgsm { epsilon, steps, ..Default::default() })),
        ("deepfool", None, true, Box::new(DeepFool::default())),
        ("carlini_wagner", None, true, Box::new(cw)),
        ("fooling", None, false, Box::new(fooling)),
    ]
}

type Model = fn(Tensor<4>) -> Tensor<2>;

/// Exactly: in f64, which holds differences of f32 in `[0, 1]` as good as exactly, against `epsilon`
/// itself and not a rounded neighbor.
#[test]
fn nothing_leaves_the_pixels_or_the_ball() {
    for epsilon in [0.0, 1e-8, 8.0 / 255.0, 0.1, 1.0 / 3.0, 2.0] {
        for (name, norm, untargeted, attack) in every(epsilon) {
            let own = found(&bent, &outer());
            let attacked =
                attack.attack(&(bent as Model), &outer(), &goal(untargeted, &own)).unwrap();
            let after = values_of(attacked.adversarial.tensor());
            assert!(after.iter().all(|v| (0.0..=1.0).contains(v)), "{name}: {after:?}");
            let before = values_of(outer().tensor());
            let change = after.iter().zip(&before).map(|(&a, &b)| f64::from(a) - f64::from(b));
            let change: Vec<f64> = change.collect();
            for (i, image) in change.chunks(12).enumerate() {
                let l_inf = image.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
                let l2 = image.iter().map(|v| v * v).sum::<f64>().sqrt();
                let size = match norm {
                    Some(Norm::LInf) => l_inf,
                    Some(Norm::L2) => l2,
                    _ => 0.0,
                };
                assert!(size <= f64::from(epsilon), "{name}: {size:e} > {epsilon:e}");
                assert!(norm.is_none() || epsilon > 0.0 || size == 0.0, "{name}");
                // The distances told are those of the images given.
                assert_eq!([attacked.l2[i], attacked.l_inf[i]], [l2 as f32, l_inf as f32]);
            }
            assert_eq!(own.len(), attacked.success.len());
        }
    }
}

#[test]
fn same_seed_same_bits() {
    let own = found(&bent, &inner());
    for pgd in [Pgd::default(), Pgd::l2()] {
        let run = |seed, pixels: &Pixels, own: &[usize]| {
            let goal = Goal::Untargeted(own.to_vec());
            let pgd = Pgd { seed, early_stop: false, ..pgd };
            change(&pgd.attack(&bent, pixels, &goal).unwrap())
        };
        let both = run(7, &inner(), &own);
        assert_eq!(both, run(7, &inner(), &own));
        assert_ne!(both, run(8, &inner(), &own));
        // The second image's start is its own, and the first's does not depend on it.
        assert_eq!(both[..12], run(7, &pixels(&values_of(inner().tensor())[..12]), &own[..1]));
    }
}

/// The tensors given stay as they are, tracked or not; what comes back is not tracked.
#[test]
fn given_tensors_are_untouched() {
    for tracked in [false, true] {
        for (name, _, untargeted, attack) in every(0.1) {
            let plain = outer().tensor().clone();
            let tensor = if tracked { plain.clone().autodiff().require_grad() } else { plain };
            let given = Pixels::new(tensor.clone());
            let goal = goal(untargeted, &found(&bent, &outer()));
            let attacked = attack.attack(&(bent as Model), &given, &goal).unwrap();
            assert_eq!(values_of(given.tensor()), values_of(outer().tensor()), "{name}");
            assert_eq!(tensor.is_require_grad(), tracked);
            assert!(!attacked.adversarial.tensor().is_autodiff(), "{name}");
        }
    }
}

/// An image that meets the goal from the start is given back as it is; the others do not notice.
/// And the queries told are those made.
#[test]
fn images_that_have_won_stand_still() {
    let own = found(&bent, &inner());
    for (name, _, untargeted, attack) in every(0.1) {
        if name == "mi_fgsm" || name == "bim" || name.starts_with("pgd") {
            continue; // without early_stop here
        }
        let first = (own[0] + 1) % 3;
        let mixed = match untargeted {
            true => Goal::Untargeted(vec![first, own[1]]),
            false => Goal::Targeted(vec![own[0], (own[1] + 1) % 3]),
        };
        let attacked = attack.attack(&(bent as Model), &inner(), &mixed).unwrap();
        assert_eq!(change(&attacked)[..12], [0.0; 12], "{name}");
        assert!(attacked.success[0] && attacked.steps[0] == 0 && attacked.steps[1] > 0, "{name}");
        assert_eq!((attacked.l0[0], attacked.l2[0], attacked.l_inf[0]), (0, 0.0, 0.0));
    }
    let seen = Cell::new(Queries::default());
    let counting = |x: Tensor<4>| {
        let mut queries = seen.get();
        let n = x.dims()[0];
        if x.is_tracked() {
            queries.gradient += n
        } else {
            queries.forward += n
        }
        seen.set(queries);
        bent(x)
    };
    let pgd = Pgd { early_stop: true, ..Pgd::default() };
    let cw = CarliniWagner { steps: 30, search_steps: 3, ..Default::default() };
    let attacks: [&dyn Attack<_>; 5] =
        [&pgd, &Fgsm::default(), &MiFgsm::default(), &DeepFool::default(), &cw];
    for attack in attacks {
        seen.set(Queries::default());
        let goal = Goal::Untargeted(vec![(own[0] + 1) % 3, own[1]]);
        let told = attack.attack(&counting, &inner(), &goal).unwrap().queries;
        let sum = |count: fn(&Queries) -> usize| told.iter().map(count).sum::<usize>();
        assert_eq!(sum(|q| q.forward), seen.get().forward);
        assert_eq!(sum(|q| q.gradient), seen.get().gradient);
    }
}

#[test]
fn hidden_gradients_are_told() {
    let warnings = |model: &dyn Fn(Tensor<4>) -> Tensor<2>, own: usize| {
        let pgd = Pgd { random_start: false, ..Pgd::default() };
        let goal = Goal::Untargeted(vec![own]);
        pgd.attack(&|x: Tensor<4>| model(x), &inner(), &goal).unwrap().warnings
    };
    assert_eq!(warnings(&linear(3), found(&linear(3), &inner())[0]), []);
    let rounding = |x: Tensor<4>| linear(3)((x * 4.0).floor() / 4.0);
    let own = found(&rounding, &inner());
    let images = (0..2).filter(|&i| own[i] == own[0]).collect();
    assert_eq!(warnings(&rounding, own[0]), [Warning::ZeroGradient { images }]);
    let calls = Cell::new(0.0);
    let random = |x: Tensor<4>| {
        calls.set(calls.get() + 1.0);
        linear(3)(x) + f32::sin(calls.get())
    };
    let found = warnings(&random, 0);
    assert!(
        matches!(found[..], [Warning::Random { difference }] if difference > 0.01),
        "{found:?}"
    );
    let probabilities = |x: Tensor<4>| softmax(linear(3)(x), 1);
    assert_eq!(warnings(&probabilities, 0), [Warning::Probabilities]);
}

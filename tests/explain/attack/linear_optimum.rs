//! Attacks on models for which the best change has a closed form.

use foveate::burn::tensor::Tensor;
use foveate::explain::attack::{Attack, Bim, CarliniWagner, DeepFool, Fgsm, Goal, MiFgsm, Pgd};
use foveate::image::Pixels;

use super::{W, change, found, inner, linear, pixels};
use crate::support::close::{close, values_of};

/// The distance of each image to the boundary with another class, and the way there.
fn boundary(pixels: &Pixels, own: usize, other: usize) -> Vec<(f32, [f32; 12])> {
    let normal: [f32; 12] = std::array::from_fn(|i| W[other][i] - W[own][i]);
    let norm = normal.iter().map(|v| v * v).sum::<f32>().sqrt();
    let logits = values_of(&linear(3)(pixels.tensor().clone()));
    let distance = |row: &[f32]| (row[own] - row[other]) / norm;
    logits.chunks(3).map(|row| (distance(row), normal.map(|v| v / norm))).collect()
}

/// With two classes and a linear model the best change in the ball is `epsilon * sign(w1 - w0)`. One
/// rounding of a sum near 1 is 6e-8; ten steps stay below 1e-6.
#[test]
fn linear_optimum_in_l_inf() {
    let model = linear(2);
    let epsilon = 0.03;
    let rising: [f32; 12] = std::array::from_fn(|i| epsilon * (W[1][i] - W[0][i]).signum());
    let (steps, early_stop) = (20, false);
    let attacks: [(&str, &dyn Attack<_>); 4] = [
        ("fgsm", &Fgsm { epsilon }),
        ("bim", &Bim { epsilon, step_size: 0.01, steps, early_stop }),
        ("pgd", &Pgd { epsilon, step_size: 0.01, steps, early_stop, seed: 3, ..Pgd::default() }),
        ("mi_fgsm", &MiFgsm { epsilon, steps, ..MiFgsm::default() }),
    ];
    for (name, attack) in attacks {
        let (own, sign) = (found(&model, &inner()), [1.0, -1.0]);
        let expected: Vec<f32> =
            own.iter().flat_map(|&class| rising.map(|v| v * sign[class])).collect();
        let attacked = attack.attack(&model, &inner(), &Goal::Untargeted(own.clone())).unwrap();
        close(&change(&attacked), &expected, 1e-6);
        let target = own.iter().map(|class| 1 - class).collect();
        let targeted = attack.attack(&model, &inner(), &Goal::Targeted(target)).unwrap();
        assert_eq!(change(&targeted), change(&attacked), "{name}");
        close(&attacked.l_inf, &[epsilon; 2], 1e-7);
        assert_eq!(attacked.l0, [4, 4]);
    }
}

/// In the Euclidean ball it is `epsilon * (w1 - w0) / |w1 - w0|`; PGD is pulled there by ever less:
/// 1e-4 of epsilon are left.
#[test]
fn linear_optimum_of_pgd_in_l2() {
    let model = linear(2);
    let own = found(&model, &inner());
    let pgd = Pgd { epsilon: 0.2, step_size: 0.1, steps: 60, early_stop: false, ..Pgd::l2() };
    let attacked = pgd.attack(&model, &inner(), &Goal::Untargeted(own.clone())).unwrap();
    let ways = boundary(&inner(), 0, 1);
    let expected = ways
        .iter()
        .zip(&own)
        .flat_map(|((_, way), &class)| way.map(|v| 0.2 * v * if class == 0 { 1.0 } else { -1.0 }));
    close(&change(&attacked), &expected.collect::<Vec<_>>(), 2e-5);
}

/// The own logit is a valley, `sum |x - 0.5|`, and steps have size 0.01: from -0.015 the sign alone goes to
/// -0.005, 0.005, -0.005, 0.005, -0.005; momentum adds up to 1, 2, 1, 0, -1 twelfths and goes to -0.005,
/// 0.005, 0.015, 0.015, 0.005.
#[test]
fn momentum_goes_on() {
    let valley = |x: Tensor<4>| {
        let height = (x - 0.5).abs().flatten::<2>(1, 3).sum_dim(1);
        Tensor::cat(vec![height.clone(), height.zeros_like()], 1)
    };
    for (decay, end) in [(1.0, 0.505), (0.0, 0.495)] {
        let mi_fgsm = MiFgsm { epsilon: 0.05, steps: 5, decay, early_stop: false };
        let start = pixels(&[0.485; 12]);
        let attacked = mi_fgsm.attack(&valley, &start, &Goal::Untargeted(vec![0])).unwrap();
        close(&values_of(attacked.adversarial.tensor()), &[end; 12], 1e-6);
    }
}

/// Both go to the nearest of two boundaries, along its normal. DeepFool goes 2 % and 1e-4 further; Adam,
/// with a step of 0.01 in tanh's space, ends within 2 %.
#[test]
fn linear_optimum_of_deepfool_and_carlini_wagner() {
    let model = linear(3);
    let own = found(&model, &inner());
    let ways: Vec<_> = (0..2)
        .map(|i| {
            let others = (0..3).filter(|&other| other != own[i]);
            let ways = others.map(|other| boundary(&inner(), own[i], other)[i]);
            ways.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
        })
        .collect();
    let goal = Goal::Untargeted(own.clone());
    let cw = CarliniWagner { steps: 300, initial_c: 0.1, ..CarliniWagner::default() };
    let attacks: [(&str, &dyn Attack<_>); 2] =
        [("deepfool", &DeepFool::default()), ("carlini_wagner", &cw)];
    for (name, attack) in attacks {
        let attacked = attack.attack(&model, &inner(), &goal).unwrap();
        assert_eq!(attacked.success, [true, true], "{name}");
        for (i, (distance, way)) in ways.iter().enumerate() {
            let most = (distance + 1.1e-4) * 1.02;
            let l2 = attacked.l2[i];
            assert!((distance - 1e-5..most).contains(&l2), "{name}: {l2} for {distance}");
            let change = &change(&attacked)[i * 12..][..12];
            let along: f32 = change.iter().zip(way).map(|(a, b)| a * b).sum();
            assert!(along / l2 > 0.995, "{name}: {along} of {l2} along the normal");
        }
    }
}

/// A boundary stays where it is when logits are multiplied by a factor whose square f32 does not have.
#[test]
fn deepfool_of_tiny_and_vast_logits() {
    let plain = linear(3);
    let goal = Goal::Untargeted(found(&plain, &inner()));
    let expected = DeepFool::default().attack(&plain, &inner(), &goal).unwrap();
    assert_eq!(expected.success, [true, true]);
    for factor in [1e-25, 1e25] {
        let model = |x: Tensor<4>| linear(3)(x) * factor;
        let attacked = DeepFool::default().attack(&model, &inner(), &goal).unwrap();
        assert_eq!(attacked.success, [true, true], "{factor}");
        close(&change(&attacked), &change(&expected), 1e-5);
    }
}

/// Targets need not be the nearest class; with a confidence the logits differ by that much.
#[test]
fn linear_optimum_of_carlini_wagner_with_target_and_confidence() {
    let model = linear(3);
    let own = found(&model, &inner());
    for step in [1, 2] {
        let target: Vec<usize> = own.iter().map(|class| (class + step) % 3).collect();
        let goal = Goal::Targeted(target.clone());
        let cw = CarliniWagner { steps: 400, initial_c: 0.5, ..CarliniWagner::default() };
        let cw = CarliniWagner { confidence: 0.1, ..cw };
        let attacked = cw.attack(&model, &inner(), &goal).unwrap();
        assert_eq!(attacked.success, [true, true]);
        let logits = values_of(&model(attacked.adversarial.tensor().clone()));
        for (i, row) in logits.chunks(3).enumerate() {
            let margin = (0..3).filter(|&k| k != target[i]).map(|k| row[target[i]] - row[k]);
            let margin = margin.fold(f32::INFINITY, f32::min);
            assert!((0.1 - 1e-5..0.11).contains(&margin), "{margin}");
        }
    }
}

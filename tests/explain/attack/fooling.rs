//! Fooling images.

use foveate::explain::attack::{Attack, FoolingImage, Goal};
use foveate::image::{Pixels, Preprocessing};

use super::{bent, change, found, goal, inner, squeezenet};
use crate::support::devices::any;
use crate::support::real::val_25;

/// No value of these images meets 0 or 1, so that nothing is cut off. f32 with values near 0.5: 1e-6.
#[test]
fn one_fooling_step_has_its_length() {
    let own = found(&bent, &inner());
    for (step_size, std) in [(1.0, Preprocessing::IMAGENET.std), (0.01, [1.0; 3])] {
        let fooling = FoolingImage { step_size: step_size / 10.0, steps: 1, std };
        let attacked = fooling.attack(&bent, &inner(), &goal(false, &own)).unwrap();
        assert_eq!(attacked.steps, [1, 1]);
        for image in change(&attacked).chunks(12) {
            let in_units = image.iter().enumerate().map(|(i, v)| v / std[i / 4]);
            let length = in_units.map(|v| v * v).sum::<f32>().sqrt();
            assert!((length - fooling.step_size).abs() < 1e-6, "{length}");
        }
    }
}

/// PyTorch, with the same targets and values cut off at 0 and 1: 25 of 25 in 12.2 steps on average,
/// length 1.40.
#[test]
fn fooling_images_of_val_25() {
    let (Some((images, _)), Some(squeezenet)) = (val_25(), squeezenet()) else { return };
    // Knuth's multiplicative hash of the image's number, as a class.
    let hash = |i: u64| (i * 2_654_435_761 + 12_345) % (1 << 32);
    let targets = (0..25).map(|i| (hash(i) * 1000 / (1 << 32)) as usize).collect();
    let pixels = Pixels::from_images(&images, &any());
    let fooling = FoolingImage::default();
    let attacked = fooling.attack(&squeezenet, &pixels, &Goal::Targeted(targets)).unwrap();
    let success = attacked.success.iter().filter(|&&success| success).count();
    let steps = attacked.steps.iter().sum::<usize>() as f32 / 25.0;
    let l2 = attacked.l2.iter().sum::<f32>() / 25.0;
    eprintln!("fooling: {success} of 25, {steps} steps, length {l2}");
    assert!(success >= 23, "{success}");
    assert!((steps - 12.2).abs() < 1.0 && (l2 - 1.40).abs() < 0.1, "{steps} steps, length {l2}");
}

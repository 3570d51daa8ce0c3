//! Average drop and increase.

use foveate::burn::tensor::{Tensor, s};
use foveate::explain::metrics::AverageDrop;
use foveate::explain::{Attribution, Baseline, Occlusion, Target};

use super::map;
use crate::explain::{MEAN, golden, target, val_2};
use crate::support::close::close;
use crate::support::devices;

/// torch-cam's formula, of the positive part of the occlusion map.
#[test]
fn average_drop_as_torch_cam() {
    let Some((classifier, input)) = val_2() else { return };
    let occlusion = Occlusion::new([60, 50], [35, 30]);
    let map = occlusion.attribute(&classifier, &input, &target()).unwrap().clamp_min(0.0);
    let measure = AverageDrop { baseline: Baseline::Channels(MEAN.to_vec()), batch: 2 };
    let found = measure.confidences(&classifier, &map, &input, &target()).unwrap();
    close(&found.whole, &golden("confidence_whole"), 1e-4);
    close(&found.shown, &golden("confidence_shown"), 1e-4);
    close(&found.drops(), &golden("drop"), 1e-3);
    println!("{found:?}");
}

#[test]
fn drops_and_increases() {
    let model = |x: Tensor<4>| {
        let sum = x.flatten::<2>(1, 3).sum_dim(1);
        Tensor::cat(vec![sum.clone(), sum * -1.0], 1)
    };
    let input = map([1.0, 3.0, 1.0, -2.0], [2, 1, 1, 2]);
    let score = Target::score(|logits| logits.slice(s![.., 0..1]).squeeze_dim(1) + 2.0);
    let map = map([10.0, 5.0, 3.0, 1.0], [2, 1, 1, 2]);
    let found = AverageDrop::default().confidences(&model, &map, &input, &score).unwrap();
    // Shown: 1 of (1, 3); 1 of (1, -2).
    close(&found.whole, &[6.0, 1.0], 1e-6);
    close(&found.shown, &[3.0, 3.0], 1e-6);
    close(&found.drops(), &[0.5, 0.0], 1e-6);
    assert_eq!(found.increases(), [false, true]);
    let flat = Tensor::<4>::full([2, 1, 1, 2], 4.0, &devices::any());
    let found = AverageDrop::default().confidences(&model, &flat, &input, &score).unwrap();
    close(&found.shown, &[2.0, 2.0], 1e-6);
}

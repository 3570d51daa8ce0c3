//! Trainings that resume from their file, and files that are refused.

use std::fs;
use std::ops::ControlFlow;

use foveate::models::{AnyNetwork, Architecture};
use foveate::train::{CheckpointError, CropAndFlip, Optimizer, RandomResizedCrop, Schedule};
use foveate::transfer::{FineTune, FineTuned, Labeled, Trainable, TransferError, new_head};

use super::{colors, exact, small};
use crate::support::devices;
use crate::support::golden::state;

/// Four epochs in one go and twice two, through a file; and the file's refusals.
#[test]
fn resumed_trainings_equal_uninterrupted_ones() {
    let device = devices::any();
    let (images, labels) = colors(72, 2);
    let (training, validation) =
        (Labeled::new(&images[..18], &labels[..18]), Labeled::new(&images[18..], &labels[18..]));
    let folder = tempfile::tempdir().unwrap();
    for (architecture, optimizer, schedule) in [
        (Architecture::ResNet18, Optimizer::SGD, Schedule::Cosine),
        (Architecture::ResNet18, Optimizer::ADAM, Schedule::Constant),
        (Architecture::SqueezeNet1_1, Optimizer::ADAM, Schedule::Cosine),
        (Architecture::GoogLeNet, Optimizer::SGD, Schedule::Step { every: 3, factor: 0.1 }),
    ] {
        let file = folder.path().join(format!("{architecture}-{optimizer:?}"));
        let settings = FineTune {
            epochs: 4,
            batch: 5,
            optimizer,
            schedule,
            augmentation: CropAndFlip { flip: true, crop: Some(RandomResizedCrop::default()) },
            seed: 3,
            ..Default::default()
        };
        let run = |settings: &FineTune, stop_after: usize| {
            let mut seen = 0;
            let watch = |_: &_| {
                seen += 1;
                if seen == stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            // As another process would: a network of its own, from the same file and seed.
            let network = small(architecture, &device);
            settings.run_with(network, &exact(64), training, Some(validation), watch)
        };
        let timeless = |tuned: &FineTuned<AnyNetwork>| {
            let mut epochs = tuned.history.epochs.clone();
            epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
            epochs
        };
        let whole = run(&settings, 0).unwrap();
        let kept = FineTune { checkpoint: Some(file.clone()), ..settings.clone() };
        assert_eq!(run(&kept, 2).unwrap().history.epochs.len(), 2);
        let resumed = run(&kept, 0).unwrap();
        assert_eq!(timeless(&resumed), timeless(&whole), "{architecture}");
        assert_eq!(state(&resumed.network), state(&whole.network), "{architecture}");
        // Finished: nothing is trained again.
        assert_eq!(run(&kept, 0).unwrap().history, resumed.history);

        let other = FineTune { seed: 4, ..settings.clone() };
        assert!(timeless(&run(&other, 0).unwrap()) != timeless(&whole), "the seed matters");
        let other = FineTune { seed: 4, ..kept.clone() };
        let error = run(&other, 0).unwrap_err().to_string();
        assert!(error.contains("other settings") && error.contains("seed: 3"), "{error}");
        let more = run(&FineTune { epochs: 5, ..kept.clone() }, 0);
        assert_eq!(more.is_err(), schedule == Schedule::Cosine, "{architecture}");
    }
}

#[test]
fn checkpoints_of_something_else_are_refused() {
    let device = devices::any();
    let (images, labels) = colors(64, 3);
    let data = Labeled::new(&images, &labels);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/checkpoint");
    let settings = FineTune {
        trainable: Trainable::Head,
        epochs: 1,
        checkpoint: Some(file.clone()),
        ..Default::default()
    };
    let network = || small(Architecture::ResNet18, &device);
    settings.run(network(), &exact(64), data, None).unwrap();
    assert_eq!(
        fs::read_dir(file.parent().unwrap()).unwrap().count(),
        1,
        "no temporary file is left"
    );

    let refused = |network, data, what: &str| {
        let error = settings.run(network, &exact(64), data, None).unwrap_err();
        assert!(
            matches!(error, TransferError::Checkpoint(CheckpointError::Unusable { .. })),
            "{error}"
        );
        assert!(error.to_string().contains(what), "{error}");
    };
    refused(new_head(network(), 3, 2), data, "other network");
    refused(small(Architecture::SqueezeNet1_1, &device), data, "other network");
    let other = Labeled::new(&images[1..], &labels[1..]);
    refused(network(), other, "other training images");
    let bytes = fs::read(&file).unwrap();
    for length in [0, 4, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..length]).unwrap();
        refused(network(), data, "damaged");
    }
    let mut flipped = bytes.clone();
    let last = flipped.len() - 9;
    flipped[last] ^= 1;
    fs::write(&file, &flipped).unwrap();
    refused(network(), data, "damaged");
    fs::write(&file, "not a checkpoint").unwrap();
    refused(network(), data, "damaged");
}

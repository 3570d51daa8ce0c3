//! What is loaded once is used from many threads.

use std::thread;

use foveate::data::digits;
use foveate::generate::metrics::Scorer;
use foveate::image::Pixels;
use foveate::models::{Classifier, Dann, Discriminator, Generator, LeNet};
use foveate::transfer::{FeatureExtractor, TransferModel};

use crate::support::devices;

fn is_shared<T: Send + Sync>() {}

#[test]
fn loaded_things_are_shared() {
    is_shared::<Classifier>();
    is_shared::<Dann>();
    is_shared::<Generator>();
    is_shared::<Discriminator>();
    is_shared::<Scorer<LeNet>>();
    is_shared::<FeatureExtractor>();
    is_shared::<TransferModel>();
    is_shared::<Pixels>();
}

#[test]
fn four_threads_get_the_answers_of_one() {
    for chosen in devices::all() {
        let classifier = LeNet::digits(&chosen.device).unwrap();
        let images = digits(20, 0).images();
        let answers = || classifier.classify(&images, 1).unwrap();
        let alone = answers();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(answers)).collect();
            for found in threads {
                for (found, alone) in found.join().unwrap().iter().zip(&alone) {
                    assert_eq!(found[0].class, alone[0].class, "{chosen}");
                    // A GPU may choose other kernels.
                    assert!((found[0].probability - alone[0].probability).abs() < 1e-5, "{chosen}");
                }
            }
        });
    }
}

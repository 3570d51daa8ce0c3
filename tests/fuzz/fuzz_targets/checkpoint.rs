#![no_main]
//! A training's checkpoint. A file without one is where the seed corpus begins.

#[path = "../scratch.rs"]
mod scratch;

use foveate::data::digits;
use foveate::generate::AdversarialGeneration;
use foveate::models::{DcganConfig, Initialisation};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let device = foveate::device("flex").expect("it is compiled in").device;
    let config = DcganConfig::new().with_size(8).with_ngf(1).with_ndf(1).with_latent_dim(1);
    let initial = |network| Initialisation::Dcgan.of(network, 0);
    scratch::file(bytes, |file| {
        let training = AdversarialGeneration {
            iterations: 0,
            batch: 2,
            checkpoint: Some(file.into()),
            ..Default::default()
        };
        let discriminator = Initialisation::Dcgan.of(config.discriminator(&device), 1);
        let pictures = digits(2, 0).resized(8, 8);
        let _ = training.run(initial(config.generator(&device)), discriminator, &pictures);
    });
});

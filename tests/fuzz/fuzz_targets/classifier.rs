#![no_main]
//! A network with its preprocessing and labels, by the file's header.

#[path = "../common.rs"]
mod common;

use foveate::models::{Classifier, LeNetConfig};
use foveate::prelude::*;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let network = LeNetConfig::new().init(&common::device());
    if let Ok(classifier) = Classifier::from_bytes(network, &common::safetensors(header))
        && classifier.preprocessing().size() == [28, 28]
    {
        let guesses = classifier.classify(&[RgbImage::new(30, 30)], 3).expect("a usual image");
        assert_eq!(guesses[0].len(), 3);
    }
});

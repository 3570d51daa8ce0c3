#![no_main]
//! A network with its preprocessing and labels.

use foveate::models::{Classifier, LeNetConfig};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let device = foveate::device("flex").expect("it is compiled in").device;
    let _ = Classifier::from_bytes(LeNetConfig::new().init(&device), bytes);
});

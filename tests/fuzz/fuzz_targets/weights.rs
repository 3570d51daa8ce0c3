#![no_main]
//! Weights of PyTorch, as safetensors or pickled, for a small network.

#[path = "../scratch.rs"]
mod scratch;

use foveate::models::{LeNetConfig, weights};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let device = foveate::device("flex").expect("it is compiled in").device;
    let _ = scratch::file(bytes, |file| weights::load(LeNetConfig::new().init(&device), file));
});

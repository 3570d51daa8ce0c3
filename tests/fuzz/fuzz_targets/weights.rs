#![no_main]
//! Weights of PyTorch, as safetensors or pickled, for a small network.

#[path = "../common.rs"]
mod common;

use foveate::models::weights;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let network = common::gan().discriminator(&common::device());
    let _ = common::file(bytes, |file| weights::load(network, file));
});

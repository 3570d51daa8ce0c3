#![no_main]
//! A training's checkpoint, by its header; its checksum is not looked at when fuzzing.

#[path = "../common.rs"]
mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    common::file(&common::safetensors(header), |file| common::train(2, file));
});

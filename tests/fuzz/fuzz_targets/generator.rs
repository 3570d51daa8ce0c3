#![no_main]
//! A generator with its sizes.

#[path = "../scratch.rs"]
mod scratch;

use foveate::models::GanConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let device = foveate::device("flex").expect("it is compiled in").device;
    let _ = scratch::file(bytes, |file| GanConfig::open(file, &device));
});

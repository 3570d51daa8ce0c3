#![no_main]
//! A classifier of one's own: networks, features and a linear machine.

#[path = "../scratch.rs"]
mod scratch;

use foveate::transfer::TransferModel;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let device = foveate::device("flex").expect("it is compiled in").device;
    let _ = scratch::file(bytes, |file| TransferModel::load(file, &device));
});

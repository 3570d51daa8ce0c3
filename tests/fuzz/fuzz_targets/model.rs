#![no_main]
//! A classifier of one's own (networks, features and a linear machine), by the file's header; its checksum is not
//! looked at when fuzzing.

#[path = "../common.rs"]
mod common;

use foveate::transfer::TransferModel;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let file = common::safetensors(header);
    let _ = common::file(&file, |file| TransferModel::load(file, &common::device()));
});

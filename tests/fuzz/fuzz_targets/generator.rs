#![no_main]
//! A generator with its sizes, by the file's header.

#[path = "../common.rs"]
mod common;

use foveate::generate::{Noise, sample};
use foveate::models::GanConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let file = common::safetensors(header);
    if let Ok((_, generator)) = common::file(&file, |file| GanConfig::load(file, &common::device())) {
        let noise = Noise::Normal.rows(2, generator.latent_dim(), 0);
        let labels = if generator.classes() > 0 { vec![0, 0] } else { vec![] };
        assert_eq!(sample(&generator, &noise, &labels).len(), 2);
    }
});

#![no_main]
//! Images: JPEG, PNG, WebP, GIF, BMP and TIFF, of up to a megapixel when fuzzing.

use std::path::Path;

use foveate::image;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = image::decode(bytes, Path::new("image"));
});

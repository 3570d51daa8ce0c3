#![no_main]
//! Features on disk: whatever is there, the answer is the network's.

#[path = "../common.rs"]
mod common;

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use foveate::transfer::Features;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

use common::Kept;

static KEPT: OnceLock<(TempDir, Kept, Features, PathBuf)> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let (_, kept, features, file) = KEPT.get_or_init(|| {
        let folder = TempDir::new().expect("there is room for a folder");
        let kept = Kept::new(folder.path());
        let features = kept.features();
        let mut files = fs::read_dir(folder.path().join("cache")).expect("it was made");
        let file = files.next().expect("one file").expect("it can be read").path();
        (folder, kept, features, file)
    });
    fs::write(file, bytes).expect("there is room for the bytes");
    // Twice: what was begun anew or cut off is whole.
    assert_eq!(kept.features(), *features);
    assert_eq!(kept.features(), *features);
});

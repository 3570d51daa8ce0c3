//! JPEG files against Pillow, byte by byte: tests/golden/jpeg/jpeg.py.

use std::fs;
use std::path::{Path, PathBuf};

use foveate::image::{ImageError, decode, open};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::support::golden::golden_folder;
use crate::support::tell;

fn folder() -> PathBuf {
    golden_folder().join("jpeg")
}

/// The JPEG files in a folder, sorted by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "jpg")).collect();
    files.sort();
    files
}

/// The script's digest of a file's image.
fn digest(file: &Path) -> String {
    let image = open(file).unwrap();
    let mut hash = Sha256::new();
    hash.update(image.width().to_le_bytes());
    hash.update(image.height().to_le_bytes());
    hash.update(image.as_raw());
    hash.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files below `root` that differ, of how many.
fn differing(root: &Path, lines: &[&str]) -> (Vec<PathBuf>, usize) {
    let mut expected = Vec::new();
    for line in lines {
        let (name, digests) = line.split_once(' ').unwrap();
        let files = files(&root.join(name));
        assert_eq!(8 * files.len(), digests.len(), "{name} holds other files than the script saw");
        let digests = digests.as_bytes().chunks(8).map(|digits| str::from_utf8(digits).unwrap());
        expected.extend(files.into_iter().zip(digests));
    }
    let count = expected.len();
    let differ =
        |(file, digest_there): (PathBuf, &str)| (digest(&file) != digest_there).then_some(file);
    (expected.into_par_iter().filter_map(differ).collect(), count)
}

#[test]
fn every_kind_of_jpeg_equals_pillow() {
    let digests = fs::read_to_string(folder().join("digests.txt")).unwrap();
    let (differing, count) = differing(&folder(), &[digests.lines().next().unwrap()]);
    assert_eq!((differing, count), (vec![], 25));
}

#[test]
fn separate_scans_and_cmyk_equal_pillow() {
    let mut tried = 0;
    for file in files(&folder()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let expected = file.with_file_name(format!("{name}.expected.png"));
        if expected.exists() {
            assert!(open(&file).unwrap() == open(expected).unwrap(), "{name} differs");
            tried += 1;
        }
    }
    assert_eq!(tried, 6);
}

#[test]
fn photographs_equal_pillow() {
    let digests = fs::read_to_string(folder().join("digests.txt")).unwrap();
    let lines: Vec<_> = digests.lines().skip(1).collect();
    let Some(data) = std::env::var_os("FOVEATE_DATA").map(PathBuf::from) else {
        return tell("SKIPPED: FOVEATE_DATA names no folder with photographs");
    };
    // All of it or what is there: each folder stands for itself.
    let (there, absent): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| data.join(line.split_once(' ').unwrap().0).is_dir());
    for line in absent {
        tell(&format!("SKIPPED: FOVEATE_DATA does not hold {}", line.split_once(' ').unwrap().0));
    }
    let (differing, count) = differing(&data, &there);
    tell(&format!("{count} photographs beside Pillow's bytes, {} differ", differing.len()));
    assert_eq!(differing, Vec::<PathBuf>::new());
}

/// Wherever a file is cut, pixels would have to be made up; Pillow refuses it, too.
#[test]
fn cut_files_are_refused() {
    for name in ["420_three_scans_88x88", "progressive_420", "gray", "ycck_420", "arithmetic_420"] {
        let jpeg = fs::read(folder().join(format!("{name}.jpg"))).unwrap();
        for length in (12..jpeg.len()).filter(|length| length % 13 == 0 || jpeg.len() - length < 9)
        {
            let error = decode(&jpeg[..length], Path::new("cut.jpg")).unwrap_err();
            let damaged = matches!(error, ImageError::Damaged { .. });
            assert!(damaged, "{name} cut at {length} of {}: {error}", jpeg.len());
        }
    }
}

#[test]
fn damaged_files_never_panic() {
    let mut state = 1_u32;
    for file in files(&folder()) {
        let intact = fs::read(&file).unwrap();
        for _ in 0..200 {
            let mut jpeg = intact.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (state >> 8) as usize % jpeg.len();
                // The size stays: a larger one is a long wait, and no more.
                if !(jpeg[..at].ends_with(b"\xff\xc0") || jpeg[..at].ends_with(b"\xff\xc2")) {
                    jpeg[at] = state as u8;
                }
            }
            let _ = decode(&jpeg, &file);
        }
    }
}

/// A frame header (ITU-T T.81, B.2.2) of this precision, size and count of channels, with nothing behind it.
fn header(start: u8, precision: u8, size: u16, channels: u8) -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8, 0xff, start, 0, 8 + 3 * channels, precision];
    jpeg.extend([size, size].map(u16::to_be_bytes).concat());
    jpeg.push(channels);
    jpeg.extend((1..=channels).flat_map(|channel| [channel, 0x11, 0]));
    jpeg.extend([0xff, 0xda, 0, 6 + 2 * channels, channels]);
    jpeg.extend((1..=channels).flat_map(|channel| [channel, 0]));
    jpeg.extend([0, 63, 0, 0xff, 0xd9]);
    jpeg
}

#[test]
fn kinds_of_jpeg_that_are_not_read_are_named() {
    let refused = |jpeg: &[u8]| decode(jpeg, Path::new("strange.jpg")).unwrap_err().to_string();
    assert!(refused(&header(0xc1, 12, 16, 3)).contains("more than 8 bits"), "precision");
    assert!(refused(&header(0xc0, 8, 16, 2)).contains("neither 1, 3 nor 4 channels"), "channels");
    assert!(refused(&header(0xc3, 8, 16, 1)).contains("lossless"), "lossless");
    let bomb = decode(&header(0xc0, 8, 60_000, 3), Path::new("bomb.jpg")).unwrap_err();
    assert!(matches!(bomb, ImageError::TooLarge { width: 60_000, .. }), "{bomb}");
}

//! Files of images against Pillow; and files that are none.

use std::fs;

use foveate::image::{ImageError, open};

use super::golden;
use crate::support::golden::golden_folder;

#[test]
fn formats_colors_and_alpha_are_read_as_pillow_reads_them() {
    for name in ["gray.png", "alpha.png", "palette.gif", "rgb.bmp", "rgb.tiff", "lossless.webp"] {
        assert_eq!(golden(name), golden(&format!("{name}.expected.png")), "{name}");
    }
}

#[test]
fn exif_orientation_is_honored() {
    let (found, expected) = (golden("turned.jpg"), golden("turned.jpg.expected.png"));
    assert_eq!(found.dimensions(), (64, 96));
    assert!(found == expected);
}

/// Writes `bytes` to a file of this name, opens it and returns the error.
fn refused(name: &str, bytes: &[u8]) -> ImageError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains(name), "the error names the file: {error}");
    error
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(golden_folder().join("images").join(name)).unwrap()
}

#[test]
fn files_that_are_no_images() {
    assert!(matches!(refused("text.jpg", b"no image at all"), ImageError::Format { .. }));
    assert!(matches!(refused("empty.png", b""), ImageError::Format { .. }));
    let jpeg = bytes("turned.jpg");
    for length in [20, jpeg.len() / 3] {
        assert!(matches!(refused("cut.jpg", &jpeg[..length]), ImageError::Damaged { .. }));
    }
    let png = bytes("image0.png");
    assert!(matches!(refused("cut.png", &png[..png.len() / 2]), ImageError::Damaged { .. }));
}

#[test]
fn jpeg_with_something_behind_it() {
    // Motion photos have a film behind the image; a thumbnail's end is not the image's.
    let mut jpeg = bytes("turned.jpg");
    jpeg.extend(b"\xff\xd8\xff\xda\0\x04\0\0 film \xff\xda\0");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.jpg");
    fs::write(&path, &jpeg).unwrap();
    assert_eq!(open(&path).unwrap(), golden("turned.jpg"));
    let mut cut = bytes("turned.jpg");
    cut.truncate(cut.len() - 200);
    // APP1 with a thumbnail's end-of-image marker inside.
    cut.splice(2..2, *b"\xff\xe1\0\x06\xff\xd9\xff\xd9");
    assert!(matches!(refused("cut.jpg", &cut), ImageError::Damaged { .. }));
}

#[test]
fn formats_that_are_left_out() {
    assert!(matches!(
        refused("image.qoi", b"qoif\0\0\0\x08\0\0\0\x08\x03\0"),
        ImageError::Format { .. }
    ));
}

/// HEIC and AVIF by the first box of their files, whatever their names end in.
#[test]
fn images_of_telephones_are_named() {
    let start = |brands: &[&[u8; 4]]| {
        let mut start = (8 + 4 * brands.len() as u32).to_be_bytes().to_vec();
        start.extend(b"ftyp");
        start.extend(brands.iter().flat_map(|brand| **brand));
        start.extend(b"\0\0\0\x08free");
        start
    };
    let minor = b"\0\0\0\0";
    for (brands, expected) in [
        (&[b"heic", minor, b"mif1", b"heic"][..], "a HEIC image"),
        (&[b"mif1", minor, b"mif1", b"heic"], "a HEIC image"),
        (&[b"msf1", minor, b"msf1", b"hevc"], "a HEIC image"),
        (&[b"avif", minor, b"mif1", b"miaf"], "an AVIF image"),
        (&[b"mif1", minor, b"avif", b"mif1"], "an AVIF image"),
        (&[b"mif1", minor, b"mif1"], "a HEIF image"),
    ] {
        let error = refused("IMG_0001.jpg", &start(brands));
        assert!(matches!(error, ImageError::Unsupported { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("save it as"), "{text}");
    }
    assert!(matches!(refused("film.jpg", &start(&[b"isom", minor])), ImageError::Format { .. }));
    assert!(matches!(refused("cut.heic", b"\0\0\0\x18ftyp"), ImageError::Format { .. }));
}

#[test]
fn decompression_bomb_is_not_decoded() {
    // The header of a PNG of 60000 x 60000 pixels: signature, IHDR with its CRC, an empty IDAT.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend(60_000_u32.to_be_bytes());
    png.extend(60_000_u32.to_be_bytes());
    png.extend([8, 2, 0, 0, 0]);
    let crc = crc32(&png[12..]);
    png.extend(crc.to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    let error = refused("bomb.png", &png);
    assert!(matches!(error, ImageError::TooLarge { width: 60_000, .. }), "{error}");
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn folders_missing_and_strange_paths() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("found a folder"), "{error}");
    let missing = open(folder.path().join("missing.jpg")).unwrap_err();
    assert!(missing.to_string().contains("missing.jpg"), "{missing}");
    // Other systems' file names are Unicode.
    #[cfg(target_os = "linux")]
    {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let path = folder.path().join(OsStr::from_bytes(b"caf\xe9.png"));
        assert!(matches!(open(&path).unwrap_err(), ImageError::Io { .. }));
        fs::write(&path, bytes("rgb.bmp")).unwrap();
        assert_eq!(open(&path).unwrap(), golden("rgb.bmp"));
    }
}

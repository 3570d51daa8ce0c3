//! Images against Pillow and torchvision; and images that are none.

use std::fs;

use foveate::image::sheet::{self, Cell};
use foveate::image::{ImageError, Pixels, Preprocessing, Resize, RgbImage, gray_map, open, resize};

use crate::devices;
use crate::networks::{golden_folder, values};

fn golden(name: &str) -> RgbImage {
    open(golden_folder().join("images").join(name)).unwrap()
}

/// The largest difference in gray levels.
fn difference(a: &RgbImage, b: &RgbImage) -> u8 {
    assert_eq!(a.dimensions(), b.dimensions());
    a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// Compares what `size` makes of the four images with the four below each other in `expected`.
fn resizes_as_pillow(size: Resize, expected: &str) {
    let expected = golden(expected);
    let height = expected.height() / 4;
    for i in 0..4 {
        let found = resize(&golden(&format!("image{i}.png")), size).unwrap();
        let expected =
            image::imageops::crop_imm(&expected, 0, i * height, expected.width(), height);
        let worst = difference(&found, &expected.to_image());
        assert_eq!(worst, 0, "image{i}.png: {worst} gray levels off");
    }
}

#[test]
fn stretching_equals_pillow() {
    resizes_as_pillow(Resize::Exact { height: 56, width: 56 }, "resized.png");
}

#[test]
fn short_side_and_crop_equal_torchvision() {
    resizes_as_pillow(Resize::ShortSideCrop { short_side: 64, crop: 55 }, "cropped.png");
}

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

#[test]
fn pixels_and_normalization() {
    let image = RgbImage::from_fn(9, 8, |x, y| image::Rgb([x as u8, y as u8, 255]));
    for chosen in devices::all() {
        let pixels = Pixels::from_images(&[image.clone(), image.clone()], &chosen.device);
        assert_eq!(pixels.tensor().dims(), [2, 3, 8, 9]);
        assert_eq!(pixels.to_images(), [image.clone(), image.clone()]);
        let input = values(Preprocessing::IMAGENET.normalize(&pixels).into_tensor().into_data());
        let expected = |value: f32, mean: f32, std: f32| (value / 255.0 - mean) / std;
        // Row 2, column 5 of the second image; one rounding of f32 apart.
        let at = |channel: usize| input[(3 + channel) * 72 + 2 * 9 + 5];
        assert!((at(0) - expected(5.0, 0.485, 0.229)).abs() < 1e-6);
        assert!((at(1) - expected(2.0, 0.456, 0.224)).abs() < 1e-6);
        assert!((at(2) - expected(255.0, 0.406, 0.225)).abs() < 1e-6);
    }
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
fn maps_and_sheets() {
    let map = gray_map(&[-1.0, 0.0, 1.0, 3.0, 3.0, 3.0], 2, 3);
    let grays: Vec<u8> = map.pixels().map(|pixel| pixel[0]).collect();
    assert_eq!(grays, [0, 64, 128, 255, 255, 255]);
    assert!(gray_map(&[5.0; 4], 2, 2).iter().all(|&value| value == 0));

    let red = RgbImage::from_pixel(30, 20, image::Rgb([255, 0, 0]));
    let bars = vec![("half".to_string(), 0.5)];
    let cells = [Cell::new(red.clone(), "one"), Cell { bars, ..Cell::new(red.clone(), "two") }];
    let page = sheet::draw(&cells, 1);
    let count = |color: [u8; 3]| page.pixels().filter(|pixel| pixel.0 == color).count();
    assert_eq!(count([255, 0, 0]), 2 * 30 * 20, "both images are on the page");
    let bar = count([170, 205, 240]);
    assert!(bar > 100 && bar <= 17 * 17, "a bar of half of 30 pixels, with text on it: {bar}");
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

#[test]
fn images_too_narrow_to_see_anything() {
    for (width, height) in [(1, 1), (1, 20_000), (20_000, 1), (8, 500), (7, 300)] {
        for size in [Preprocessing::IMAGENET.resize, Resize::Exact { height: 224, width: 224 }] {
            let error = resize(&RgbImage::new(width, height), size).unwrap_err();
            assert!(error.to_string().contains(&format!("{width}x{height}")), "{error}");
        }
    }
    assert!(resize(&RgbImage::new(8, 400), Preprocessing::IMAGENET.resize).is_ok());
    let large = Resize::ShortSideCrop { short_side: 4096, crop: 4096 };
    let error = resize(&RgbImage::new(8, 400), large).unwrap_err();
    assert!(error.to_string().contains("8x400 pixels would get 4096x204800"), "{error}");
}

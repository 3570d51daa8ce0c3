//! Sizes and normalization against Pillow and torchvision.

use foveate::image::{Pixels, Preprocessing, Resize, RgbImage, resize};

use super::golden;
use crate::support::close::values;
use crate::support::devices;

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

//! Maps laid over the photographs that they are of.

use foveate::image::{Resize, RgbImage, overlay_on_original};
use image::Rgb;

/// The network sees the central square of 224/256 of the short side; what it has not seen stays as it is.
#[test]
fn a_crop_covers_its_part_of_the_original() {
    let original = RgbImage::from_fn(512, 300, |x, y| Rgb([(x % 200) as u8, (y % 200) as u8, 7]));
    let red = RgbImage::from_pixel(224, 224, Rgb([255, 0, 0]));
    let crop = Resize::ShortSideCrop { short_side: 256, crop: 224 };
    let laid = overlay_on_original(&original, &red, crop, 1.0);
    // 300 * 224 / 256 = 262.5: from 125 on of 512, from 19 on of 300.
    for (x, y, pixel) in laid.enumerate_pixels() {
        let inside = (125..387).contains(&x) && (19..281).contains(&y);
        let expected = if inside { Rgb([255, 0, 0]) } else { *original.get_pixel(x, y) };
        assert_eq!(*pixel, expected, "{x}, {y}");
    }
    let half = overlay_on_original(&original, &red, crop, 0.5);
    assert_eq!(half.get_pixel(130, 100).0, [193, 50, 4]); // (130 + 255) / 2, (100 + 0) / 2, 7 / 2

    // A map of four fields lies over the four quarters of a stretched image.
    let map = RgbImage::from_fn(8, 8, |x, y| Rgb([60 * (x / 4) as u8, 60 * (y / 4) as u8, 0]));
    let stretched = Resize::Exact { height: 8, width: 8 };
    let laid = overlay_on_original(&original, &map, stretched, 1.0);
    for (x, y, expected) in [(0, 0, [0, 0, 0]), (511, 0, [60, 0, 0]), (0, 299, [0, 60, 0])] {
        assert_eq!(laid.get_pixel(x, y).0, expected);
    }
}

//! Gray maps, and sheets of images.

use foveate::image::sheet::{self, Cell};
use foveate::image::{RgbImage, gray_map};

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

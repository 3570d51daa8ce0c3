//! Colors of maps, and maps over images.

use foveate::burn::tensor::Tensor;
use foveate::image::{Colors, HeatMap, Resize, RgbImage, overlay, overlay_on_original};
use image::Rgb;

use super::near;
use crate::support::devices;

/// matplotlib 3.11's colors at 0, 1/4, 1/2, 3/4 and 1. Between the ends, steps of 1/256 fall a step
/// apart, and red and blue differ from a spline through ColorBrewer's by a few shades.
#[test]
fn colors_are_matplotlibs() {
    let ramp = [0.0, 0.25, 0.5, 0.75, 1.0];
    let signed = [-1.0, -0.5, 0.0, 0.5, 1.0];
    let golden = [
        (
            Colors::Viridis,
            ramp,
            [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]],
            3,
        ),
        (
            Colors::Inferno,
            ramp,
            [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]],
            3,
        ),
        (
            Colors::Signed,
            signed,
            [[5, 48, 97], [107, 172, 209], [247, 246, 246], [228, 128, 102], [103, 0, 31]],
            10,
        ),
    ];
    for (colors, map, expected, most) in golden {
        let drawn = HeatMap { colors, outliers: 0.0 }.draw(&map, 1, 5);
        for (i, (pixel, expected)) in drawn.pixels().zip(expected).enumerate() {
            let most = if i % 4 == 0 { most.min(1) } else { most };
            assert!(near(pixel.0, expected, most), "{colors:?}: {pixel:?}, {expected:?}");
        }
    }
}

/// captum 0.9's `_cumulative_sum_threshold` on these values is 0.6793814 for 2 %, 0.6484536 for 10 %
/// (absolute values).
#[test]
fn outliers_are_captums() {
    let map: Vec<f32> = (0..60).map(|i| (i * 7919 % 97) as f32 / 97.0 - 0.3).collect();
    let top = map.iter().position(|&v| (v - 0.679_381_4).abs() < 1e-6).unwrap();
    let next = map.iter().position(|&v| (v - 0.648_453_6).abs() < 1e-6).unwrap();
    let color = |outliers, at: usize| {
        let heat = HeatMap { colors: Colors::Signed, outliers };
        let image = heat.draw(&map, 6, 10);
        image.get_pixel(at as u32 % 10, at as u32 / 10).0
    };
    let last = color(0.0, top);
    assert_ne!(color(2.0, next), last);
    assert_eq!(color(10.0, next), last);
    let below = map.iter().position(|&v| (0.6..0.648).contains(&v)).unwrap();
    assert_ne!(color(10.0, below), last);
}

#[test]
fn odd_maps_are_drawn() {
    let heat = HeatMap::default();
    let dark = [68, 1, 84];
    assert!(heat.draw(&[0.0; 4], 2, 2).pixels().all(|pixel| pixel.0 == dark));
    assert!(heat.draw(&[-1.0; 4], 2, 2).pixels().all(|pixel| pixel.0 == dark));
    let odd = heat.draw(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0], 1, 4);
    let odd: Vec<[u8; 3]> = odd.pixels().map(|pixel| pixel.0).collect();
    assert_eq!([odd[0], odd[2]], [dark; 2]);
    assert_eq!(odd[1], odd[3]);
    assert!(near(odd[3], [253, 231, 37], 1));
    assert_eq!(heat.draw(&[], 0, 0).dimensions(), (0, 0));

    let maps = Tensor::<4>::from_floats([[[[0.0, 1.0]]], [[[100.0, 0.0]]]], &devices::any());
    let drawn = heat.draw_batch(&maps);
    assert_eq!(drawn[0].get_pixel(1, 0), drawn[1].get_pixel(0, 0));
}

#[test]
fn overlays_mix() {
    let below = RgbImage::from_pixel(2, 1, image::Rgb([0, 100, 200]));
    let above = RgbImage::from_pixel(2, 1, image::Rgb([100, 0, 200]));
    assert_eq!(overlay(&below, &above, 0.0), below);
    assert_eq!(overlay(&below, &above, 1.0), above);
    assert_eq!(overlay(&below, &above, 0.25).get_pixel(1, 0).0, [25, 75, 200]);
}

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

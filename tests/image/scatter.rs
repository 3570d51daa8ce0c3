//! Clouds of points: what is drawn where.

use foveate::image::RgbImage;
use foveate::image::chart::{Cloud, scatter};

fn cloud(name: &str, points: &[(f64, f64)]) -> Cloud {
    Cloud { name: name.into(), points: points.to_vec() }
}

/// Pixels below the legend that are neither white nor the frame's gray, as far as `kind` likes them.
fn drawn(image: &RgbImage, kind: fn([u8; 3]) -> bool) -> Vec<(f64, f64)> {
    let pixels = image.enumerate_pixels().filter(|(x, y, pixel)| {
        let [r, g, b] = pixel.0;
        (13..787).contains(x) && (70..787).contains(y) && !(r == g && g == b) && kind(pixel.0)
    });
    pixels.map(|(x, y, _)| (x.into(), y.into())).collect()
}

fn blue([r, _, b]: [u8; 3]) -> bool {
    b > r
}

fn orange([r, _, b]: [u8; 3]) -> bool {
    r > b
}

/// Left, right, top and bottom.
fn ends(pixels: &[(f64, f64)]) -> [f64; 4] {
    let by = |value: fn(&(f64, f64)) -> f64, least: bool| {
        let values = pixels.iter().map(value);
        if least { values.fold(f64::MAX, f64::min) } else { values.fold(f64::MIN, f64::max) }
    };
    [by(|p| p.0, true), by(|p| p.0, false), by(|p| p.1, true), by(|p| p.1, false)]
}

#[test]
fn x_and_y_have_one_scale_and_y_points_up() {
    // Twice as wide as high.
    let corners = [(-2e6, 0.0), (2e6, 0.0), (0.0, 1e6), (0.0, -1e6)];
    let image = scatter(&[cloud("one", &corners)], "corners");
    assert_eq!(image.dimensions(), (800, 800));
    let pixels = drawn(&image, blue);
    assert_eq!(pixels.len(), 4 * 21, "four dots");
    let [left, right, top, bottom] = ends(&pixels);
    assert!(((right - left - 4.0) - 2.0 * (bottom - top - 4.0)).abs() <= 2.0);
    assert!(right - left > 700.0, "{left} to {right}");

    let two = [cloud("above", &[(0.0, 1.0)]), cloud("below", &[(0.0, -1.0)])];
    let image = scatter(&two, "");
    assert!(ends(&drawn(&image, blue))[3] < ends(&drawn(&image, orange))[2]);
}

/// Of two clouds in the same places, each shows half of its points on top.
#[test]
fn no_cloud_hides_another() {
    let places: Vec<_> = (0..400).map(|i| (f64::from(i % 20), f64::from(i / 20))).collect();
    let mut turned = places.clone();
    turned.rotate_left(200);
    let image = scatter(&[cloud("one", &places), cloud("two", &turned)], "same places");
    let (first, second) = (drawn(&image, blue).len(), drawn(&image, orange).len());
    assert!(first + second == 400 * 21 && first.abs_diff(second) < 800, "{first} and {second}");
}

#[test]
fn twenty_names_have_twenty_colors() {
    for (count, colors) in [(7, 7), (8, 8), (10, 10), (20, 20), (40, 20)] {
        let clouds: Vec<_> = (0..count).map(|i| cloud(&format!("cloud {i}"), &[])).collect();
        let image = scatter(&clouds, "");
        // Squares of the legend: 100 pixels and more of one color.
        let mut counts = std::collections::BTreeMap::new();
        image.pixels().for_each(|pixel| *counts.entry(pixel.0).or_insert(0) += 1);
        let gray = |[r, g, b]: [u8; 3]| r == g && g == b && ![127, 190, 0].contains(&r);
        let found = counts.iter().filter(|(c, n)| **n >= 100 && !gray(**c)).count();
        assert_eq!(found, colors, "of {count} clouds");
    }
}

#[test]
fn odd_points_are_drawn_or_left_out() {
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    for points in [
        &[][..],
        &[(3.0, 3.0)],
        &[(3.0, 3.0), (3.0, 3.0)],
        &[(nan, 1.0), (1.0, infinity), (0.0, 0.0)],
        &[(1e-300, 0.0), (0.0, 1e-300)],
        &[(1e99, -1e99), (f64::MAX, f64::MIN), (-1e99, 0.0)],
        &[(5e-324, 0.0), (0.0, 0.0)],
    ] {
        let image = scatter(&[cloud("odd", points)], "odd");
        let all = points.iter().filter(|(x, y)| x.abs() < 1e100 && y.abs() < 1e100).count();
        assert_eq!(drawn(&image, blue).is_empty(), all == 0, "{points:?}");
        assert_eq!(image, scatter(&[cloud("odd", points)], "odd"));
    }
    scatter(&[], "");
    let long = "a name that is far longer than thirty letters and goes on";
    let many: Vec<_> = (0..600).map(|_| cloud(long, &[(0.0, 1.0), (1.0, 0.0)])).collect();
    scatter(&many, &long.repeat(5));
}

//! The pen: a glyph, distorted at random, drawn with a stroke of random thickness.
//!
//! The elastic distortion is that of Patrice Simard, Dave Steinkraus, John Platt, *Best Practices for
//! Convolutional Neural Networks Applied to Visual Document Analysis*, ICDAR 2003,
//! <https://doi.org/10.1109/ICDAR.2003.1227801>, applied to the strokes instead of the pixels. Its random
//! field, smoothed with a Gaussian of 4 pixels, is here a cubic B-spline with a knot every 7, which is as
//! smooth: a cubic B-spline's deviation is its spacing / sqrt 3.

use super::chance::{Chance, SIDE};
use super::glyphs::{GLYPHS, Glyph};

/// The longer side of a digit, in pixels.
const BOX: f32 = 20.0;
/// What stays free around it, less a pixel that soft edges and pressure may take.
const MARGIN: i64 = 3;
/// The largest product of a stroke's length and radius, in square pixels.
const CROWDED: f32 = 120.0;
/// Spacing of the elastic distortion's knots.
const SPACING: f32 = 7.0;
/// Knots a side: of the box, with a margin of two.
const KNOTS: usize = 8;
/// Pieces of the curve between two points of a stroke.
const PIECES: usize = 4;

/// A point, or a vector.
type Point = [f32; 2];

/// A digit of class `label`.
pub fn draw(label: usize, chance: &mut Chance) -> [u8; SIDE * SIDE] {
    let mut strokes = flatten(choose(GLYPHS[label], chance), chance);
    distort(&mut strokes, chance);
    let radius = chance.normal(1.3, 0.42).max(0.6);
    let radius = fit(&mut strokes, radius);
    center(&ink(&strokes, radius, chance))
}

/// One of the glyphs, as often as its weight says.
fn choose(glyphs: &[(u64, Glyph)], chance: &mut Chance) -> Glyph {
    let mut left = chance.below(glyphs.iter().map(|(weight, _)| weight).sum());
    for &(weight, glyph) in glyphs {
        if left < weight {
            return glyph;
        }
        left -= weight;
    }
    unreachable!("a number below the sum of the weights")
}

/// The strokes as polylines, their points moved at random.
fn flatten(glyph: Glyph, chance: &mut Chance) -> Vec<Vec<Point>> {
    let jitter = chance.between(0.2, 0.8);
    let mut polylines = Vec::with_capacity(glyph.len());
    for stroke in glyph {
        let mut polyline = Vec::with_capacity(stroke.len() * PIECES + 1);
        let mut curve: Vec<Point> = Vec::with_capacity(stroke.len());
        for (k, &(x, y)) in stroke.iter().enumerate() {
            if k > 0 && stroke[k - 1] == (x, y) {
                // A corner: the curve ends, and another begins where it did.
                let corner = curve[curve.len() - 1];
                spline(&curve, &mut polyline);
                curve.clear();
                curve.push(corner);
            } else {
                // People differ most in where they begin and end.
                let free = if k == 0 || k + 1 == stroke.len() { 1.6 } else { 1.0 };
                curve.push([chance.normal(x, jitter * free), chance.normal(y, jitter * free)]);
            }
        }
        spline(&curve, &mut polyline);
        polylines.push(polyline);
    }
    polylines
}

/// Appends the Catmull-Rom curve through `points`.
fn spline(points: &[Point], polyline: &mut Vec<Point>) {
    let last = points.len() - 1;
    for k in 0..last {
        let [a, b, c, d] =
            [points[k.max(1) - 1], points[k], points[k + 1], points[(k + 2).min(last)]];
        for piece in 0..PIECES {
            let t = piece as f32 / PIECES as f32;
            polyline.push(std::array::from_fn(|axis| {
                let [a, b, c, d] = [a[axis], b[axis], c[axis], d[axis]];
                let quadratic = 2.0 * a - 5.0 * b + 4.0 * c - d;
                let cubic = 3.0 * (b - c) + d - a;
                b + 0.5 * t * (c - a + t * (quadratic + t * cubic))
            }));
        }
    }
    polyline.push(points[last]);
}

/// Moves the points by a random elastic and affine map.
fn distort(strokes: &mut [Vec<Point>], chance: &mut Chance) {
    let strength = chance.between(0.5, 3.0);
    let field: [[Point; KNOTS]; KNOTS] = std::array::from_fn(|_| {
        std::array::from_fn(|_| [chance.normal(0.0, strength), chance.normal(0.0, strength)])
    });
    let (cosine, sine) = chance.rotation(0.15);
    let slant = chance.normal(0.15, 0.25);
    let wide = chance.normal(1.08, 0.22).max(0.55);
    // The upper or the lower half is the larger one.
    let [waist, taper] = [chance.normal(0.0, 0.16), chance.normal(0.0, 0.12)];
    for point in strokes.iter_mut().flatten() {
        let [x, y] = elastic(&field, *point);
        let height = (y - 10.0) / 10.0;
        let x = (x - 6.0) * wide * (1.0 + taper * height) - slant * y;
        let y = y + 10.0 * waist * (1.0 - height * height);
        *point = [cosine * x - sine * y, sine * x + cosine * y];
    }
}

/// Where the field moves a point.
fn elastic(field: &[[Point; KNOTS]; KNOTS], point: Point) -> Point {
    // The first cell of the box has the knots 1 to 4.
    let place = point.map(|v| (v / SPACING + 2.0).clamp(1.0, KNOTS as f32 - 2.01));
    let cell = place.map(f32::floor);
    let [along, down] = [0, 1].map(|axis| {
        let t = place[axis] - cell[axis];
        let s = 1.0 - t;
        let inner = |t: f32| (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0;
        [s * s * s / 6.0, inner(t), inner(s), t * t * t / 6.0]
    });
    let mut moved = point;
    for (knots, down) in field[cell[1] as usize - 1..].iter().zip(down) {
        for (knot, along) in knots[cell[0] as usize - 1..].iter().zip(along) {
            moved[0] += down * along * knot[0];
            moved[1] += down * along * knot[1];
        }
    }
    moved
}

/// Scales the strokes to 20 pixels, with the ink, in the longer side, and moves them into the middle of
/// the image. Returns the radius: smaller than asked for if long strokes would fill the image.
fn fit(strokes: &mut [Vec<Point>], radius: f32) -> f32 {
    let mut low = [f32::MAX; 2];
    let mut high = [f32::MIN; 2];
    for point in strokes.iter().flatten() {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let mut length = 0.0;
    for pair in strokes.iter().flat_map(|stroke| stroke.windows(2)) {
        let [x, y] = [0, 1].map(|axis| pair[1][axis] - pair[0][axis]);
        length += (x * x + y * y).sqrt();
    }
    let side = (high[0] - low[0]).max(high[1] - low[1]);
    let radius = radius.min(CROWDED * side / (BOX * length));
    let scale = (BOX - 2.0 * radius) / side;
    for point in strokes.iter_mut().flatten() {
        for axis in 0..2 {
            let middle = 0.5 * (low[axis] + high[axis]);
            // Pixels' centers have integer coordinates.
            point[axis] = (SIDE as f32 - 1.0) / 2.0 + scale * (point[axis] - middle);
        }
    }
    radius
}

/// Draws the strokes: every pixel's distance to the nearest, softly cut at the radius.
fn ink(strokes: &[Vec<Point>], radius: f32, chance: &mut Chance) -> [u8; SIDE * SIDE] {
    let softness = chance.between(0.8, 1.4);
    let ink = chance.between(0.95, 1.3);
    // The pen's pressure changes along a stroke.
    let pressure = [chance.normal(0.0, 0.12), chance.normal(0.0, 0.12)];
    let reach = radius * 1.5 + softness;
    // How far within the ink's edge a pixel is.
    let mut depth = [-reach; SIDE * SIDE];
    for stroke in strokes {
        for (k, pair) in stroke.windows(2).enumerate() {
            let part = k as f32 / stroke.len() as f32;
            let radius = radius * (1.0 + pressure[0] * (1.0 - part) + pressure[1] * part);
            let [[ax, ay], [bx, by]] = [pair[0], pair[1]];
            let (dx, dy) = (bx - ax, by - ay);
            let scale = 1.0 / (dx * dx + dy * dy).max(1e-6);
            let limit = |v: f32| v.clamp(0.0, SIDE as f32) as usize;
            let rows = limit((ay.min(by) - reach).floor())..limit(ay.max(by) + reach + 1.0);
            let columns = limit((ax.min(bx) - reach).floor())..limit(ax.max(bx) + reach + 1.0);
            for row in rows {
                let py = row as f32 - ay;
                let line = &mut depth[row * SIDE..][columns.clone()];
                for (column, depth) in columns.clone().zip(line) {
                    let px = column as f32 - ax;
                    let t = ((px * dx + py * dy) * scale).clamp(0.0, 1.0);
                    let (x, y) = (px - t * dx, py - t * dy);
                    *depth = depth.max(radius - (x * x + y * y).sqrt());
                }
            }
        }
    }
    depth.map(|depth| {
        let cover = (0.5 + depth / softness).clamp(0.0, 1.0);
        (255.0 * (ink * cover).min(1.0) + 0.5) as u8
    })
}

/// Moves the image by whole pixels, so that its center of mass is where MNIST has it: at 14, 14.
fn center(image: &[u8; SIDE * SIDE]) -> [u8; SIDE * SIDE] {
    let mut mass = 0;
    let mut moment = [0, 0];
    for (i, &pixel) in image.iter().enumerate() {
        mass += i64::from(pixel);
        moment[0] += i64::from(pixel) * (i / SIDE) as i64;
        moment[1] += i64::from(pixel) * (i % SIDE) as i64;
    }
    // Rounded; no more than the margin.
    let [down, right] =
        moment.map(|moment| (14 - (2 * moment + mass).div_euclid(2 * mass)).clamp(-MARGIN, MARGIN));
    let side = SIDE as i64;
    std::array::from_fn(|i| {
        let (row, column) = (i as i64 / side - down, i as i64 % side - right);
        let inside = (0..side).contains(&row) && (0..side).contains(&column);
        if inside { image[(row * side + column) as usize] } else { 0 }
    })
}

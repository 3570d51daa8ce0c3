//! Textures: noise, stripes, checks, blobs, gradients and cells, in colors of a small palette.

use super::chance::{Chance, SIDE};

/// Cells of a lattice a side.
const LATTICE: usize = 8;

/// A color, each channel in `[0, 1]`, or a little beyond.
type Color = [f32; 3];

/// A random crop of a random texture.
pub fn draw(chance: &mut Chance) -> [[u8; 3]; SIDE * SIDE] {
    let field = match chance.below(6) {
        0 => plasma(chance),
        1 => stripes(chance),
        2 => checks(chance),
        3 => blobs(chance),
        4 => gradient(chance),
        _ => cells(chance),
    };
    let palette = palette(chance);
    // Light falls from one side, and every channel has a grain of its own.
    let light = [chance.normal(0.0, 0.08), chance.normal(0.0, 0.08)];
    let shade = Noise::new(chance);
    let (shading, step) = (chance.between(0.0, 0.2), chance.between(0.1, 0.5));
    let grain = chance.between(0.0, 0.06);
    std::array::from_fn(|i| {
        let [x, y] = centered(i);
        let bright =
            (light[0] * x + light[1] * y) / 14.0 + shading * (shade.at([x * step, y * step]) - 0.5);
        ramp(&palette, field[i]).map(|channel| {
            let channel = channel + bright + chance.between(-grain, grain);
            (255.0 * channel.clamp(0.0, 1.0) + 0.5) as u8
        })
    })
}

/// Three colors as photographs have them: of one light, in related hues, seldom saturated.
fn palette(chance: &mut Chance) -> [Color; 3] {
    let base: Color = std::array::from_fn(|_| chance.normal(0.0, 0.14));
    // Middle gray is left out: |texture - digit| would leave nothing to be seen there.
    let light = chance.between(0.0, 0.28);
    let light = if chance.below(2) == 0 { light } else { 1.0 - light };
    let contrast = chance.between(0.08, 0.28);
    std::array::from_fn(|_| {
        let bright = chance.normal(light, contrast * 0.5);
        std::array::from_fn(|channel| bright + base[channel] + chance.normal(0.0, 0.08))
    })
}

/// The palette's color at `t`, from the first at 0 to the last at 1.
fn ramp(palette: &[Color; 3], t: f32) -> Color {
    let t = 2.0 * t.clamp(0.0, 1.0);
    let (from, to, t) =
        if t < 1.0 { (palette[0], palette[1], t) } else { (palette[1], palette[2], t - 1.0) };
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * t)
}

/// A pixel's place, in pixels from the image's middle.
fn centered(i: usize) -> [f32; 2] {
    let middle = SIDE as f32 / 2.0 - 0.5;
    [(i % SIDE) as f32 - middle, (i / SIDE) as f32 - middle]
}

/// A texture's values in `[0, 1]`.
type Field = [f32; SIDE * SIDE];

/// Where the texture is cut from: turned, scaled and moved at random.
struct Crop {
    right: [f32; 2],
    origin: [f32; 2],
}

impl Crop {
    /// One texture unit takes `least` to `most` pixels.
    fn new(least: f32, most: f32, chance: &mut Chance) -> Self {
        let pixels = chance.between(least, most);
        let (cosine, sine) = chance.rotation(1.0);
        let origin = [chance.between(0.0, 8.0), chance.between(0.0, 8.0)];
        Self { right: [cosine / pixels, sine / pixels], origin }
    }

    /// A pixel's place in the texture.
    fn at(&self, i: usize) -> [f32; 2] {
        let ([x, y], [c, s]) = (centered(i), self.right);
        [self.origin[0] + c * x - s * y, self.origin[1] + s * x + c * y]
    }
}

/// Value noise: random values on a lattice, smoothly joined, repeated every [`LATTICE`] cells.
struct Noise([f32; LATTICE * LATTICE]);

impl Noise {
    fn new(chance: &mut Chance) -> Self {
        Self(std::array::from_fn(|_| chance.between(0.0, 1.0)))
    }

    fn at(&self, place: [f32; 2]) -> f32 {
        let cell = place.map(f32::floor);
        let [tx, ty] = [0, 1].map(|axis| {
            let t = place[axis] - cell[axis];
            t * t * (3.0 - 2.0 * t)
        });
        let knot = |dx: i32, dy: i32| {
            self.0[wrap(cell[1] as i32 + dy) * LATTICE + wrap(cell[0] as i32 + dx)]
        };
        let upper = knot(0, 0) + (knot(1, 0) - knot(0, 0)) * tx;
        let lower = knot(0, 1) + (knot(1, 1) - knot(0, 1)) * tx;
        upper + (lower - upper) * ty
    }
}

/// A coordinate on the repeating lattice.
fn wrap(v: i32) -> usize {
    v.rem_euclid(LATTICE as i32) as usize
}

/// `v` with its contrast raised `sharp` times about 1/2.
fn sharpen(v: f32, sharp: f32) -> f32 {
    (0.5 + (v - 0.5) * sharp).clamp(0.0, 1.0)
}

/// Noise of several sizes on top of one another: clouds, bark, sand.
fn plasma(chance: &mut Chance) -> Field {
    let (noise, crop) = (Noise::new(chance), Crop::new(5.0, 14.0, chance));
    let rough = chance.between(0.3, 0.8);
    let [_, second, third, fourth] = [1.0, rough, rough * rough, rough * rough * rough];
    let sharp = chance.between(1.2, 2.5);
    std::array::from_fn(|i| {
        let [x, y] = crop.at(i);
        let sum = noise.at([x, y])
            + second * noise.at([2.0 * x + 1.7, 2.0 * y + 5.2])
            + third * noise.at([4.0 * x + 3.1, 4.0 * y + 2.3])
            + fourth * noise.at([8.0 * x + 6.4, 8.0 * y + 4.9]);
        sharpen(sum / (1.0 + second + third + fourth), sharp)
    })
}

/// Stripes, straight or bent, soft or sharp: grass, water, wood.
fn stripes(chance: &mut Chance) -> Field {
    let (noise, crop) = (Noise::new(chance), Crop::new(3.0, 14.0, chance));
    let (bend, sharp) = (chance.between(0.0, 1.5), chance.between(0.8, 4.0));
    std::array::from_fn(|i| {
        let [x, y] = crop.at(i);
        sharpen(wave(x + bend * noise.at([0.5 * x, 0.5 * y])), sharp)
    })
}

/// A triangle wave of period 1.
fn wave(v: f32) -> f32 {
    let t = 2.0 * (v - v.floor());
    if t < 1.0 { t } else { 2.0 - t }
}

/// Checks, or tiles with joints: walls, cloth.
fn checks(chance: &mut Chance) -> Field {
    let (noise, crop) = (Noise::new(chance), Crop::new(4.0, 14.0, chance));
    let (uneven, high) = (chance.between(0.0, 0.7), chance.between(0.5, 1.5));
    std::array::from_fn(|i| {
        let [x, y] = crop.at(i);
        let [column, row] = [x.floor() as i32, (y * high).floor() as i32];
        let tile = noise.0[wrap(row) * LATTICE + wrap(column)];
        let check = ((column + row) & 1) as f32;
        check + (tile - check) * uneven
    })
}

/// Blobs with firm edges: leaves, stones, spots.
fn blobs(chance: &mut Chance) -> Field {
    let (noise, crop) = (Noise::new(chance), Crop::new(3.0, 10.0, chance));
    let (level, sharp) = (chance.between(0.3, 0.7), chance.between(3.0, 10.0));
    std::array::from_fn(|i| {
        let place = crop.at(i);
        sharpen(noise.at(place) - level + 0.5, sharp)
    })
}

/// A gradient along a line or around a point: sky, skin, shadow.
fn gradient(chance: &mut Chance) -> Field {
    let crop = Crop::new(20.0, 60.0, chance);
    let round = chance.below(2) == 1;
    let middle = [chance.normal(0.0, 0.5), chance.normal(0.0, 0.5)];
    std::array::from_fn(|i| {
        let place = crop.at(i);
        let [x, y] = [0, 1].map(|axis| place[axis] - crop.origin[axis] - middle[axis]);
        if round { (x * x + y * y).sqrt() } else { x + 0.5 }
    })
}

/// Cells around random points, each of one value or with a dark joint: pebbles, scales, foliage
/// (Steven Worley, *A Cellular Texture Basis Function*, SIGGRAPH 1996).
fn cells(chance: &mut Chance) -> Field {
    let (noise, crop) = (Noise::new(chance), Crop::new(4.0, 12.0, chance));
    let points: [[f32; 2]; LATTICE * LATTICE] =
        std::array::from_fn(|_| [chance.between(0.0, 1.0), chance.between(0.0, 1.0)]);
    let (flat, joint) = (chance.between(0.0, 1.0), chance.between(1.0, 3.0));
    std::array::from_fn(|i| {
        let [x, y] = crop.at(i);
        let [column, row] = [x.floor(), y.floor()];
        let (mut nearest, mut second, mut value) = (f32::MAX, f32::MAX, 0.0);
        for dy in [-1.0, 0.0, 1.0] {
            for dx in [-1.0, 0.0, 1.0] {
                let cell = wrap((row + dy) as i32) * LATTICE + wrap((column + dx) as i32);
                let [px, py] = points[cell];
                let (px, py) = (column + dx + px - x, row + dy + py - y);
                let distance = px * px + py * py;
                if distance < nearest {
                    (second, nearest, value) = (nearest, distance, noise.0[cell]);
                } else {
                    second = second.min(distance);
                }
            }
        }
        let edge = (joint * (second.sqrt() - nearest.sqrt())).min(1.0);
        value * flat + edge * (1.0 - flat)
    })
}

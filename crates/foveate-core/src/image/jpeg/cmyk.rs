//! Four channels, CMYK or YCCK. The planes are the port's; its own way from them to RGB takes padding for pixels
//! at the edges of subsampled channels, and panics where black is subsampled. Here it is done as libjpeg-turbo
//! (`jdsample.c`, `jdcolor.c`) and Pillow (`cmyk2rgb`) do it.

use libjpeg_turbo_rs::{ColorSpace, Decoder, JpegError};

/// RGB, three bytes a pixel.
pub(super) fn decode(decoder: Decoder<'_>) -> Result<Vec<u8>, JpegError> {
    let ycck = decoder.jpeg_color_space() == ColorSpace::Ycck;
    let components = &decoder.header().components;
    let factors: Vec<[usize; 2]> = components
        .iter()
        .map(|one| [one.horizontal_sampling.into(), one.vertical_sampling.into()])
        .collect();
    let [most_across, most_down] =
        [0, 1].map(|axis| factors.iter().map(|factor| factor[axis]).max().unwrap_or(1));
    if factors.iter().any(|[across, down]| most_across % across > 0 || most_down % down > 0) {
        return Err(JpegError::Unsupported("channels subsampled by fractions".into()));
    }

    let raw = decoder.decode_raw()?;
    let planes: Vec<Plane> = raw
        .planes
        .into_iter()
        .zip(raw.plane_widths)
        .zip(factors)
        .map(|((samples, stride), [across, down])| {
            let width = (raw.width * across).div_ceil(most_across);
            let height = (raw.height * down).div_ceil(most_down);
            Plane { samples, stride, width, height }
                .upsampled(most_across / across, most_down / down)
        })
        .collect();
    let mut rgb = Vec::with_capacity(3 * raw.width * raw.height);
    for y in 0..raw.height {
        let rows: Vec<&[u8]> = planes.iter().map(|plane| plane.row(y)).collect();
        let [first, second, third, black] = [0, 1, 2, 3].map(|channel| rows[channel].iter());
        for (((&a, &b), &c), &black) in first.zip(second).zip(third).zip(black) {
            let inks = if ycck { cmy(a, b, c) } else { [a, b, c] };
            rgb.extend(inks.map(|ink| printed(ink, black)));
        }
    }
    Ok(rgb)
}

/// A channel: rows of `stride` samples, of which `width` by `height` are the image's, the rest padding.
struct Plane {
    samples: Vec<u8>,
    stride: usize,
    width: usize,
    height: usize,
}

impl Plane {
    fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.stride..][..self.width]
    }

    /// The plane so many times as wide and as high: by a triangle filter ("fancy upsampling") where that is
    /// twice and the plane is not too narrow for it, else by repetition.
    fn upsampled(self, across: usize, down: usize) -> Self {
        let (width, height) = (self.width * across, self.height * down);
        let narrow = self.width <= 2;
        let samples = match (across, down) {
            (1, 1) => return self,
            (2, 1) if !narrow => (0..height)
                .flat_map(|y| {
                    let row = self.row(y).iter().map(|&sample| sample.into());
                    doubled(&row.collect::<Vec<u32>>(), [1, 2], 4)
                })
                .collect(),
            (2, 2) if !narrow => {
                (0..height).flat_map(|y| doubled(&self.between(y), [8, 7], 16)).collect()
            }
            (1, 2) => (0..height)
                .flat_map(|y| {
                    let bias = 1 + y as u32 % 2;
                    self.between(y).into_iter().map(move |sum| ((sum + bias) / 4) as u8)
                })
                .collect(),
            _ => (0..height)
                .flat_map(|y| {
                    let row = self.row(y / down).iter();
                    row.flat_map(|&sample| std::iter::repeat_n(sample, across))
                })
                .collect(),
        };
        Self { samples, stride: width, width, height }
    }

    /// Row `y` of twice as many: three times the nearest row and once the next, which is the same at the edge.
    fn between(&self, y: usize) -> Vec<u32> {
        let next = if y.is_multiple_of(2) { (y / 2).saturating_sub(1) } else { y / 2 + 1 };
        let next = self.row(next.min(self.height - 1));
        let row = self.row(y / 2).iter().zip(next);
        row.map(|(&nearest, &next)| 3 * u32::from(nearest) + u32::from(next)).collect()
    }
}

/// Twice as many samples, each three times the nearest and once the next, which is the same at the edge. Left and
/// right ones round otherwise.
fn doubled(row: &[u32], bias: [u32; 2], divisor: u32) -> Vec<u8> {
    (0..row.len())
        .flat_map(|x| {
            let next = [x.saturating_sub(1), (x + 1).min(row.len() - 1)];
            [0, 1].map(|side| ((3 * row[x] + row[next[side]] + bias[side]) / divisor) as u8)
        })
        .collect()
}

/// Cyan, magenta and yellow of YCbCr, in libjpeg's 16-bit fractions.
fn cmy(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let red = (91_881 * cr + HALF) >> 16;
    let green = (-22_554 * cb - 46_802 * cr + HALF) >> 16;
    let blue = (116_130 * cb + HALF) >> 16;
    [red, green, blue].map(|part| (255 - (y + part)).clamp(0, 255) as u8)
}

/// What is left of white under an ink and black, as files keep them: 255 is no ink.
fn printed(ink: u8, black: u8) -> u8 {
    let product = (255 - u32::from(ink)) * u32::from(black) + 128;
    black - (((product >> 8) + product) >> 8) as u8
}

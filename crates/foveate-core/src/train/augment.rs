//! Random changes of training images that leave their class as it is: [`CropAndFlip`] of photographs, [`ShiftAndContrast`]
//! of small images.

use image::imageops;
use rand::{Rng, RngCore};
use rand_chacha::ChaCha8Rng;

use crate::SettingError;
use crate::image::{self as images, ImageError, Resize, RgbImage};

/// Random crops and flips of an image, drawn anew in every epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CropAndFlip {
    /// Left and right are swapped in every other image.
    pub flip: bool,
    /// A random part of the image in place of the whole.
    pub crop: Option<RandomResizedCrop>,
}

impl CropAndFlip {
    /// Images as they are.
    pub const NONE: Self = Self { flip: false, crop: None };
}

impl Default for CropAndFlip {
    fn default() -> Self {
        Self { flip: true, crop: None }
    }
}

/// A rectangle of random area, shape and place, resized to the network's size: torchvision's
/// `RandomResizedCrop`, with its defaults.
///
/// Christian Szegedy et al., *Going Deeper with Convolutions*, 2014,
/// <https://arxiv.org/abs/1409.4842>, section 6. Sides are at least 8 pixels here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomResizedCrop {
    /// Least and largest share of the image's area, in `(0, 1]`.
    pub scale: [f64; 2],
    /// Least and largest quotient of width and height.
    pub ratio: [f64; 2],
}

impl Default for RandomResizedCrop {
    fn default() -> Self {
        Self { scale: [0.08, 1.0], ratio: [3.0 / 4.0, 4.0 / 3.0] }
    }
}

impl CropAndFlip {
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let Some(RandomResizedCrop { scale: [least, most], ratio }) = self.crop else {
            return Ok(());
        };
        if !(0.0 < least && least <= most && most <= 1.0) {
            let found = format!("{least} to {most}");
            return SettingError::refuse("augmentation.crop.scale", found, "shares in (0, 1]");
        }
        let [narrow, wide] = ratio;
        if !(0.02 <= narrow && narrow <= wide && wide <= 50.0) {
            let (name, found) = ("augmentation.crop.ratio", format!("{narrow} to {wide}"));
            return SettingError::refuse(
                name,
                found,
                "two numbers from 0.02 to 50, the smaller first",
            );
        }
        Ok(())
    }

    /// The image in the size that the network takes, changed.
    pub(crate) fn apply(
        &self,
        image: &RgbImage,
        resize: Resize,
        generator: &mut impl Rng,
    ) -> Result<RgbImage, ImageError> {
        let mut changed = match self.crop {
            None => images::resize(image, resize)?,
            Some(crop) => {
                let [x, y, width, height] = crop.rectangle(image.dimensions(), generator);
                let part = imageops::crop_imm(image, x, y, width, height).to_image();
                let [height, width] = resize.size();
                images::resize(&part, Resize::Exact { height, width })?
            }
        };
        if self.flip && generator.random_bool(0.5) {
            imageops::flip_horizontal_in_place(&mut changed);
        }
        Ok(changed)
    }
}

impl RandomResizedCrop {
    /// Left, top, width and height, as torchvision's `get_params`: ten attempts, then the largest
    /// rectangle in the middle that has an allowed shape.
    fn rectangle(&self, (width, height): (u32, u32), generator: &mut impl Rng) -> [u32; 4] {
        let ([least, most], [narrow, wide]) = (self.scale, self.ratio);
        let (w, h) = (f64::from(width), f64::from(height));
        let side = |length: f64, limit: u32| (length.round() as u32).max(8.min(limit));
        for _ in 0..10 {
            let area = w * h * generator.random_range(least..=most);
            let ratio = generator.random_range(narrow.ln()..=wide.ln()).exp();
            let (a, b) = (side((area * ratio).sqrt(), width), side((area / ratio).sqrt(), height));
            if a <= width && b <= height {
                let x = generator.random_range(0..=width - a);
                return [x, generator.random_range(0..=height - b), a, b];
            }
        }
        let (a, b) = match w / h {
            ratio if ratio < narrow => (width, side(w / narrow, height)),
            ratio if ratio > wide => (side(h * wide, width), height),
            _ => (width, height),
        };
        [(width - a) / 2, (height - b) / 2, a, b]
    }
}

/// Random shifts and contrasts of a small image, drawn anew in every epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftAndContrast {
    /// Moved by as many pixels at most, in each direction; what comes in repeats the edge.
    pub shift: usize,
    /// Each channel x becomes `a x + b (1 - x)` for a and b random in `[0, 1]`: its contrast, its
    /// brightness, and whether it is inverted.
    pub contrast: bool,
}

impl ShiftAndContrast {
    /// Images as they are.
    pub const NONE: Self = Self { shift: 0, contrast: false };

    /// Changes an image `[3, height, width]` of values in `[0, 1]`.
    pub(crate) fn apply(
        &self,
        image: &mut [f32],
        [height, width]: [usize; 2],
        generator: &mut ChaCha8Rng,
    ) {
        if self.shift > 0 {
            let span = 2 * self.shift as u64 + 1;
            let mut offset =
                || ((u64::from(generator.next_u32()) * span) >> 32) as isize - self.shift as isize;
            let (down, right) = (offset(), offset());
            let old = image.to_vec();
            let from =
                |at: usize, by: isize, length: usize| at.saturating_add_signed(-by).min(length - 1);
            for (row, new) in image.chunks_exact_mut(width).enumerate() {
                let (channel, y) = (row / height, row % height);
                let old = &old[(channel * height + from(y, down, height)) * width..][..width];
                for (x, value) in new.iter_mut().enumerate() {
                    *value = old[from(x, right, width)];
                }
            }
        }
        if self.contrast {
            for channel in image.chunks_exact_mut(height * width) {
                let mut uniform = || (generator.next_u32() >> 8) as f32 / (1 << 24) as f32;
                let (a, b) = (uniform(), uniform());
                channel.iter_mut().for_each(|x| *x = a * *x + b * (1.0 - *x));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Shares of the area are uniform in the scale: mean 0.4, and all between its ends, up to the
    /// rounding of the sides. Every place comes up.
    #[test]
    fn rectangles_are_as_asked() {
        let crop = RandomResizedCrop { scale: [0.3, 0.5], ratio: [0.5, 2.0] };
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let (mut sum, mut left, mut right) = (0.0, u32::MAX, 0);
        for _ in 0..4000 {
            let [x, y, w, h] = crop.rectangle((200, 150), &mut generator);
            assert!(x + w <= 200 && y + h <= 150);
            let ratio = f64::from(w) / f64::from(h);
            assert!((0.49..2.04).contains(&ratio), "{w}x{h}");
            let share = f64::from(w * h) / 30_000.0;
            assert!((0.29..0.51).contains(&share), "{w}x{h}");
            sum += share;
            (left, right) = (left.min(x), right.max(x + w));
        }
        // Wide ones of large area do not fit and are drawn again: a little below 0.4.
        assert!((sum / 4000.0 - 0.4).abs() < 0.01, "{}", sum / 4000.0);
        assert_eq!((left, right), (0, 200));
    }

    /// Where nothing of an allowed shape fits, a side has 8 pixels all the same.
    #[test]
    fn narrow_rectangles_are_not_too_narrow() {
        let mut generator = ChaCha8Rng::seed_from_u64(2);
        for (ratio, size) in
            [([0.1, 0.2], (64, 32)), ([0.02, 0.02], (20, 20)), ([9.0, 9.5], (32, 64))]
        {
            let crop = RandomResizedCrop { scale: [0.9, 1.0], ratio };
            for _ in 0..20 {
                let [_, _, w, h] = crop.rectangle(size, &mut generator);
                assert!(w >= 8 && h >= 8 && w <= size.0 && h <= size.1, "{w}x{h}");
            }
        }
    }

    #[test]
    fn flips_and_only_flips() {
        let image = RgbImage::from_fn(16, 16, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let flipped = imageops::flip_horizontal(&image);
        let resize = Resize::Exact { height: 16, width: 16 };
        let mut generator = ChaCha8Rng::seed_from_u64(2);
        let mut count = 0;
        for _ in 0..400 {
            let found = CropAndFlip::default().apply(&image, resize, &mut generator).unwrap();
            assert!(found == image || found == flipped);
            count += usize::from(found == flipped);
        }
        assert!((160..=240).contains(&count), "four deviations around 200: {count}");
    }
}

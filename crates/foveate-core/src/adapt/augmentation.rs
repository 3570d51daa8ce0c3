//! [`Augmentation`]: random changes of small training pictures.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// Random changes of a picture, drawn anew in every epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Augmentation {
    /// Moved by as many pixels at most, in each direction; what comes in repeats the edge.
    pub shift: usize,
    /// Each channel x becomes `a x + b (1 - x)` for a and b random in `[0, 1]`: its contrast, its
    /// brightness, and whether it is inverted.
    pub contrast: bool,
}

impl Augmentation {
    /// Pictures as they are.
    pub const NONE: Self = Self { shift: 0, contrast: false };

    /// Changes a picture `[3, height, width]` of values in `[0, 1]`.
    pub(super) fn apply(
        &self,
        picture: &mut [f32],
        [height, width]: [usize; 2],
        generator: &mut ChaCha8Rng,
    ) {
        if self.shift > 0 {
            let span = 2 * self.shift as u64 + 1;
            let mut offset =
                || ((u64::from(generator.next_u32()) * span) >> 32) as isize - self.shift as isize;
            let (down, right) = (offset(), offset());
            let old = picture.to_vec();
            let from =
                |at: usize, by: isize, length: usize| at.saturating_add_signed(-by).min(length - 1);
            for (row, new) in picture.chunks_exact_mut(width).enumerate() {
                let (channel, y) = (row / height, row % height);
                let old = &old[(channel * height + from(y, down, height)) * width..][..width];
                for (x, value) in new.iter_mut().enumerate() {
                    *value = old[from(x, right, width)];
                }
            }
        }
        if self.contrast {
            for channel in picture.chunks_exact_mut(height * width) {
                let mut uniform = || (generator.next_u32() >> 8) as f32 / (1 << 24) as f32;
                let (a, b) = (uniform(), uniform());
                channel.iter_mut().for_each(|x| *x = a * *x + b * (1.0 - *x));
            }
        }
    }
}

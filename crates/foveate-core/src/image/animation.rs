//! Images one after the other, as an animated GIF.

use std::io;
use std::path::{Path, PathBuf};

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, Rgb, RgbImage, RgbaImage};

use crate::store;

/// An animation that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnimationError {
    /// The file cannot be written.
    #[error("{path}: {reason}; check that the folder exists and can be written", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// No image, or one of another size than the first.
    #[error(
        "{path}: image {index} is of {found:?} pixels: expected at least one image, all of the \
         same size, at most 65535 pixels a side", path = .path.display()
    )]
    Images {
        /// The file.
        path: PathBuf,
        /// Place of the image.
        index: usize,
        /// Width and height of the image; 0 if there is none.
        found: (u32, u32),
    },
}

/// Writes images as an animated GIF that repeats for ever, `delay` milliseconds each (GIF counts in
/// tens of them; many viewers take less than 20 for 100). An animation that stands under this name is
/// replaced when the new one is complete.
///
/// # Errors
///
/// [`AnimationError`]: a file that cannot be written; no image, or images of several sizes.
pub fn save_gif(
    path: impl AsRef<Path>,
    images: &[RgbImage],
    delay: u32,
) -> Result<(), AnimationError> {
    let path = path.as_ref();
    let size = images.first().map_or((0, 0), RgbImage::dimensions);
    let fits = |(w, h): (u32, u32)| w.min(h) > 0 && w.max(h) <= 65535 && (w, h) == size;
    let odd = images.iter().position(|image| !fits(image.dimensions()));
    if let Some(index) = odd.or(images.is_empty().then_some(0)) {
        let found = images.get(index).map_or((0, 0), RgbImage::dimensions);
        return Err(AnimationError::Images { path: path.into(), index, found });
    }
    let io = |reason| AnimationError::Io { path: path.into(), reason };
    let bytes = encode(images, delay).map_err(io::Error::other).map_err(io)?;
    store::replace(path, &bytes).map_err(io)
}

fn encode(images: &[RgbImage], delay: u32) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    // 1 is the slowest and finest choice of 256 colors, 30 the fastest.
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 10);
    encoder.set_repeat(Repeat::Infinite)?;
    for image in images {
        let opaque = image.pixels().flat_map(|&Rgb([r, g, b])| [r, g, b, 255]).collect();
        let image =
            RgbaImage::from_raw(image.width(), image.height(), opaque).expect("four bytes a pixel");
        let delay = Delay::from_numer_denom_ms(delay, 1);
        encoder.encode_frame(Frame::from_parts(image, 0, 0, delay))?;
    }
    drop(encoder);
    Ok(bytes)
}

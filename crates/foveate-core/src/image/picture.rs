//! Pictures from files.

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

/// The largest picture that is decoded, in pixels: where Pillow, too, warns of a decompression bomb.
pub const MAX_PIXELS: u64 = 89_478_485;

/// A picture that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The file cannot be read.
    #[error("{path}: {reason}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        reason: io::Error,
    },
    /// The content is no picture of a known format.
    #[error("{path}: expected a JPEG, PNG, WebP, GIF, BMP or TIFF picture, found none of them", path = .path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// The picture is damaged.
    #[error("{path}: the picture cannot be decoded ({reason}); open it in a viewer, or get it again", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The decoder's words.
        reason: String,
    },
    /// The picture would fill the memory.
    #[error("{path}: {width}x{height} pixels are more than {MAX_PIXELS}; make it smaller first", path = .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The picture would fill the memory at the size that a network takes.
    #[error(
        "a picture of {width}x{height} pixels would get {}x{}, more than {MAX_PIXELS} pixels; crop it first, or ask \
         for a smaller size", .to[0], .to[1]
    )]
    Enlarged {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// What it would get, across and down.
        to: [u32; 2],
    },
    /// The picture is too small or too narrow for a network to see anything in it.
    #[error(
        "a picture of {width}x{height} pixels: expected at least 8 pixels on each side, and one side at most 50 times \
         the other; crop or enlarge it first"
    )]
    Shape {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
}

/// Decodes a JPEG, PNG, WebP, GIF (first frame), BMP or TIFF file, told apart by its content, turned
/// upright as its EXIF orientation says. Grey becomes RGB; alpha is dropped, as Pillow's
/// `convert("RGB")` does; 16 bits a channel become 8.
///
/// # Errors
///
/// [`PictureError`]: no picture, a damaged one, or one of more than [`MAX_PIXELS`] pixels, which is
/// not decoded.
pub fn open(path: impl AsRef<Path>) -> Result<RgbImage, PictureError> {
    let path = path.as_ref();
    decode(&read(path)?, path)
}

/// The content of a file, unless it is none that could be a picture: a pipe, or more than a GiB.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, PictureError> {
    const MOST: u64 = 1 << 30;
    let error = |reason| PictureError::Io { path: path.into(), reason };
    let metadata = fs::metadata(path).map_err(error)?;
    if !metadata.is_file() || metadata.len() > MOST {
        let text = "expected a file of at most 1 GiB";
        return Err(error(io::Error::new(io::ErrorKind::InvalidInput, text)));
    }
    fs::read(path).map_err(error)
}

/// As [`open`], of a file's content; errors name it `path`.
///
/// # Errors
///
/// As [`open`], but for [`PictureError::Io`].
pub fn decode(bytes: &[u8], path: &Path) -> Result<RgbImage, PictureError> {
    let damaged = |error: image::ImageError| match error {
        image::ImageError::Unsupported(_) => PictureError::Format { path: path.into() },
        error => PictureError::Damaged { path: path.into(), reason: error.to_string() },
    };

    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let reader = reader.expect("reading from memory does not fail");
    match reader.format() {
        None => return Err(PictureError::Format { path: path.into() }),
        Some(ImageFormat::Jpeg) if !ends(bytes) => {
            return Err(PictureError::Damaged {
                path: path.into(),
                reason: "the file is cut short".into(),
            });
        }
        Some(_) => {}
    }
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge { path: path.into(), width, height });
    }
    // A broken EXIF block is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(picture.into_rgb8())
}

/// Whether a JPEG runs to its end-of-image marker; the decoder fills up in grey what is missing.
fn ends(jpeg: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // Compressed data goes on until 0xff stands before neither 0 nor a restart marker.
        let marker = jpeg.get(at..).and_then(|rest| {
            rest.windows(2)
                .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff | 0xd0..=0xd7))
        });
        let Some(marker) = marker.map(|offset| at + offset) else { return false };
        if jpeg[marker + 1] == 0xd9 {
            return true;
        }
        // Any other marker starts a segment that tells its length: thumbnails inside are skipped.
        let Some(&[high, low]) = jpeg.get(marker + 2..marker + 4) else { return false };
        at = marker + 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

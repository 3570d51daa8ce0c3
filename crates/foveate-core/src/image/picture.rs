//! Pictures from files.

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

/// The largest picture that is decoded, in pixels: where Pillow, too, warns of a decompression bomb.
pub const MAX_PIXELS: u64 = 89_478_485;

/// A picture that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
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
    let io = |source| PictureError::Io { path: path.into(), source };
    let damaged = |error: image::ImageError| match error {
        image::ImageError::IoError(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            PictureError::Io { path: path.into(), source }
        }
        error => PictureError::Damaged { path: path.into(), reason: error.to_string() },
    };

    let bytes = fs::read(path).map_err(io)?;
    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(io)?;
    match reader.format() {
        None => return Err(PictureError::Format { path: path.into() }),
        Some(ImageFormat::Jpeg) if !ends(&bytes) => {
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
    let orientation = decoder.orientation().map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(picture.into_rgb8())
}

/// Whether a JPEG's last scan is followed by the end-of-image marker; the decoder fills up in grey
/// what is missing. Within a scan, 0xff stands before 0 or a restart marker only.
fn ends(jpeg: &[u8]) -> bool {
    let scan = jpeg.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap_or(0);
    jpeg[scan..].windows(2).any(|pair| pair == [0xff, 0xd9])
}

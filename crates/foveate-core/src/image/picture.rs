//! Pictures from files.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use super::jpeg;

/// The largest picture that is decoded, in pixels: where Pillow, too, warns of a decompression bomb.
pub const MAX_PIXELS: u64 = if cfg!(fuzzing) { 1 << 20 } else { 89_478_485 };

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
    /// The content is a picture of a kind that is not read.
    #[error("{path}: this is {found}, which cannot be read; save it as a JPEG or PNG picture", path = .path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Its kind.
        found: &'static str,
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
/// `convert("RGB")` does; 16 bits a channel become 8. A JPEG gives the bytes that Pillow and
/// torchvision read, which are libjpeg-turbo's.
///
/// # Errors
///
/// [`PictureError`]: no picture, one of a kind that is not read (HEIC, AVIF), a damaged one, or one of more than
/// [`MAX_PIXELS`] pixels, which is not decoded.
pub fn open(path: impl AsRef<Path>) -> Result<RgbImage, PictureError> {
    let path = path.as_ref();
    decode(&read(path)?, path)
}

/// The content of a file, unless it is none that could be a picture: a folder, a pipe, or more than a GiB.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    file(path)?
        .read_to_end(&mut bytes)
        .map_err(|reason| PictureError::Io { path: path.into(), reason })?;
    Ok(bytes)
}

/// Whether a file begins as a picture does.
pub(crate) fn recognize(path: &Path) -> Result<(), PictureError> {
    let mut start = Vec::new();
    let read = file(path)?.take(64).read_to_end(&mut start);
    read.map_err(|reason| PictureError::Io { path: path.into(), reason })?;
    format(&start, path).map(|_| ())
}

fn file(path: &Path) -> Result<File, PictureError> {
    const MOST: u64 = 1 << 30;
    let error = |reason| PictureError::Io { path: path.into(), reason };
    // Before it is opened: a pipe would wait for its other end.
    let metadata = fs::metadata(path).map_err(error)?;
    let found = match metadata.len() {
        _ if metadata.is_dir() => "a folder".into(),
        _ if !metadata.is_file() => "a pipe or a device".into(),
        length if length > MOST => format!("{} MiB", length >> 20),
        _ => return File::open(path).map_err(error),
    };
    let text = format!("expected a picture's file of at most 1 GiB, found {found}");
    Err(error(io::Error::new(io::ErrorKind::InvalidInput, text)))
}

/// As [`open`], of a file's content; errors name it `path`.
///
/// # Errors
///
/// As [`open`], but for [`PictureError::Io`].
pub fn decode(bytes: &[u8], path: &Path) -> Result<RgbImage, PictureError> {
    let (mut picture, orientation) = match format(bytes, path)? {
        ImageFormat::Jpeg => {
            let (picture, orientation) = jpeg::decode(bytes, path)?;
            (picture.into(), orientation)
        }
        format => decode_as(format, bytes, path)?,
    };
    picture.apply_orientation(orientation);
    Ok(picture.into_rgb8())
}

/// The format told by the first bytes of a file; 64 are enough.
pub(crate) fn format(start: &[u8], path: &Path) -> Result<ImageFormat, PictureError> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let format = image::guess_format(start).ok();
    if let Some(format) = format.filter(|it| matches!(it, Jpeg | Png | WebP | Gif | Bmp | Tiff)) {
        return Ok(format);
    }
    Err(match heif(start) {
        Some(found) => PictureError::Unsupported { path: path.into(), found },
        None => PictureError::Format { path: path.into() },
    })
}

/// HEIC, which telephones take, and AVIF, by the brands in their first box (ISO/IEC 14496-12 and 23008-12).
fn heif(start: &[u8]) -> Option<&'static str> {
    let (length, rest) = start.split_first_chunk()?;
    let brands = rest.strip_prefix(b"ftyp")?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?.saturating_sub(8);
    let brands = &brands[..length.min(brands.len())];
    let any =
        |names: &[&[u8; 4]]| brands.chunks_exact(4).any(|one| names.iter().any(|it| *it == one));
    if any(&[b"avif", b"avis"]) {
        Some("an AVIF picture")
    } else if any(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"]) {
        Some("a HEIC picture")
    } else {
        any(&[b"mif1", b"msf1"]).then_some("a HEIF picture")
    }
}

/// A picture that is no JPEG, and how it is to be turned.
fn decode_as(
    format: ImageFormat,
    bytes: &[u8],
    path: &Path,
) -> Result<(DynamicImage, Orientation), PictureError> {
    let damaged = |error: image::ImageError| match error {
        image::ImageError::Unsupported(_) => PictureError::Format { path: path.into() },
        error => PictureError::Damaged { path: path.into(), reason: error.to_string() },
    };
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge { path: path.into(), width, height });
    }
    // A broken EXIF block is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder).map_err(damaged)?, orientation))
}

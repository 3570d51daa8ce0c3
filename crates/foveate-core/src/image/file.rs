//! Images from files.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use super::error::{ImageError, MAX_PIXELS};
use super::jpeg;

/// Decodes a JPEG, PNG, WebP, GIF (first frame), BMP or TIFF file, told apart by its content, turned
/// upright as its EXIF orientation says. Gray becomes RGB; alpha is dropped, as Pillow's
/// `convert("RGB")` does; 16 bits a channel become 8. A JPEG gives the bytes that Pillow and
/// torchvision read, which are libjpeg-turbo's.
///
/// # Errors
///
/// [`ImageError`]: no image, one of a kind that is not read (HEIC, AVIF), a damaged one, or one of more than
/// [`MAX_PIXELS`] pixels, which is not decoded.
pub fn open(path: impl AsRef<Path>) -> Result<RgbImage, ImageError> {
    let path = path.as_ref();
    decode(&read(path)?, path)
}

/// The content of a file, unless it is none that could be an image: a folder, a pipe, or more than a GiB.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    file(path)?
        .read_to_end(&mut bytes)
        .map_err(|reason| ImageError::Io { path: path.into(), reason })?;
    Ok(bytes)
}

/// Whether a file begins as an image does.
pub(crate) fn recognize(path: &Path) -> Result<(), ImageError> {
    let mut start = Vec::new();
    let read = file(path)?.take(64).read_to_end(&mut start);
    read.map_err(|reason| ImageError::Io { path: path.into(), reason })?;
    format(&start, path).map(|_| ())
}

fn file(path: &Path) -> Result<File, ImageError> {
    const MOST: u64 = 1 << 30;
    let error = |reason| ImageError::Io { path: path.into(), reason };
    // Before it is opened: a pipe would wait for its other end.
    let metadata = fs::metadata(path).map_err(error)?;
    let found = match metadata.len() {
        _ if metadata.is_dir() => "a folder".into(),
        _ if !metadata.is_file() => "a pipe or a device".into(),
        length if length > MOST => format!("{} MiB", length >> 20),
        _ => return File::open(path).map_err(error),
    };
    let text = format!("expected an image's file of at most 1 GiB, found {found}");
    Err(error(io::Error::new(io::ErrorKind::InvalidInput, text)))
}

/// As [`open`], of a file's content; errors name it `path`.
///
/// # Errors
///
/// As [`open`], but for [`ImageError::Io`].
pub fn decode(bytes: &[u8], path: &Path) -> Result<RgbImage, ImageError> {
    let (mut image, orientation) = match format(bytes, path)? {
        ImageFormat::Jpeg => {
            let (image, orientation) = jpeg::decode(bytes, path)?;
            (image.into(), orientation)
        }
        format => decode_as(format, bytes, path)?,
    };
    image.apply_orientation(orientation);
    Ok(image.into_rgb8())
}

/// The format told by the first bytes of a file; 64 are enough.
pub(crate) fn format(start: &[u8], path: &Path) -> Result<ImageFormat, ImageError> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let format = image::guess_format(start).ok();
    if let Some(format) = format.filter(|it| matches!(it, Jpeg | Png | WebP | Gif | Bmp | Tiff)) {
        return Ok(format);
    }
    Err(match heif(start) {
        Some(found) => ImageError::Unsupported { path: path.into(), found },
        None => ImageError::Format { path: path.into() },
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
        Some("an AVIF image")
    } else if any(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"]) {
        Some("a HEIC image")
    } else {
        any(&[b"mif1", b"msf1"]).then_some("a HEIF image")
    }
}

/// An image that is no JPEG, and how it is to be turned.
fn decode_as(
    format: ImageFormat,
    bytes: &[u8],
    path: &Path,
) -> Result<(DynamicImage, Orientation), ImageError> {
    let damaged = |error: image::ImageError| match error {
        image::ImageError::Unsupported(_) => ImageError::Format { path: path.into() },
        error => ImageError::Damaged { path: path.into(), reason: error.to_string() },
    };
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageError::TooLarge { path: path.into(), width, height });
    }
    // A broken EXIF block is no reason to refuse the image.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder).map_err(damaged)?, orientation))
}

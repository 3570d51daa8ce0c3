//! JPEG, by a port of libjpeg-turbo: the bytes that Pillow and torchvision read.

mod cmyk;

use std::path::Path;

use image::RgbImage;
use image::metadata::Orientation;
use libjpeg_turbo_rs::{DecodeLimits, Decoder, JpegError, PixelFormat};

use super::error::{ImageError, MAX_PIXELS};

/// Many times what cameras and web pages use: each scan of a progressive file is a pass over the whole image.
const MOST_SCANS: usize = 500;

/// The image as it is stored, and how it is to be turned. Gray becomes RGB; CMYK and YCCK do as by Pillow's
/// `convert("RGB")`.
pub fn decode(jpeg: &[u8], path: &Path) -> Result<(RgbImage, Orientation), ImageError> {
    let cut = || "the file is cut short".to_string();
    let damaged = |error| ImageError::Damaged {
        path: path.into(),
        reason: match error {
            JpegError::UnexpectedEof => cut(),
            error => error.to_string(),
        },
    };
    let unsupported = |found| Err(ImageError::Unsupported { path: path.into(), found });

    if !ends(jpeg) {
        return Err(ImageError::Damaged { path: path.into(), reason: cut() });
    }
    let limits = DecodeLimits { max_scans: MOST_SCANS, ..Default::default() };
    let mut decoder = Decoder::new_with_limits(jpeg, limits).map_err(damaged)?;
    let frame = decoder.header();
    let (width, height) = (u32::from(frame.width), u32::from(frame.height));
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageError::TooLarge { path: path.into(), width, height });
    }
    if frame.is_lossless {
        return unsupported("a lossless JPEG");
    }
    if frame.precision != 8 {
        return unsupported("a JPEG of more than 8 bits a channel");
    }
    let channels = frame.components.len();
    // A broken EXIF block is no reason to refuse the image.
    let orientation = decoder.exif_data().and_then(Orientation::from_exif_chunk);
    let rgb = match channels {
        1 | 3 => {
            decoder.set_output_format(PixelFormat::Rgb);
            // As libjpeg, where a progressive file ends before the last bits of its coefficients.
            decoder.set_block_smoothing(true);
            decoder.decode_image().map(|image| image.into_vec())
        }
        4 => cmyk::decode(decoder),
        _ => return unsupported("a JPEG of neither 1, 3 nor 4 channels"),
    };
    let image = RgbImage::from_raw(width, height, rgb.map_err(damaged)?);
    Ok((image.expect("three bytes a pixel"), orientation.unwrap_or(Orientation::NoTransforms)))
}
/// Whether a JPEG runs to its end-of-image marker. Pillow wants it; the port would do without, and make up what is
/// missing where it is coded arithmetically.
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

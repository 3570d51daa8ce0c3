//! What can be wrong with an image.

use std::io;
use std::path::PathBuf;

/// The largest image that is decoded, in pixels: where Pillow, too, warns of a decompression bomb.
pub const MAX_PIXELS: u64 = if cfg!(fuzzing) { 1 << 20 } else { 89_478_485 };

/// An image that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file cannot be read.
    #[error("{path}: {reason}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// The content is no image of a known format.
    #[error("{path}: expected a JPEG, PNG, WebP, GIF, BMP or TIFF image, found none of them", path = .path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// The content is an image of a kind that is not read.
    #[error("{path}: this is {found}, which cannot be read; save it as a JPEG or PNG image", path = .path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Kind of the image.
        found: &'static str,
    },
    /// The image is damaged.
    #[error("{path}: the image cannot be decoded ({reason}); open it in a viewer, or get it again", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The decoder's words.
        reason: String,
    },
    /// The image would fill the memory.
    #[error("{path}: {width}x{height} pixels are more than {MAX_PIXELS}; make it smaller first", path = .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The image would fill the memory at the size that a network takes.
    #[error(
        "an image of {width}x{height} pixels would get {}x{}, more than {MAX_PIXELS} pixels; crop it first, or ask \
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
    /// The image is too small or too narrow for a network to see anything in it.
    #[error(
        "an image of {width}x{height} pixels: expected at least 8 pixels on each side, and one side at most 50 times \
         the other; crop or enlarge it first"
    )]
    Shape {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
}

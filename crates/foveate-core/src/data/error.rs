//! What can be wrong with a data set.

use std::io;
use std::path::PathBuf;

use crate::image::ImageError;

/// A data set that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Images of different sizes, where all must be of one.
    #[error(
        "image {image} (from 0) has {}x{} pixels: expected {}x{}, as the first; resize them to one size",
        .found.0, .found.1, .expected.0, .expected.1
    )]
    Sizes {
        /// Place of the image.
        image: usize,
        /// Width and height.
        found: (u32, u32),
        /// Those of the first.
        expected: (u32, u32),
    },
    /// No image where there must be one.
    #[error("there is no image: expected one or more")]
    NoImages,
    /// A file or folder cannot be read.
    #[error("{path}: {reason}", path = .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// A folder without class folders.
    #[error(
        "{root}: expected one folder a class, with its images inside ({root}/cat/1.jpg), found no folder",
        root = .root.display()
    )]
    NoClasses {
        /// The folder.
        root: PathBuf,
    },
    /// A class without images.
    #[error("{folder}: the class has no image; add some, or remove the folder", folder = .folder.display())]
    EmptyClass {
        /// The class's folder.
        folder: PathBuf,
    },
    /// A folder of images without a file.
    #[error("{folder}: expected images, found no file", folder = .folder.display())]
    NoFiles {
        /// The folder.
        folder: PathBuf,
    },
    /// Two parts of a data set disagree about the classes.
    #[error(
        "{root}: expected the classes {}, found {}", .expected.join(", "), .found.join(", "),
        root = .root.display()
    )]
    Classes {
        /// The folder of the second part.
        root: PathBuf,
        /// The first part's classes.
        expected: Vec<String>,
        /// The second part's.
        found: Vec<String>,
    },
    /// The data set is not found.
    #[error("{name} is not found: {advice}")]
    Absent {
        /// The data set.
        name: &'static str,
        /// Where to get it, and where to put it.
        advice: String,
    },
    /// A file that is damaged, or of another kind.
    #[error("{path}: {reason}; get it again", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An image that cannot be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A photograph from which no patch can be cut.
    #[error(
        "photograph {photograph} has {}x{} pixels: expected {}x{} or more; leave it out",
        .found[0], .found[1], .needed[0], .needed[1]
    )]
    Patch {
        /// Place of the photograph among them.
        photograph: usize,
        /// Its height and width, in pixels.
        found: [u32; 2],
        /// A digit's.
        needed: [u32; 2],
    },
}

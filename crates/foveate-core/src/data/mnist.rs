//! MNIST, and the IDX files that it comes in.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use super::dataset_roots::dataset_roots;
use super::error::DataError;
use super::images::Images;
use crate::models::weights::{Downloader, cache_folder};
use crate::store::{self, hex};

/// Bytes that are unpacked at most: more than MNIST ever was, and no bomb.
const MOST: u64 = 1 << 28;

/// Which of the two parts of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// To learn from.
    Train,
    /// To test.
    Test,
}

/// MNIST's digits, white on black, 28x28 and gray, labels 0 to 9; 60,000 to learn from, 10,000 to test. From
/// `mnist/` below the folder that `FOVEATE_DATA` names, or below [`cache_folder`], to which they are downloaded
/// (12 MB) if they are not there.
///
/// Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner, *Gradient-Based Learning Applied to Document
/// Recognition*, 1998, <http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf>.
///
/// # Errors
///
/// [`DataError`]: the files cannot be had, or are damaged.
pub fn mnist(split: Split) -> Result<Images, DataError> {
    let stem = if split == Split::Train { "train" } else { "t10k" };
    let [images, labels] =
        ["images-idx3", "labels-idx1"].map(|kind| find(&format!("{stem}-{kind}-ubyte")));
    idx_images(images?, labels?)
}

/// Gray images and their labels from two IDX files, gzipped or not.
///
/// # Errors
///
/// [`DataError::Io`]; [`DataError::Damaged`] for files of another kind, cut short, swapped, or of
/// different lengths.
pub fn idx_images(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<Images, DataError> {
    let (images, labels) = (images.as_ref(), labels.as_ref());
    let ([count, height, width], pixels) = idx(images)?;
    let ([names], labels_of) = idx(labels)?;
    let damaged = |path: &Path, reason: String| DataError::Damaged { path: path.into(), reason };
    if count == 0 || height == 0 || width == 0 {
        return Err(damaged(images, format!("{count} images of {height}x{width}: there is none")));
    }
    if names != count {
        let other = images.display();
        let reason = format!("expected {count} labels, as images in {other}, found {names}");
        return Err(damaged(labels, reason));
    }
    let labels = labels_of.into_iter().map(usize::from).collect();
    Ok(Images { height, width, channels: 1, pixels, labels })
}

/// The files, and the SHA-256 of what they unpack to. (Mirrors packed them differently.)
const FILES: [(&str, &str); 4] = [
    ("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
];

/// The first of MNIST's files that is present, or else the one that is downloaded now.
fn find(name: &str) -> Result<PathBuf, DataError> {
    let folders = dataset_roots("mnist");
    let files = folders
        .iter()
        .flat_map(|folder| ["", ".gz"].map(|end| folder.join(format!("{name}{end}"))));
    if let Some(found) = files.into_iter().find(|path| path.is_file()) {
        return Ok(found);
    }
    let url = format!("https://ossci-datasets.s3.amazonaws.com/mnist/{name}.gz");
    let target = cache_folder().join("mnist").join(format!("{name}.gz"));
    let absent = |reason: String| DataError::Absent {
        name: "MNIST",
        advice: format!("{reason}; put {url} into {}", folders[0].display()),
    };
    let (_, expected) = FILES.iter().find(|(file, _)| *file == name).expect("one of MNIST's files");
    // What no gzip unpacks to has no SHA-256 of these.
    let unpacked = |file: &mut File| {
        file.rewind()?;
        let mut plain = Vec::new();
        let read = GzDecoder::new(file).take(MOST).read_to_end(&mut plain);
        Ok(read.map_or_else(|error| error.to_string(), |_| hex(&Sha256::digest(plain))))
    };
    Downloader::default()
        .fetch_checked(&url, &target, expected, unpacked)
        .map_err(|error| absent(error.to_string()))?;
    Ok(target)
}

/// The bytes of a file, out of its gzip if it has one.
fn unpacked(path: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = store::bytes(path).map_err(|reason| DataError::Io { path: path.into(), reason })?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    let read = GzDecoder::new(&bytes[..]).take(MOST).read_to_end(&mut plain);
    read.map_err(|error| DataError::Damaged {
        path: path.into(),
        reason: format!("the gzip is broken or cut short ({error})"),
    })?;
    Ok(plain)
}

/// The sizes and bytes of an IDX file of unsigned bytes in `D` dimensions: two zeros, 8 for bytes, `D`,
/// then the sizes in four bytes each, the highest first.
fn idx<const D: usize>(path: &Path) -> Result<([usize; D], Vec<u8>), DataError> {
    let damaged = |reason: String| DataError::Damaged { path: path.into(), reason };
    let mut bytes = unpacked(path)?;
    let kind = if D == 3 { "images" } else { "labels" };
    let expected = [0, 0, 8, D as u8];
    if !bytes.starts_with(&expected) {
        let found = &bytes[..bytes.len().min(4)];
        return Err(damaged(format!(
            "expected an IDX file of {kind}, whose first bytes are {expected:?}, found {found:?}"
        )));
    }
    let mut sizes = [0; D];
    for (i, size) in sizes.iter_mut().enumerate() {
        let four = bytes.get(4 + 4 * i..8 + 4 * i).and_then(|four| four.try_into().ok());
        let four = four.ok_or_else(|| damaged("the header is cut short".into()))?;
        *size = u32::from_be_bytes(four) as usize;
    }
    let values = bytes.split_off(4 + 4 * D);
    let expected = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    if expected != Some(values.len()) {
        let sizes = sizes.map(|size| size.to_string()).join("x");
        return Err(damaged(format!("expected {sizes} bytes of {kind}, found {}", values.len())));
    }
    Ok((sizes, values))
}

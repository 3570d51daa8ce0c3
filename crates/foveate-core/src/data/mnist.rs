//! MNIST: Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner, *Gradient-Based Learning Applied to
//! Document Recognition*, 1998: 60,000 digits to learn from, 10,000 to test, 28x28 grey.

use std::env;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::error::DataError;
use super::pictures::Pictures;
use crate::models::weights::cache_folder;

/// Which of the two parts of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// To learn from.
    Train,
    /// To test.
    Test,
}

/// MNIST's digits, white on black, labels 0 to 9: from `mnist/` below the folder that `FOVEATE_DATA`
/// names, or below [`cache_folder`].
///
/// # Errors
///
/// [`DataError`]: the files are not at hand, or damaged.
pub fn mnist(split: Split) -> Result<Pictures, DataError> {
    let stem = if split == Split::Train { "train" } else { "t10k" };
    let [images, labels] =
        ["images-idx3", "labels-idx1"].map(|kind| find(&format!("{stem}-{kind}-ubyte")));
    idx_pictures(images?, labels?)
}

/// Grey pictures and their labels from two IDX files, gzipped or not.
///
/// # Errors
///
/// [`DataError::Io`]; [`DataError::Damaged`] for files of another kind, cut short, swapped, or of
/// different lengths.
pub fn idx_pictures(
    images: impl AsRef<Path>,
    labels: impl AsRef<Path>,
) -> Result<Pictures, DataError> {
    let (images, labels) = (images.as_ref(), labels.as_ref());
    let ([count, height, width], pixels) = idx(images)?;
    let ([names], labels_of) = idx(labels)?;
    let damaged = |path: &Path, reason: String| DataError::Damaged { path: path.into(), reason };
    if count == 0 || height == 0 || width == 0 {
        return Err(damaged(
            images,
            format!("{count} pictures of {height}x{width}: there is none"),
        ));
    }
    if names != count {
        let other = images.display();
        let reason = format!("expected {count} labels, as pictures in {other}, found {names}");
        return Err(damaged(labels, reason));
    }
    Ok(Pictures { height, width, channels: 1, pixels, labels: labels_of })
}

fn find(name: &str) -> Result<PathBuf, DataError> {
    let data = env::var_os("FOVEATE_DATA").map(PathBuf::from);
    let folders: Vec<_> =
        data.into_iter().chain([cache_folder()]).map(|place| place.join("mnist")).collect();
    let files = folders
        .iter()
        .flat_map(|folder| ["", ".gz"].map(|end| folder.join(format!("{name}{end}"))));
    files.into_iter().find(|path| path.is_file()).ok_or_else(|| DataError::Absent {
        name: "MNIST",
        advice: format!(
            "put https://ossci-datasets.s3.amazonaws.com/mnist/{name}.gz into {}",
            folders[0].display()
        ),
    })
}

/// The sizes and bytes of an IDX file of unsigned bytes in `D` dimensions: two zeros, 8 for bytes, `D`,
/// then the sizes in four bytes each, the highest first.
fn idx<const D: usize>(path: &Path) -> Result<([usize; D], Vec<u8>), DataError> {
    let damaged = |reason: String| DataError::Damaged { path: path.into(), reason };
    let mut bytes = fs::read(path).map_err(|reason| DataError::Io { path: path.into(), reason })?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        // More than MNIST ever was: no bomb is unpacked.
        let read = GzDecoder::new(&bytes[..]).take(1 << 28).read_to_end(&mut plain);
        read.map_err(|error| damaged(format!("the gzip is broken or cut short ({error})")))?;
        bytes = plain;
    }
    let kind = if D == 3 { "pictures" } else { "labels" };
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

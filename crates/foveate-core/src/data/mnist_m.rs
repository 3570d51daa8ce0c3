//! MNIST-M: digits blended with photographs; see [`mnist_m`].

use std::fs;
use std::path::{Path, PathBuf};

use rand::RngCore;
use rayon::prelude::*;

use super::dataset_roots::dataset_roots;
use super::error::DataError;
use super::images::Images;
use crate::image::{self, RgbImage};
use crate::random::stream;

/// What becomes of a digit before it is blended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binarization {
    /// Every pixel that is not 0 becomes 255, as in the script that most copies of MNIST-M come from.
    Binary,
    /// Its gray values stay.
    Gray,
}

/// MNIST-M: the digits in color, `|patch - digit|` in each channel, for a random patch of a random
/// photograph.
///
/// Yaroslav Ganin et al., *Domain-Adversarial Training of Neural Networks*, 2016,
/// <https://arxiv.org/abs/1505.07818>, section 5.2.4, with the photographs of [`bsds500`]. The published
/// images were made with an unknown seed; these have one. Every digit draws from a stream of its own, in
/// whole numbers: same seed, same bytes, on every platform.
///
/// # Errors
///
/// [`DataError::Absent`] for no photograph, [`DataError::Patch`] for one that is smaller than a digit.
///
/// # Panics
///
/// If the digits are not gray.
pub fn mnist_m(
    digits: &Images,
    photographs: &[RgbImage],
    binarization: Binarization,
    seed: u64,
) -> Result<Images, DataError> {
    assert_eq!(digits.channels, 1, "digits are gray");
    let (height, width) = (digits.height as u32, digits.width as u32);
    if photographs.is_empty() {
        return Err(absent(&[]));
    }
    for (photograph, image) in photographs.iter().enumerate() {
        let found = [image.height(), image.width()];
        if found[0] < height || found[1] < width {
            return Err(DataError::Patch { photograph, found, needed: [height, width] });
        }
    }
    let size = digits.height * digits.width;
    let mut pixels = vec![0; digits.len() * size * 3];
    pixels.par_chunks_exact_mut(size * 3).enumerate().for_each(|(i, blended)| {
        let mut generator = stream(seed, 0, i as u64);
        // Below n, by one draw of 32 bits.
        let mut below = |n: u32| ((u64::from(generator.next_u32()) * u64::from(n)) >> 32) as u32;
        let photograph = &photographs[below(photographs.len() as u32) as usize];
        let left = below(photograph.width() - width + 1);
        let top = below(photograph.height() - height + 1);
        for (at, (&digit, rgb)) in
            digits.bytes(i).iter().zip(blended.chunks_exact_mut(3)).enumerate()
        {
            let (x, y) = (left + at as u32 % width, top + at as u32 / width);
            let digit = match binarization {
                Binarization::Binary => 255 * u8::from(digit > 0),
                Binarization::Gray => digit,
            };
            for (value, &patch) in rgb.iter_mut().zip(&photograph.get_pixel(x, y).0) {
                *value = patch.abs_diff(digit);
            }
        }
    });
    Ok(Images { channels: 3, pixels, labels: digits.labels.clone(), ..*digits })
}

/// The 200 training photographs of BSDS500, sorted by name: from `bsds500/` below the folder that
/// `FOVEATE_DATA` names, or below the [cache folder](crate::models::weights::cache_folder).
///
/// Pablo Arbelaez, Michael Maire, Charless Fowlkes, Jitendra Malik, *Contour Detection and Hierarchical Image
/// Segmentation*, 2011, <https://doi.org/10.1109/TPAMI.2010.161>.
///
/// # Errors
///
/// [`DataError`]: they are not found, or cannot be read.
pub fn bsds500() -> Result<Vec<RgbImage>, DataError> {
    let folders = dataset_roots("bsds500");
    match folders.iter().find(|folder| folder.is_dir()) {
        Some(folder) => photographs(folder),
        None => Err(absent(&folders)),
    }
}

/// The JPEG and PNG files in a folder, sorted by name; names that start with a dot are passed over.
///
/// # Errors
///
/// [`DataError::Io`]; [`DataError::Absent`] if there is none; [`DataError::Image`] if one cannot be
/// decoded.
pub fn photographs(folder: impl AsRef<Path>) -> Result<Vec<RgbImage>, DataError> {
    let folder = folder.as_ref();
    let io = |reason| DataError::Io { path: folder.into(), reason };
    let listed: Result<Vec<PathBuf>, _> =
        fs::read_dir(folder).map_err(io)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut files = listed.map_err(io)?;
    let image = |path: &PathBuf| {
        let end = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        // macOS puts `._1.jpg`, which is no image, beside `1.jpg`.
        let hidden = path.file_name().unwrap_or_default().to_string_lossy().starts_with('.');
        ["jpg", "jpeg", "png"].contains(&end.as_str()) && !hidden
    };
    files.retain(image);
    if files.is_empty() {
        return Err(absent(&[folder.to_path_buf()]));
    }
    files.sort();
    let decoded: Result<_, _> = files.par_iter().map(image::open).collect();
    Ok(decoded?)
}

fn absent(folders: &[PathBuf]) -> DataError {
    let place = folders.first().map_or(Path::new("bsds500"), PathBuf::as_path).display();
    let advice = format!(
        "put the JPEG or PNG photographs of github.com/BIDS/BSDS500, BSDS500/data/images/train, into {place}"
    );
    DataError::Absent { name: "photographs", advice }
}

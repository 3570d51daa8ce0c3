//! [`Labeled`]: images to train on, wherever they are.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::data::{ImageFolder, Images};
use crate::image::{self, ImageError, RgbImage};
use crate::learn::LearnError;
use crate::store::hex;
use crate::transfer::error::TransferError;

/// Images and the class of each, from 0 on.
#[derive(Debug, Clone, Copy)]
pub struct Labeled<'a>(Source<'a>);

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Images(&'a [RgbImage], &'a [usize]),
    Set(&'a Images),
    Folder(&'a ImageFolder),
}

impl<'a> Labeled<'a> {
    /// Images of any sizes, and one label an image; of the network's size they need not be resized in every epoch.
    pub fn new(images: &'a [RgbImage], labels: &'a [usize]) -> Self {
        Self(Source::Images(images, labels))
    }

    pub(super) fn len(&self) -> usize {
        match self.0 {
            Source::Images(images, _) => images.len(),
            Source::Set(set) => set.len(),
            Source::Folder(folder) => folder.samples().len(),
        }
    }

    pub(super) fn label(&self, at: usize) -> usize {
        match self.0 {
            Source::Images(_, labels) => labels[at],
            Source::Set(set) => set.labels[at],
            Source::Folder(folder) => folder.samples()[at].class,
        }
    }

    pub(super) fn image(&self, at: usize) -> Result<Cow<'a, RgbImage>, ImageError> {
        Ok(match self.0 {
            Source::Images(images, _) => Cow::Borrowed(&images[at]),
            Source::Set(set) => Cow::Owned(set.image(at)),
            Source::Folder(folder) => Cow::Owned(image::open(&folder.samples()[at].path)?),
        })
    }

    pub(super) fn check(&self, classes: usize) -> Result<(), TransferError> {
        if let Source::Images(images, labels) = self.0
            && images.len() != labels.len()
        {
            return Err(LearnError::Labels { rows: images.len(), labels: labels.len() }.into());
        }
        if self.len() == 0 {
            return Err(TransferError::NoImages);
        }
        match (0..self.len()).find(|&row| self.label(row) >= classes) {
            Some(row) => Err(LearnError::Label { row, label: self.label(row), classes }.into()),
            None => Ok(()),
        }
    }

    /// SHA-256 of all images and labels, in hex.
    pub(super) fn digest(&self) -> Result<String, ImageError> {
        let mut hasher = Sha256::new();
        for at in 0..self.len() {
            hasher.update(self.label(at).to_le_bytes());
            if let Source::Folder(folder) = self.0 {
                hasher.update(image::read(&folder.samples()[at].path)?);
                continue;
            }
            let image = self.image(at)?;
            hasher.update(format!("{:?}", image.dimensions()));
            hasher.update(image.as_raw());
        }
        Ok(hex(&hasher.finalize()))
    }
}

/// A set of small images, as it is.
impl<'a> From<&'a Images> for Labeled<'a> {
    fn from(images: &'a Images) -> Self {
        Self(Source::Set(images))
    }
}

/// A folder, whose files are decoded anew in every epoch, on all cores: for what does not fit into memory. All files are to
/// be images: see [`ImageFolder::recognized`].
impl<'a> From<&'a ImageFolder> for Labeled<'a> {
    fn from(folder: &'a ImageFolder) -> Self {
        Self(Source::Folder(folder))
    }
}

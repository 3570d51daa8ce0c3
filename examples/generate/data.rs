//! [`Data`]: images to learn from and to compare with.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use foveate::data::{DataError, ImageFolder, Images, Split, digits, mnist};
use foveate::image::{Resize, open, resize};

/// Images, by a name or by a folder's path.
#[derive(Clone)]
pub enum Data {
    /// Drawn digits: nothing to download.
    Digits,
    /// MNIST's digits.
    Mnist(Split),
    /// A folder with folders of images, one a class; or with images alone.
    Folder(PathBuf),
}

impl FromStr for Data {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(match name {
            "digits" => Self::Digits,
            "mnist" | "mnist-train" => Self::Mnist(Split::Train),
            "mnist-test" => Self::Mnist(Split::Test),
            folder => Self::Folder(folder.into()),
        })
    }
}

impl Data {
    /// At most `count` images.
    pub fn load(&self, count: usize) -> anyhow::Result<Images> {
        let all = match self {
            Self::Digits => return Ok(digits(count, 0)),
            Self::Mnist(split) => mnist(*split)?,
            Self::Folder(path) => return folder(path, count, None),
        };
        Ok(all.slice(0..count.min(all.len())))
    }

    /// The same of `size` x `size` pixels, to learn from: a folder's images are cut to a square.
    pub fn load_square(&self, count: usize, size: usize) -> anyhow::Result<Images> {
        match self {
            Self::Folder(path) => folder(path, count, Some(size as u32)),
            _ => Ok(self.load(count)?.resized(size, size)),
        }
    }

    /// Real images that scores compare with, as many and as large as generated ones: such as were not
    /// learned from, but where a folder is all there is.
    pub fn beside(&self, count: usize, size: usize) -> anyhow::Result<Images> {
        match self {
            Self::Mnist(_) => Self::Mnist(Split::Test).load_square(count, size),
            Self::Digits => Ok(digits(count, 1).resized(size, size)),
            Self::Folder(_) => self.load_square(count, size),
        }
    }
}

/// Images of a folder, evenly from all of it; of one size, unless they are cut to a square. What is no image
/// is reported, and left out.
fn folder(path: &Path, count: usize, square: Option<u32>) -> anyhow::Result<Images> {
    let all = match ImageFolder::open(path) {
        Err(DataError::NoClasses { .. }) => ImageFolder::flat(path)?,
        folder => folder?,
    };
    let (all, others) = all.recognized();
    others.iter().for_each(|error| println!("left out: {error}"));
    let samples = all.samples();
    let kept = count.min(samples.len());
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for sample in (0..kept).map(|i| &samples[i * samples.len() / kept]) {
        let read = open(&sample.path).and_then(|image| match square {
            Some(side) => resize(&image, Resize::ShortSideCrop { short_side: side, crop: side }),
            None => Ok(image),
        });
        match read {
            Ok(image) => {
                images.push(image);
                labels.push(sample.class);
            }
            Err(error) => println!("left out: {error}"),
        }
    }
    Images::from_images(&images, labels).with_context(|| path.display().to_string())
}

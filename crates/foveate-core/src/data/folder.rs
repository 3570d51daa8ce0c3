//! [`ImageFolder`]: a folder of images, in one folder a class.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use walkdir::{DirEntry, WalkDir};

use super::error::DataError;
use super::prefetch::prefetch;
use crate::image::{self, ImageError, Resize, RgbImage};

/// An image's file, and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The file.
    pub path: PathBuf,
    /// Index among the data set's classes.
    pub class: usize,
}

/// Images with classes: `root/cat/1.jpg`, as torchvision's `ImageFolder`.
///
/// Classes are the folders in `root`, sorted by name; their samples are all files inside, at any
/// depth, sorted by path. Names that start with a dot are passed over, and so are folders that
/// programs leave (`@eaDir`, `__MACOSX`). Links are followed, but for those that lead back to a folder
/// above. Files are opened only when they are used: what turns out to be no image is reported then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFolder {
    root: PathBuf,
    classes: Vec<String>,
    samples: Vec<Sample>,
}

impl ImageFolder {
    /// Lists the classes and files below `root`.
    ///
    /// # Errors
    ///
    /// [`DataError`]: the folder cannot be read, has no class folder, or a class is empty.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, DataError> {
        let root = root.as_ref();
        let mut classes = Vec::new();
        let mut samples = Vec::new();
        for (folder, is_folder) in entries(root, 1)? {
            if !is_folder {
                continue;
            }
            let before = samples.len();
            for (path, is_folder) in entries(&folder, usize::MAX)? {
                if !is_folder {
                    samples.push(Sample { path, class: classes.len() });
                }
            }
            if samples.len() == before {
                return Err(DataError::EmptyClass { folder });
            }
            classes.push(folder.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
        if classes.is_empty() {
            return Err(DataError::NoClasses { root: root.into() });
        }
        Ok(Self { root: root.into(), classes, samples })
    }

    /// Images without classes: the files in `folder` itself, as of one class that is called as the folder.
    ///
    /// # Errors
    ///
    /// [`DataError`]: the folder cannot be read, or has no file.
    pub fn flat(folder: impl AsRef<Path>) -> Result<Self, DataError> {
        let root = folder.as_ref();
        let files = entries(root, 1)?.into_iter().filter(|(_, is_folder)| !is_folder);
        let samples: Vec<_> = files.map(|(path, _)| Sample { path, class: 0 }).collect();
        if samples.is_empty() {
            return Err(DataError::NoFiles { folder: root.into() });
        }
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { root: root.into(), classes: vec![name], samples })
    }

    /// The same without the files that do not begin as images do (`Thumbs.db`, a README), and what each of these
    /// is: for a choice among the images that does not depend on what else is there.
    #[must_use]
    pub fn recognized(mut self) -> (Self, Vec<ImageError>) {
        let mut others = Vec::new();
        self.samples.retain(|sample| {
            let found = image::recognize(&sample.path);
            found.map_err(|error| others.push(error)).is_ok()
        });
        (self, others)
    }

    /// The same, for the second part of a data set: a test set beside its training set.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`DataError::Classes`] if the classes are not `self`'s.
    pub fn open_beside(&self, root: impl AsRef<Path>) -> Result<Self, DataError> {
        let other = Self::open(root)?;
        if other.classes != self.classes {
            return Err(DataError::Classes {
                root: other.root,
                expected: self.classes.clone(),
                found: other.classes,
            });
        }
        Ok(other)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The files, class by class.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Reads all images into memory, on all cores.
    pub fn load(&self, resize: Resize) -> Loaded {
        let mut loaded =
            Loaded { images: vec![], labels: vec![], files: vec![], unreadable: vec![] };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let read = |sample: &Sample| -> Result<_, ImageError> {
            Ok((image::resize(&image::open(&sample.path)?, resize)?, sample.clone()))
        };
        let all: Result<(), Infallible> = prefetch(&self.samples, threads, 16, read, |read| {
            match read {
                Ok((image, sample)) => {
                    loaded.images.push(image);
                    loaded.labels.push(sample.class);
                    loaded.files.push(sample.path);
                }
                Err(error) => loaded.unreadable.push(error),
            }
            Ok(())
        });
        let Ok(()) = all;
        loaded
    }

    /// The first `most` samples of every class: for a quick try.
    #[must_use]
    pub fn limited(mut self, most: usize) -> Self {
        let mut taken = vec![0; self.classes.len()];
        self.samples.retain(|sample| {
            taken[sample.class] += 1;
            taken[sample.class] <= most
        });
        self
    }
}

/// Images in memory, all of one size.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// Every readable image, in the order of the data set.
    pub images: Vec<RgbImage>,
    /// The class of each.
    pub labels: Vec<usize>,
    /// The file of each.
    pub files: Vec<PathBuf>,
    /// Files that are no images, or damaged ones.
    pub unreadable: Vec<ImageError>,
}

/// Folders that file servers and archives leave among others.
const LEFT: [&str; 2] = ["@eaDir", "__MACOSX"];

/// What is in a folder, to some depth, sorted by name: a path, and whether it is a folder.
fn entries(folder: &Path, depth: usize) -> Result<Vec<(PathBuf, bool)>, DataError> {
    // Of a file, a walk finds nothing.
    fs::read_dir(folder).map_err(|reason| DataError::Io { path: folder.into(), reason })?;
    let walk = WalkDir::new(folder).min_depth(1).max_depth(depth).follow_links(true);
    let taken = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        let left = name.starts_with('.') || LEFT.contains(&&*name);
        entry.depth() == 0 || !left && !leads_back(entry)
    };
    let entries = walk.sort_by_file_name().into_iter().filter_entry(taken);
    let listed = entries.filter_map(|entry| match entry {
        Ok(entry) => Some(Ok((entry.path().into(), entry.file_type().is_dir()))),
        Err(error) if error.loop_ancestor().is_some() => {
            log::warn!("{error}; it is not followed");
            None
        }
        // A broken link, or a folder that may not be read: an image that cannot be read, and is reported then.
        Err(error) if error.depth() > 0 && error.path().is_some_and(|path| path != folder) => {
            Some(Ok((error.path().unwrap_or(folder).into(), false)))
        }
        Err(error) => {
            let path = error.path().unwrap_or(folder).into();
            Some(Err(DataError::Io { path, reason: error.into() }))
        }
    });
    listed.collect()
}

/// Whether this is a link to a folder that it stands in, however deep and by whatever links.
fn leads_back(entry: &DirEntry) -> bool {
    if !entry.path_is_symlink() || !entry.file_type().is_dir() {
        return false;
    }
    let Ok(target) = entry.path().canonicalize() else { return false };
    let mut above = entry.path().ancestors().skip(1).filter_map(|path| path.canonicalize().ok());
    let back = above.any(|above| above.starts_with(&target));
    if back {
        log::warn!(
            "{}: leads back to {}; it is not followed",
            entry.path().display(),
            target.display()
        );
    }
    back
}

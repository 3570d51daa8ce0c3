//! Data to learn from: folders of images, one a class; digits; images decoded ahead of their use.
//!
//! - [`ImageFolder`]: images of your own, in files; [`scene15()`], a data set of such.
//! - [`Images`]: many small images of one size in memory: [`mnist()`], [`mnist_m()`], and [`digits()`] and
//!   [`colored_digits()`], which are drawn and never downloaded.
//! - [`TwoDomains`]: a source with labels and a target to adapt to.
//!
//! Files are looked for below the folder that the environment variable `FOVEATE_DATA` names, then in the
//! [cache folder](crate::models::weights::cache_folder). What is missing is an error that says what to put where.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::data::digits;
//!
//! let set = digits(100, 0);
//! assert_eq!((set.len(), set.height, set.width, set.channels), (100, 28, 28, 1));
//! assert_eq!(set.labels, digits(100, 0).labels); // same seed, same digits
//! assert_eq!(set.grid(10).dimensions(), (280, 280)); // set.grid(10).save("digits.png")
//! ```
//!
//! One folder a class, `images/cat/1.png`; a file that is no image is reported, and stops nothing:
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::data::ImageFolder;
//! use foveate::image::{Resize, RgbImage};
//! use std::fs;
//!
//! let images = std::env::temp_dir().join(format!("foveate-data-{}", std::process::id()));
//! for class in ["cat", "dog"] {
//!     fs::create_dir_all(images.join(class))?;
//!     RgbImage::new(40, 30).save(images.join(class).join("1.png"))?;
//! }
//! fs::write(images.join("dog/2.png"), "a bone")?;
//!
//! let folder = ImageFolder::open(&images)?;
//! assert_eq!(folder.classes(), ["cat", "dog"]);
//! let loaded = folder.load(Resize::Exact { height: 32, width: 32 });
//! assert_eq!((loaded.labels, loaded.unreadable.len()), (vec![0, 1], 1));
//! # fs::remove_dir_all(&images)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dataset_roots;
mod digits;
mod error;
mod folder;
mod images;
mod mnist;
mod mnist_m;
mod prefetch;
mod scene15;
mod two_domains;

pub use digits::{colored_digits, digits};
pub use error::DataError;
pub use folder::{ImageFolder, Loaded, Sample};
pub use images::Images;
pub use mnist::{Split, idx_images, mnist};
pub use mnist_m::{Binarization, bsds500, mnist_m, photographs};
pub use prefetch::prefetch;
pub use scene15::scene15;
pub use two_domains::TwoDomains;

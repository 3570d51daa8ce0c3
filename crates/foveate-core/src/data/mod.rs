//! Data to learn from: folders of pictures, one a class; digits; pictures decoded ahead of their use.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::data::digits;
//!
//! let set = digits(100, 0);
//! assert_eq!((set.len(), set.height, set.width, set.channels), (100, 28, 28, 1));
//! assert_eq!(set.labels, digits(100, 0).labels); // same seed, same digits
//! ```

mod ahead;
mod digits;
mod error;
mod folder;
mod mnist;
mod mnist_m;
mod pictures;
mod places;
mod scene15;
mod two_domains;

pub use ahead::ahead;
pub use digits::{coloured_digits, digits};
pub use error::DataError;
pub use folder::{ImageFolder, Loaded, Sample};
pub use mnist::{Split, idx_pictures, mnist};
pub use mnist_m::{Ink, bsds500, mnist_m, photographs};
pub use pictures::Pictures;
pub use scene15::scene15;
pub use two_domains::TwoDomains;

//! How good is a map? Measures of attributions, one paper a file.
//!
//! A map is of the input's shape `[n, c, h, w]`, or `[n, 1, h, w]`; where a measure takes one number
//! for each pixel, it is the sum over the channels. All measures give one number for each image.
//!
//! - does it add up: [`completeness_delta`];
//! - do its pixels decide: [`Deletion`], [`Insertion`], [`AverageDrop`], [`Infidelity`];
//! - does it hold still: [`SensitivityMax`];
//! - does it show the network at all, and the object: [`cascading_randomization`], [`pointing_game`].
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::explain::metrics::Deletion;
//! use foveate::explain::{Attribution, InputXGradient, Target};
//! use foveate::models::LeNet;
//!
//! let device = Device::default();
//! let classifier = LeNet::digits(&device)?;
//! let pixels = classifier.preprocessing().pixels(&digits(2, 0).images(), &device)?;
//! let (x, target) = (pixels.tensor(), Target::Predicted);
//! let map = InputXGradient.attribute(&classifier, x, &target)?;
//! let deletion = Deletion { steps: 28, ..Default::default() };
//! let good = deletion.curve(&classifier, &map, x, &target)?;
//! let bad = deletion.curve(&classifier, &map.neg(), x, &target)?; // the least important first
//! for (good, bad) in good.areas.iter().zip(&bad.areas) {
//!     assert!(good < bad, "what the map calls important is missed sooner");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod average_drop;
mod completeness;
mod curve;
mod infidelity;
mod localization;
mod pointing;
mod randomization;
mod sensitivity;
mod spearman;

use burn::tensor::Tensor;

pub use average_drop::{AverageDrop, Confidences};
pub use completeness::completeness_delta;
pub use curve::{Curve, Deletion, Insertion};
pub use infidelity::{Infidelity, infidelity};
pub use localization::{BoundingBox, Localization, Localizer};
pub use pointing::pointing_game;
pub use randomization::{RandomizedLayer, cascading_randomization};
pub use sensitivity::{SensitivityMax, sensitivity_max};
pub use spearman::spearman;

use super::error::ExplainError;
use super::model::values;

/// The values of a map for an input of this shape, detached.
fn checked_map(
    map: &Tensor<4>,
    [n, c, h, w]: [usize; 4],
    one_channel: bool,
) -> Result<Vec<f32>, ExplainError> {
    let found = map.dims();
    if found != [n, c, h, w] && !(one_channel && found == [n, 1, h, w]) {
        let full = format!("the input's, [{n}, {c}, {h}, {w}]");
        let expected = if one_channel { format!("{full}, or [{n}, 1, {h}, {w}]") } else { full };
        return Err(ExplainError::MapShape { found, expected });
    }
    let values = values(map);
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, &value)) => Err(ExplainError::MapNotFinite { index, value }),
        None => Ok(values),
    }
}

/// The sums over the channels of a map, `h * w` values for each image.
pub(super) fn pixel_values(
    map: &Tensor<4>,
    input: [usize; 4],
) -> Result<Vec<Vec<f32>>, ExplainError> {
    let values = checked_map(map, input, true)?;
    let [_, channels, h, w] = map.dims();
    let summed =
        |image: &[f32]| (0..h * w).map(|i| image.iter().skip(i).step_by(h * w).sum()).collect();
    Ok(values.chunks_exact(channels * h * w).map(summed).collect())
}

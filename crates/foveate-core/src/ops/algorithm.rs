//! The choice between the fastest convolutions and exact ones.

use std::cell::Cell;

#[cfg(any(feature = "ndarray", feature = "flex"))]
use foveate_ndarray as cpu;

/// How convolutions are summed up on the CPU backends; see [`with_algorithm`]. On a GPU there is one way.
///
/// The environment variable `FOVEATE_ALGORITHM` (`fastest`, `exact`, `direct`, `winograd2`, `winograd4`) chooses
/// for the whole process, whatever a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Whatever is fastest. Where that is Winograd's F(4x4), the error is about 1e-5 of the largest output in the
    /// neighborhood, also where the output itself is small.
    Fastest,
    /// Errors of at most 5e-6 of the largest output, as PyTorch's.
    Exact,
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
impl From<Algorithm> for cpu::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Fastest => Self::Fastest,
            Algorithm::Exact => Self::Exact,
        }
    }
}

thread_local! {
    static CHOSEN: Cell<Option<Algorithm>> = const { Cell::new(None) };
}

/// Runs a function whose convolutions, on this thread, go by an algorithm; their gradients too, whenever those are
/// computed. Of calls inside one another the innermost holds.
///
/// Without it, [`explain`](crate::explain) is [`Exact`](Algorithm::Exact) in all that follows a gradient, and
/// everything else is [`Fastest`](Algorithm::Fastest).
///
/// ```
/// # use foveate_core as foveate;
/// use foveate::burn::tensor::{Device, Tensor};
/// use foveate::explain::{Attribution, Saliency, Target};
/// use foveate::models::LeNet;
/// use foveate::ops::{Algorithm, with_algorithm};
///
/// let classifier = LeNet::digits(&Device::default())?;
/// let pixels = Tensor::<4>::full([1, 3, 28, 28], 0.5, &Device::default());
/// let map = with_algorithm(Algorithm::Fastest, || {
///     Saliency.attribute(&classifier, &pixels, &Target::Predicted)
/// })?;
/// # assert_eq!(map.dims(), [1, 3, 28, 28]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn with_algorithm<T>(algorithm: Algorithm, run: impl FnOnce() -> T) -> T {
    /// Also where `run` panics.
    struct Restore(Option<Algorithm>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CHOSEN.set(self.0);
        }
    }
    let _restore = Restore(CHOSEN.replace(Some(algorithm)));
    run()
}

/// [`with_algorithm`] with exact sums, unless the caller has chosen.
pub(crate) fn exact<T>(run: impl FnOnce() -> T) -> T {
    with_algorithm(CHOSEN.get().unwrap_or(Algorithm::Exact), run)
}

/// The options of a convolution, and the algorithm of this moment: its gradients are computed later.
#[derive(Debug, Clone)]
pub(crate) struct Planned<O> {
    pub options: O,
    #[cfg_attr(not(any(feature = "ndarray", feature = "flex")), expect(dead_code))]
    pub algorithm: Algorithm,
}

impl<O> Planned<O> {
    pub fn now(options: O) -> Self {
        Self { options, algorithm: CHOSEN.get().unwrap_or(Algorithm::Fastest) }
    }
}

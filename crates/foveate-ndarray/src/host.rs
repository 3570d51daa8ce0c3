//! Tensors in main memory, seen as slices.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use burn::backend::TensorMetadata;
use burn::tensor::Shape;
#[cfg(any(feature = "ndarray", feature = "flex"))]
use burn::tensor::TensorData;
use rayon::prelude::*;

/// A CPU backend's tensor. The kernels take those of `f32`; the others are left to burn.
pub trait HostTensor: TensorMetadata + Sized {
    /// The values in row-major order, copied only if they lie otherwise; `None` unless `f32`.
    fn values(&self) -> Option<Cow<'_, [f32]>>;

    /// The values in row-major order, copied only if another tensor shares them or they lie
    /// otherwise.
    ///
    /// # Errors
    ///
    /// The tensor itself, unless its values are `f32`.
    fn into_values(self) -> Result<Vec<f32>, Self>;

    /// A tensor of these values, which are not copied.
    fn from_values(values: Vec<f32>, shape: impl Into<Shape>) -> Self;
}

#[cfg(feature = "ndarray")]
#[allow(deprecated)]
impl HostTensor for burn_ndarray::NdArrayTensor {
    fn values(&self) -> Option<Cow<'_, [f32]>> {
        let Self::F32(storage) = self else { return None };
        let view = storage.view();
        Some(match view.to_slice() {
            Some(values) => Cow::Borrowed(values),
            None => {
                let (values, _) = view.as_standard_layout().into_owned().into_raw_vec_and_offset();
                Cow::Owned(values)
            }
        })
    }

    fn into_values(self) -> Result<Vec<f32>, Self> {
        match self {
            Self::F32(storage) if storage.is_unique() && storage.view().is_standard_layout() => {
                let len = storage.len();
                match storage.into_owned().into_owned().into_raw_vec_and_offset() {
                    (values, _) if values.len() == len => Ok(values),
                    (values, start) => {
                        let start = start.unwrap_or(0);
                        Ok(values[start..start + len].to_vec())
                    }
                }
            }
            tensor => tensor.values().map(Cow::into_owned).ok_or(tensor),
        }
    }

    fn from_values(values: Vec<f32>, shape: impl Into<Shape>) -> Self {
        Self::from_data(TensorData::new(values, shape))
    }
}

#[cfg(feature = "flex")]
impl HostTensor for burn::backend::flex::FlexTensor {
    fn values(&self) -> Option<Cow<'_, [f32]>> {
        match self.as_slice() {
            Some(values) => Some(Cow::Borrowed(values)),
            None => self.clone().into_values().ok().map(Cow::Owned),
        }
    }

    fn into_values(self) -> Result<Vec<f32>, Self> {
        match TensorMetadata::dtype(&self) {
            burn::tensor::DType::F32 => {
                Ok(self.into_data().try_into_vec().expect("the values are f32"))
            }
            _ => Err(self),
        }
    }

    fn from_values(values: Vec<f32>, shape: impl Into<Shape>) -> Self {
        Self::from_data(TensorData::new(values, shape))
    }
}

/// Room for `len` values that a kernel overwrites.
pub(crate) fn room(len: usize) -> Vec<f32> {
    // One thread clears 256 KiB in less time than it takes to wake another.
    const PART: usize = 1 << 16;
    let mut values = Vec::with_capacity(len);
    let spare = &mut values.spare_capacity_mut()[..len];
    if len > PART {
        spare.par_chunks_mut(PART).for_each(|part| part.fill(MaybeUninit::new(0.0)));
    } else {
        spare.fill(MaybeUninit::new(0.0));
    }
    // SAFETY: these values have just been written.
    unsafe { values.set_len(len) };
    values
}

#[cfg(all(test, feature = "ndarray", feature = "flex"))]
#[allow(deprecated)]
mod tests {
    use burn::backend::tensor::FloatTensor;
    use burn::backend::{Backend, Flex, NdArray};

    use super::*;

    fn check<B: Backend>()
    where
        FloatTensor<B>: HostTensor,
    {
        let values: Vec<f32> = (0..6).map(|i| i as f32).collect();
        let address = values.as_ptr();

        let tensor = FloatTensor::<B>::from_values(values, [2, 3]);
        assert_eq!(tensor.shape().dims(), [2, 3]);
        assert_eq!(tensor.values().unwrap().as_ptr(), address, "reading copies nothing");

        let swapped = B::float_swap_dims(tensor.clone(), 0, 1);
        assert_eq!(*swapped.values().unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(swapped.into_values().unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);

        let shared = tensor.clone().into_values().unwrap();
        assert_ne!(shared.as_ptr(), address, "shared values are copied");
        let moved = tensor.into_values().unwrap();
        assert_eq!(moved.as_ptr(), address, "others are moved");

        let doubles = TensorData::new(vec![1.0_f64], [1]);
        let doubles = B::float_from_data(doubles, &Default::default());
        assert!(doubles.values().is_none() && doubles.into_values().is_err());
    }

    #[test]
    fn ndarray_tensors_are_slices() {
        check::<NdArray>();
    }

    #[test]
    fn flex_tensors_are_slices() {
        check::<Flex>();
    }
}

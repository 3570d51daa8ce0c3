#![doc = include_str!("../../README.md")]

mod device;

pub use burn;
pub use device::{Chosen, DeviceError, compiled, device};
pub use foveate_core::{
    SettingError, adapt, data, explain, generate, image, models, ops, train, transfer,
};

/// The adapters that wgpu finds on this machine.
#[cfg(feature = "wgpu")]
pub mod adapters {
    pub use foveate_wgpu::{Adapter, AdapterError, Backend, DeviceType, adapters};
}

/// What most programs need: `use foveate::prelude::*`.
pub mod prelude {
    pub use burn::tensor::{Device, Tensor};

    pub use crate::image::{Pixels, Preprocessing, Resize, RgbImage};
    pub use crate::models::{Architecture, Classifier, Network, Prediction, Pretrained};
}

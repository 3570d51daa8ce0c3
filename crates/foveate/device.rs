//! The choice of a device at run time.

use std::fmt;

use burn::tensor::Device;

/// A device that computes, and what it is.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// burn's device.
    pub device: Device,
    /// `ndarray`, `flex`, or the adapter's name, kind and graphics API.
    pub description: String,
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)
    }
}

/// No device for a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The name is of no device.
    #[error(
        "no device is named `{0}`; expected auto, ndarray, flex, wgpu (the first GPU), wgpu:N (adapter N of \
             the `devices` example) or wgpu:cpu"
    )]
    Unknown(String),
    /// The backend is left out of this build.
    #[error("this build has no {backend} backend; build with `--features {backend}` (compiled in: {})",
        list(&compiled()))]
    NotCompiled {
        /// The Cargo feature that is missing.
        backend: &'static str,
    },
    /// There is no such adapter, or no driver for it.
    #[cfg(feature = "wgpu")]
    #[error(transparent)]
    Adapter(#[from] foveate_wgpu::AdapterError),
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// The backends compiled in.
pub fn compiled() -> Vec<&'static str> {
    let features = [
        ("ndarray", cfg!(feature = "ndarray")),
        ("flex", cfg!(feature = "flex")),
        ("wgpu", cfg!(feature = "wgpu")),
    ];
    features.into_iter().filter_map(|(name, present)| present.then_some(name)).collect()
}

/// The device of a name:
///
/// | name | device |
/// |---|---|
/// | `auto` | a GPU if there is one, else `flex`, else `ndarray` |
/// | `ndarray` | the CPU through burn-ndarray |
/// | `flex` | the CPU through burn-flex |
/// | `wgpu` | the first GPU, a discrete one if there is one |
/// | `wgpu:1` | the adapter of this index in the list of the `devices` example |
/// | `wgpu:cpu` | a software rasterizer |
///
/// # Errors
///
/// [`DeviceError`]: an unknown name, a backend that is not compiled in, an adapter or driver that
/// is not there.
pub fn device(name: &str) -> Result<Chosen, DeviceError> {
    match name {
        "auto" => auto(),
        "ndarray" => ndarray(),
        "flex" => flex(),
        name => match name.strip_prefix("wgpu") {
            Some(adapter) => wgpu(name, adapter),
            None => Err(DeviceError::Unknown(name.into())),
        },
    }
}

fn auto() -> Result<Chosen, DeviceError> {
    wgpu("wgpu", "").or_else(|no_gpu| {
        log::info!("{no_gpu}");
        flex().or_else(|_| ndarray()).or(Err(no_gpu))
    })
}

#[cfg(feature = "ndarray")]
fn ndarray() -> Result<Chosen, DeviceError> {
    Ok(Chosen { device: foveate_ndarray::ndarray(), description: "ndarray (CPU)".into() })
}

#[cfg(not(feature = "ndarray"))]
fn ndarray() -> Result<Chosen, DeviceError> {
    Err(DeviceError::NotCompiled { backend: "ndarray" })
}

#[cfg(feature = "flex")]
fn flex() -> Result<Chosen, DeviceError> {
    Ok(Chosen { device: foveate_ndarray::flex(), description: "flex (CPU)".into() })
}

#[cfg(not(feature = "flex"))]
fn flex() -> Result<Chosen, DeviceError> {
    Err(DeviceError::NotCompiled { backend: "flex" })
}

#[cfg(feature = "wgpu")]
fn wgpu(name: &str, adapter: &str) -> Result<Chosen, DeviceError> {
    use foveate_wgpu::Selection;
    let selection = match adapter {
        "" => Selection::Gpu,
        ":cpu" => Selection::Software,
        index => match index.strip_prefix(':').and_then(|index| index.parse().ok()) {
            Some(index) => Selection::Index(index),
            None => return Err(DeviceError::Unknown(name.into())),
        },
    };
    let (device, adapter) = foveate_wgpu::device(selection)?;
    Ok(Chosen { device, description: format!("wgpu ({adapter})") })
}

#[cfg(not(feature = "wgpu"))]
fn wgpu(_name: &str, _adapter: &str) -> Result<Chosen, DeviceError> {
    Err(DeviceError::NotCompiled { backend: "wgpu" })
}

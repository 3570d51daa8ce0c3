//! The GPU backend of [`foveate`](https://docs.rs/foveate): the adapters of this machine, the choice
//! among them, and burn's wgpu device on the chosen one.
//!
//! Adapters are looked at before burn is asked for a device, so that a machine without a GPU or a
//! driver is an error with a reason, not a panic at the first tensor.
//!
//! ```
//! use foveate_wgpu::{AdapterError, Selection, adapters, device};
//!
//! for (i, adapter) in adapters().iter().enumerate() {
//!     println!("wgpu:{i}  {adapter}");
//! }
//! // One after the last: an error that names those there are.
//! match device(Selection::Index(adapters().len())) {
//!     Err(AdapterError::NotFound { found, .. }) => assert_eq!(found, adapters()),
//!     Err(AdapterError::None) => assert!(adapters().is_empty()),
//!     other => panic!("{other:?}"),
//! }
//! ```

use std::fmt;
use std::sync::{LazyLock, Mutex};

use burn::tensor::{Device, DeviceKind};
use burn_wgpu::WgpuBackend;
pub use burn_wgpu::wgpu::{Backend, DeviceType};
use burn_wgpu::wgpu::{Backends, Instance, InstanceDescriptor};

/// A GPU, or a program that stands in for one, as one graphics API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// Its name, as the driver gives it.
    pub name: String,
    /// Discrete, integrated, virtual, or a software rasterizer on the CPU.
    pub kind: DeviceType,
    /// Vulkan, Metal, DirectX 12 or OpenGL.
    pub api: Backend,
    /// Driver and version, where the API tells.
    pub driver: String,
    /// The largest buffer the adapter allows, in bytes; wgpu does not tell how much memory there is.
    pub max_buffer_bytes: u64,
    /// How many adapters of the same kind come before it on the same API.
    nth_of_kind: usize,
}

impl Adapter {
    /// Whether this is a rasterizer that runs on the CPU, such as Mesa's llvmpipe.
    pub fn is_software(&self) -> bool {
        self.kind == DeviceType::Cpu
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DeviceType::DiscreteGpu => "discrete GPU",
            DeviceType::IntegratedGpu => "integrated GPU",
            DeviceType::VirtualGpu => "virtual GPU",
            DeviceType::Cpu => "software on the CPU",
            DeviceType::Other => "unknown kind",
        };
        let mebibytes = self.max_buffer_bytes >> 20;
        write!(f, "{}, {kind}, {:?}", self.name, self.api)?;
        if !self.driver.is_empty() {
            write!(f, ", {}", self.driver)?;
        }
        write!(f, ", buffers up to {mebibytes} MiB")
    }
}

/// Which adapter is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// The first GPU in the list of [`adapters`], a discrete one if there is one.
    Gpu,
    /// The adapter of this index in the list.
    Index(usize),
    /// The first software rasterizer in the list.
    Software,
}

/// No device for the selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// No graphics API shows any adapter.
    #[error(
        "no graphics adapter found through Vulkan, Metal, DirectX 12 or OpenGL; install the GPU's driver (on \
         Linux its Vulkan driver; mesa-vulkan-drivers has one that runs on the CPU, wgpu:cpu)"
    )]
    None,
    /// There are adapters, but not the one asked for.
    #[error("{wanted}; this machine has:{}", list(.found))]
    NotFound {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: Vec<Adapter>,
    },
    /// The adapter's driver gave no device.
    #[error("the driver of {adapter} gives no device: {reason}")]
    Driver {
        /// The adapter.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
}

fn list(adapters: &[Adapter]) -> String {
    adapters.iter().enumerate().map(|(i, adapter)| format!("\n  wgpu:{i}  {adapter}")).collect()
}

/// The adapters of this machine, on every graphics API it has, best API first; OpenGL only where no
/// other API shows a GPU. One GPU may show up on two APIs.
///
/// They are looked for once in a process: the Vulkan loader crashes when instances come and go on
/// several threads at once.
///
/// ```
/// # mod foveate {
/// #     pub use foveate_wgpu as adapters;
/// # }
/// use foveate::adapters::adapters;
///
/// // `foveate::device("wgpu:1")` takes the second.
/// for (i, adapter) in adapters().iter().enumerate() {
///     println!("wgpu:{i}  {}, buffers up to {} bytes", adapter.name, adapter.max_buffer_bytes);
/// }
/// let gpus = adapters().iter().filter(|adapter| !adapter.is_software()).count();
/// assert!(gpus <= adapters().len());
/// ```
pub fn adapters() -> &'static [Adapter] {
    static FOUND: LazyLock<Vec<Adapter>> = LazyLock::new(enumerate);
    &FOUND
}

fn enumerate() -> Vec<Adapter> {
    let apis = [Backend::Vulkan, Backend::Metal, Backend::Dx12, Backend::Gl];
    let compiled = Instance::enabled_backend_features();
    let mut found: Vec<Adapter> = Vec::new();
    for api in apis.into_iter().filter(|&api| compiled.contains(api.into())) {
        // OpenGL shows the same GPUs with less to offer.
        if api == Backend::Gl && found.iter().any(|adapter| !adapter.is_software()) {
            continue;
        }
        let instance = Instance::new(InstanceDescriptor {
            backends: api.into(),
            ..InstanceDescriptor::new_without_display_handle()
        });
        for adapter in pollster::block_on(instance.enumerate_adapters(Backends::from(api))) {
            let info = adapter.get_info();
            let kind = info.device_type;
            let nth_of_kind = found.iter().filter(|a| a.api == api && a.kind == kind).count();
            let driver = format!("{} {}", info.driver, info.driver_info).trim().to_string();
            let max_buffer_bytes = adapter.limits().max_buffer_size;
            found.push(Adapter {
                name: info.name,
                kind,
                api,
                driver,
                max_buffer_bytes,
                nth_of_kind,
            });
        }
    }
    found
}

/// burn's device on the selected adapter, and the adapter.
///
/// # Errors
///
/// [`AdapterError`] says what was found instead.
pub fn device(selection: Selection) -> Result<(Device, Adapter), AdapterError> {
    let found = adapters();
    if found.is_empty() {
        return Err(AdapterError::None);
    }
    let chosen = match selection {
        Selection::Gpu => {
            let gpus = found.iter().filter(|adapter| !adapter.is_software());
            gpus.min_by_key(|adapter| adapter.kind != DeviceType::DiscreteGpu)
        }
        Selection::Software => found.iter().find(|adapter| adapter.is_software()),
        Selection::Index(index) => found.get(index),
    };
    let Some(adapter) = chosen.cloned() else {
        let wanted = match selection {
            Selection::Gpu => "no GPU found (wgpu:cpu runs on a software rasterizer)".into(),
            Selection::Software => {
                "no software rasterizer found (mesa-vulkan-drivers has one)".into()
            }
            Selection::Index(index) => format!("there is no adapter wgpu:{index}"),
        };
        return Err(AdapterError::NotFound { wanted, found: found.to_vec() });
    };
    Ok((initialize(&adapter)?, adapter))
}

/// burn registers an adapter once in a process; later calls get the same device.
fn initialize(adapter: &Adapter) -> Result<Device, AdapterError> {
    static READY: Mutex<Vec<(Adapter, Device)>> = Mutex::new(Vec::new());
    let mut ready = READY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some((_, device)) = ready.iter().find(|(known, _)| known == adapter) {
        return Ok(device.clone());
    }
    let kind = match adapter.kind {
        DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(adapter.nth_of_kind),
        DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(adapter.nth_of_kind),
        DeviceType::VirtualGpu => DeviceKind::VirtualGpu(adapter.nth_of_kind),
        // burn cannot name the second of these kinds.
        DeviceType::Cpu | DeviceType::Other if adapter.nth_of_kind > 0 => {
            let reason = "burn reaches only the first adapter of its kind".into();
            return Err(AdapterError::Driver { adapter: adapter.to_string(), reason });
        }
        DeviceType::Cpu => DeviceKind::Cpu,
        DeviceType::Other => DeviceKind::DefaultDevice,
    };
    let api = match adapter.api {
        Backend::Metal => WgpuBackend::Metal,
        Backend::Dx12 => WgpuBackend::Dx12,
        Backend::Gl => WgpuBackend::Gl,
        _ => WgpuBackend::Vulkan,
    };
    let device =
        Device::wgpu_options().device_kind(kind).graphics_api(api).init().map_err(|reason| {
            AdapterError::Driver { adapter: adapter.to_string(), reason: reason.to_string() }
        })?;
    ready.push((adapter.clone(), device.clone()));
    Ok(device)
}

//! The choice of a device.

use foveate::burn::tensor::Tensor;
use foveate::{DeviceError, compiled, device};

use crate::support::devices::all;

#[test]
fn every_device_computes() {
    for chosen in all() {
        let sum = Tensor::<1>::from_floats([1.0, 2.0, 3.5], &chosen.device).sum();
        assert_eq!(sum.into_scalar::<f32>(), 6.5, "{chosen}");
    }
}

#[test]
fn unknown_names_say_what_is_expected() {
    for name in ["", "cuda", "wgpu1", "wgpu:x", "wgpu:-1", "NDARRAY"] {
        let text = device(name).unwrap_err().to_string();
        assert!(text.contains("expected auto") || text.contains("--features"), "{name}: {text}");
    }
}

#[test]
fn missing_backend_names_its_feature() {
    for backend in ["ndarray", "flex", "wgpu"] {
        if !compiled().contains(&backend) {
            assert_eq!(device(backend).unwrap_err(), DeviceError::NotCompiled { backend });
        }
    }
}

#[cfg(feature = "wgpu")]
#[test]
fn missing_adapter_lists_what_there_is() {
    let text = device("wgpu:999").unwrap_err().to_string();
    let adapters = foveate::adapters::adapters();
    assert!(adapters.iter().all(|adapter| text.contains(&adapter.name)), "{text}");
    if adapters.is_empty() {
        assert!(text.contains("driver"), "{text}");
    }
}

#[test]
fn auto_finds_a_device() {
    assert!(!device("auto").unwrap().description.is_empty());
}

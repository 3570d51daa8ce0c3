//! The devices under test, and their choice.

use std::env;
use std::sync::LazyLock;

use foveate::burn::tensor::{Device, Tensor, TensorData};
use foveate::{Chosen, compiled, device};

use super::tell;

/// The device that `FOVEATE_DEVICE` names, or else every backend compiled in: ndarray, flex, and
/// wgpu on a GPU or, without one, on a software rasterizer. What is missing is named and left out.
pub fn all() -> &'static [Chosen] {
    static DEVICES: LazyLock<Vec<Chosen>> = LazyLock::new(|| {
        if let Ok(name) = env::var("FOVEATE_DEVICE") {
            return vec![device(&name).unwrap()];
        }
        let mut found = Vec::new();
        for name in compiled() {
            let chosen = match name {
                "wgpu" => device("wgpu").or_else(|_| device("wgpu:cpu")),
                name => device(name),
            };
            match chosen {
                Ok(chosen) => found.push(chosen),
                Err(error) => tell(&format!("SKIPPED on {name}: {error}")),
            }
        }
        found
    });
    &DEVICES
}

/// Those of [`all`] whose time does not count: a software rasterizer takes minutes for what they do in a second.
pub fn on_the_cpu() -> impl Iterator<Item = &'static Chosen> {
    all().iter().filter(|chosen| !chosen.description.starts_with("wgpu"))
}

/// Whether a device is a software rasterizer: there each operation of each shape is another program to compile, for
/// a second or more, so that tests take few.
pub fn is_slow(chosen: &Chosen) -> bool {
    chosen.description.contains("llvmpipe")
}

/// A fast device for tests that are not about the backend.
pub fn any() -> Device {
    let fast = all().iter().find(|chosen| chosen.description.starts_with("flex"));
    fast.unwrap_or(&all()[0]).device.clone()
}

/// What `run` gives in a pool of so many threads.
pub fn on_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

/// Random 64 bits from a seed, of which the higher are the better: Knuth's MMIX generator.
pub fn knuth(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state
    }
}

/// Standard normal values from a seed, the same on every device and in every order of the tests.
pub fn noise<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut random = knuth(seed);
    let mut uniform = || (random() >> 40) as f32 / (1 << 24) as f32;
    let normal = |_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0;
    let values: Vec<f32> = (0..shape.iter().product()).map(normal).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

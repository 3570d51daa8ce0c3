//! Files of tests/golden, and networks with the weights that their scripts give them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use foveate::burn::module::{Flag, Module, ModuleMapper, Param};
use foveate::burn::tensor::{Device, TensorData};
use foveate::models::{AnyNetwork, Architecture, Network, weights};
use safetensors::tensor::{Dtype, TensorView};

use crate::support::close::values;

pub fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The f32 and f64 tensors of a safetensors file.
pub fn tensors(path: &Path) -> BTreeMap<String, TensorData> {
    let bytes = fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let read = |(name, view): (&str, TensorView<'_>)| {
        let shape = view.shape().to_vec();
        let data = match view.dtype() {
            Dtype::F32 => {
                let values = view.data().as_chunks().0.iter().map(|&b| f32::from_le_bytes(b));
                TensorData::new(values.collect::<Vec<_>>(), shape)
            }
            Dtype::F64 => {
                let values = view.data().as_chunks().0.iter().map(|&b| f64::from_le_bytes(b));
                TensorData::new(values.collect::<Vec<_>>(), shape)
            }
            _ => return None,
        };
        Some((name.to_string(), data))
    };
    file.iter().filter_map(read).collect()
}

/// The tensors of a file in tests/golden.
pub fn golden_tensors(name: &str) -> BTreeMap<String, TensorData> {
    tensors(&golden_folder().join(name))
}

/// A narrow network of ten classes, with the weights of a file in tests/golden/networks.
pub fn narrow(
    architecture: Architecture,
    divisor: usize,
    file: &str,
    device: &Device,
) -> AnyNetwork {
    let network = architecture.init_with_width_divisor(divisor, device).with_classes(10);
    weights::load(network, golden_folder().join("networks").join(file)).unwrap()
}

/// Numbers in `[-1, 1)` from their places, as in dann.py and gan.py.
pub fn hashed(count: usize, seed: u32) -> Vec<f64> {
    let number = |i: usize| {
        let mut x = (i as u32).wrapping_mul(0x9E37_79B1).wrapping_add(seed);
        x = (x ^ (x >> 15)).wrapping_mul(0x85EB_CA77);
        x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE3D);
        f64::from(x ^ (x >> 16)) / f64::from(1_u32 << 31) - 1.0
    };
    (0..count).map(number).collect()
}

/// Parameters and running statistics by PyTorch's names.
pub fn state<M: Module>(network: &M) -> BTreeMap<String, TensorData> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("network");
    weights::save(&network.valid(), &file).unwrap();
    tensors(&file)
}

/// As [`state`], bit by bit.
pub fn bits<M: Module>(network: &M) -> BTreeMap<String, Vec<u32>> {
    let bits = |data| values(data).into_iter().map(f32::to_bits).collect();
    state(network).into_iter().map(|(name, data)| (name, bits(data))).collect()
}

/// A network with the weights of dann.py and gan.py: `parts` in PyTorch's order, from a seed on.
pub fn hashed_weights<M: Module>(network: M, parts: &[&str], first: u32) -> M {
    let mut named = state(&network);
    let part = |name: &str| parts.iter().position(|part| name.starts_with(part));
    let place = |name: &str| name.split('.').nth(1).unwrap().parse::<usize>().unwrap();
    // Without running statistics.
    let mut names: Vec<_> =
        named.keys().filter(|name| !name.contains("running")).cloned().collect();
    names.sort_by_key(|name| (part(name), place(name), name.ends_with("bias")));
    for (number, name) in (first..).zip(&names) {
        let shape = named[name].shape().to_vec();
        let fan: usize = if shape.len() > 1 { shape[1..].iter().product() } else { 100 };
        let norm = shape.len() == 1 && name.ends_with("weight");
        let start = if norm { 1.0 } else { 0.0 };
        let values = hashed(shape.iter().product(), number).into_iter();
        let values = values.map(|value| (value / (fan as f64).sqrt() + start) as f32);
        named.insert(name.clone(), TensorData::new(values.collect::<Vec<_>>(), shape));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.safetensors");
    let views = named.iter().map(|(name, data)| {
        (name, TensorView::new(Dtype::F32, data.shape().to_vec(), data.as_bytes()).unwrap())
    });
    safetensors::serialize_to_file(views, None, &file).unwrap();
    weights::load(network, &file).unwrap()
}

/// Takes dropouts, and nothing else, out of training.
pub fn without_dropout<M: Module>(network: M) -> M {
    #[derive(Default)]
    struct NoDropout(Vec<String>);

    impl ModuleMapper for NoDropout {
        fn enter_module(&mut self, _name: &str, container: &str) {
            self.0.push(container.into());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.0.pop();
        }

        fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
            if self.0.iter().any(|kind| kind == "Struct:Dropout") {
                flag.with_value(false)
            } else {
                flag
            }
        }
    }
    network.map(&mut NoDropout::default())
}

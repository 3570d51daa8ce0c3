//! The networks against torchvision's, and against themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use foveate::Chosen;
use foveate::burn::module::Module;
use foveate::burn::tensor::{Device, Tensor, TensorData};
use foveate::image::{Pixels, Preprocessing, RgbImage};
use foveate::models::{AnyNetwork, Architecture, Classifier, Network, weights};
use safetensors::tensor::{Dtype, TensorView};

use crate::devices;

pub fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The f32 tensors of a safetensors file.
pub fn tensors(path: &Path) -> BTreeMap<String, TensorData> {
    let bytes = fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let floats = file.iter().filter(|(_, view)| view.dtype() == safetensors::Dtype::F32);
    floats
        .map(|(name, view)| {
            let values =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            (name.to_string(), TensorData::new(values.collect::<Vec<_>>(), view.shape().to_vec()))
        })
        .collect()
}

pub fn values(data: TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}

/// The largest difference, over the largest value expected.
///
/// # Panics
///
/// If a value is not finite: maxima pass over NaN.
pub fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    difference(found, expected) / largest
}

/// The largest difference; panics as [`relative_error`].
pub fn difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().chain(expected).all(|value| value.is_finite()), "a value is not finite");
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// As `narrow()` of tests/golden/networks/networks.py.
const NARROW: [(Architecture, usize, &str); 9] = [
    (Architecture::Vgg11, 32, "vgg11.safetensors"),
    (Architecture::Vgg13, 32, "vgg13.pth"),
    (Architecture::Vgg16, 32, "vgg16.safetensors"),
    (Architecture::Vgg19, 32, "vgg19.pth"),
    (Architecture::SqueezeNet1_0, 8, "squeezenet1_0.safetensors"),
    (Architecture::SqueezeNet1_1, 8, "squeezenet1_1.pth"),
    (Architecture::ResNet18, 8, "resnet18.pth"),
    (Architecture::ResNet34, 16, "resnet34.safetensors"),
    (Architecture::GoogLeNet, 8, "googlenet.pth"),
];

fn narrow(architecture: Architecture, divisor: usize, file: &str, device: &Device) -> AnyNetwork {
    let network = architecture.init_narrow(divisor, device).with_classes(10);
    weights::load(network, golden_folder().join("networks").join(file)).unwrap()
}

/// PyTorch in f64 on the same weights: logits and three layers of every network. f32 arithmetic of
/// at most 34 layers stays below 1e-5 of the largest value; 1e-4 leaves room for GPUs.
#[test]
fn logits_and_layers_equal_torchvision() {
    let golden = tensors(&golden_folder().join("networks/networks.safetensors"));
    for chosen in devices::all() {
        for (architecture, divisor, file) in NARROW {
            let slow = [Architecture::SqueezeNet1_1, Architecture::ResNet18];
            if devices::is_slow(chosen) && !slow.contains(&architecture) {
                continue;
            }
            let network = narrow(architecture, divisor, file, &chosen.device);
            let prefix = format!("{architecture}/");
            let input = &golden[&format!("{prefix}input")];
            let input = Tensor::<4>::from_data(input.clone(), &chosen.device);
            let ours =
                golden.iter().filter_map(|(name, data)| Some((name.strip_prefix(&prefix)?, data)));
            let mut compared = 0;
            for (layer, expected) in ours {
                let found = match layer {
                    "input" => continue,
                    "logits" => network.forward(input.clone()).into_data(),
                    layer => network.features(input.clone(), layer).unwrap().into_data(),
                };
                assert_eq!(found.shape(), expected.shape(), "{architecture} {layer}");
                let error = relative_error(&values(found), &values(expected.clone()));
                assert!(error < 1e-4, "{architecture} {layer} on {chosen}: {error:e}");
                compared += 1;
            }
            assert_eq!(compared, 4, "{architecture}: logits and three layers");
        }
    }
}

/// torchvision's `meta["num_params"]`; the published GoogLeNet by the paper's table of filters, as
/// its weights have it; features: the whole less the layers left out.
#[test]
fn parameter_counts_are_the_published_ones() {
    let device = devices::any();
    for (architecture, published) in [
        (Architecture::Vgg11, 132_863_336),
        (Architecture::Vgg13, 133_047_848),
        (Architecture::Vgg16, 138_357_544),
        (Architecture::Vgg19, 143_667_240),
        (Architecture::Vgg16Features, 14_714_688),
        (Architecture::SqueezeNet1_0, 1_248_424),
        (Architecture::SqueezeNet1_1, 1_235_496),
        (Architecture::ResNet18, 11_689_512),
        (Architecture::ResNet34, 21_797_672),
        (Architecture::GoogLeNet, 6_624_904),
        (Architecture::GoogLeNetPublished, 6_998_552),
    ] {
        let summary = architecture.init(&device).summary(224, 224);
        assert_eq!(summary.parameters(), published, "{architecture}");
    }
}

/// torchvision's `meta["_ops"]`, in units of 10^9 with three digits.
#[test]
fn multiply_adds_are_the_published_ones() {
    let device = devices::any();
    for (architecture, published) in [
        (Architecture::Vgg11, 7.609),
        (Architecture::Vgg13, 11.308),
        (Architecture::Vgg16, 15.47),
        (Architecture::Vgg19, 19.632),
        (Architecture::SqueezeNet1_0, 0.819),
        (Architecture::SqueezeNet1_1, 0.349),
        (Architecture::ResNet18, 1.814),
        (Architecture::ResNet34, 3.664),
        (Architecture::GoogLeNet, 1.498),
    ] {
        let billions = architecture.init(&device).summary(224, 224).multiply_adds() as f64 / 1e9;
        assert!((billions - published).abs() < 6e-4, "{architecture}: {billions} for {published}");
    }
}

/// The practical's question 1.
#[test]
fn most_of_vgg16_is_fully_connected() {
    let summary = Architecture::Vgg16.init(&devices::any()).summary(224, 224);
    let parameters =
        |name: &str| summary.layers.iter().find(|layer| layer.name == name).unwrap().parameters;
    assert_eq!(parameters("classifier.0"), 102_764_544);
    assert_eq!(parameters("classifier.3"), 16_781_312);
    assert_eq!(parameters("classifier.6"), 4_097_000);
    assert!(summary.to_string().contains("138357544"), "{summary}");
}

/// A small network with random weights.
fn small(architecture: Architecture, device: &Device) -> AnyNetwork {
    let narrow = if architecture.name().starts_with("vgg") { 32 } else { 8 };
    let input = devices::noise([1, 3, 48, 40], 1, device);
    // So narrow, a random SqueezeNet may have no ReLU left that is open: it answers 0 to everything.
    loop {
        let network = architecture.init_narrow(narrow, device);
        let network = if architecture.classifies() { network.with_classes(10) } else { network };
        if values(network.forward(input.clone()).into_data()).iter().any(|&value| value != 0.0) {
            return network;
        }
    }
}

/// All networks, or one.
fn few(chosen: &Chosen) -> &'static [Architecture] {
    match devices::is_slow(chosen) {
        true => &[Architecture::SqueezeNet1_1],
        false => &Architecture::ALL,
    }
}

#[test]
fn every_cut_joins_up_again() {
    for chosen in devices::all() {
        let input = devices::noise([1, 3, 48, 40], 1, &chosen.device);
        for &architecture in few(chosen) {
            let network = small(architecture, &chosen.device);
            let whole = values(network.forward(input.clone()).into_data());
            for layer in network.layers() {
                let features = network.features(input.clone(), &layer.name).unwrap();
                let joined = values(network.head(features, &layer.name).unwrap().into_data());
                let error = relative_error(&joined, &whole);
                // The same operations in the same order; a GPU may choose other kernels.
                assert!(
                    error < 1e-5,
                    "{architecture} cut at {} on {chosen}: {error:e}",
                    layer.name
                );
            }
        }
    }
}

#[test]
fn summary_tells_the_shapes_that_come_out() {
    let device = devices::any();
    for architecture in Architecture::ALL {
        let network = small(architecture, &device);
        for [h, w] in [[64, 64], [51, 40], [65, 97]] {
            let input = Tensor::<4>::zeros([1, 3, h, w], &device);
            for layer in network.summary(h, w).layers {
                let found = network.features(input.clone(), &layer.name).unwrap().dims();
                assert_eq!(layer.output_shape, found, "{architecture} {} at {h}x{w}", layer.name);
            }
        }
    }
}

#[test]
fn a_batch_equals_its_singles() {
    for chosen in devices::all() {
        let input = devices::noise([3, 3, 40, 40], 2, &chosen.device);
        for &architecture in few(chosen) {
            let network = small(architecture, &chosen.device);
            let batch = values(network.forward(input.clone()).into_data());
            let singles: Vec<f32> = (0..3)
                .flat_map(|i| values(network.forward(input.clone().narrow(0, i, 1)).into_data()))
                .collect();
            let error = relative_error(&batch, &singles);
            // Sums over channels may be taken in another order for another batch size.
            assert!(error < 1e-5, "{architecture} on {chosen}: {error:e}");
        }
    }
}

#[test]
fn saved_networks_load_bit_for_bit() {
    let device = devices::any();
    let folder = tempfile::tempdir().unwrap();
    let [once, twice] = ["once", "twice"].map(|name| folder.path().join(name));
    for (architecture, divisor, file) in NARROW {
        // Golden networks: their batch norms have statistics.
        weights::save(&narrow(architecture, divisor, file, &device), &once).unwrap();
        let other = architecture.init_narrow(divisor, &device).with_classes(10);
        weights::save(&weights::load(other, &once).unwrap(), &twice).unwrap();
        assert_eq!(tensors(&once), tensors(&twice), "{architecture}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn classifiers_do_not_train() {
    let device = devices::any().autodiff();
    let resnet = narrow(Architecture::ResNet18, 8, "resnet18.pth", &device);
    let labels = (0..10).map(|class| class.to_string()).collect();
    let classifier = Classifier::new(resnet, Preprocessing::IMAGENET, labels);
    let folder = tempfile::tempdir().unwrap();
    let saved = |name| {
        let path = folder.path().join(name);
        weights::save(classifier.network(), &path).unwrap();
        tensors(&path)
    };
    let before = saved("before");
    let image = RgbImage::from_fn(50, 40, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
    let [first, second] =
        [(); 2].map(|()| classifier.classify(std::slice::from_ref(&image), 10).unwrap());
    assert_eq!(first, second);
    assert_eq!(before, saved("after"), "running statistics are as they were");

    // The same with an input that is tracked, as explanations have it.
    let pixels = Pixels::new(devices::noise([2, 3, 40, 40], 3, &device).require_grad());
    let gradients = classifier.logits(&pixels).sum().backward();
    assert!(pixels.tensor().grad(&gradients).is_some());
    assert_eq!(before, saved("after"), "running statistics are as they were");
}

#[test]
#[should_panic(expected = "at least one output")]
fn no_classes() {
    let _ = small(Architecture::ResNet18, &devices::any()).with_classes(0);
}

#[test]
fn group_names_stand_for_their_last_layer() {
    let network = small(Architecture::Vgg16, &devices::any());
    let input = Tensor::<4>::ones([1, 3, 32, 32], &devices::any());
    let features = |layer| values(network.features(input.clone(), layer).unwrap().into_data());
    assert_eq!(features("features"), features("features.30"));
    let error = network.features(input.clone(), "feature").unwrap_err();
    assert!(error.to_string().contains("classifier.6"), "{error}");
}

#[test]
fn names_are_read_back() {
    for architecture in Architecture::ALL {
        assert_eq!(architecture.name().parse(), Ok(architecture));
    }
    let error = "alexnet".parse::<Architecture>().unwrap_err();
    assert!(error.to_string().contains("squeezenet1_1"), "{error}");
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

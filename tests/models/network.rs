//! The networks against torchvision's, and against themselves.

use foveate::Chosen;
use foveate::burn::tensor::Tensor;
use foveate::models::{Architecture, Network};

use super::{NARROW, small};
use crate::support::close::{relative_error, values};
use crate::support::devices;
use crate::support::golden::{golden_tensors, narrow};

/// PyTorch in f64 on the same weights: logits and three layers of every network. f32 arithmetic of
/// at most 34 layers stays below 1e-5 of the largest value; 1e-4 leaves room for GPUs.
#[test]
fn logits_and_layers_equal_torchvision() {
    let golden = golden_tensors("networks/networks.safetensors");
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
fn group_names_stand_for_their_last_layer() {
    let network = small(Architecture::Vgg16, &devices::any());
    let input = Tensor::<4>::ones([1, 3, 32, 32], &devices::any());
    let features = |layer| values(network.features(input.clone(), layer).unwrap().into_data());
    assert_eq!(features("features"), features("features.30"));
    let error = network.features(input.clone(), "feature").unwrap_err();
    assert!(error.to_string().contains("classifier.6"), "{error}");
}

//! Real photographs through the pretrained networks, with the weights that `FOVEATE_DATA` holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use foveate::burn::tensor::{Tensor, TensorData};
use foveate::image::{Pixels, Preprocessing, open};
use foveate::models::{AnyNetwork, Architecture, Network};

use crate::support::close::{difference, distance, relative_error, values};
use crate::support::golden::{golden_folder, golden_tensors, tensors};
use crate::support::real::{classifier, data, pretrained, val_25};
use crate::support::{devices, tell};

/// How many rows of logits have their class first, and among the first five.
fn correct(logits: &[f32], classes: &[usize]) -> (usize, usize) {
    let ranks: Vec<usize> = logits
        .chunks_exact(1000)
        .zip(classes)
        .map(|(row, &class)| row.iter().filter(|&&logit| logit > row[class]).count())
        .collect();
    let within = |n| ranks.iter().filter(|&&rank| rank < n).count();
    (within(1), within(5))
}

/// PyTorch's logits (f32) beside the images. `tolerance`: f32 sums in another order for
/// SqueezeNet; for GoogLeNet, weights in f16 against a reference in f32.
fn val_25_logits(
    architecture: Architecture,
    reference: &str,
    tolerance: f32,
    expected: (usize, usize),
) {
    let (Some((images, classes)), Some(folder)) = (val_25(), data("imagenet/val_25")) else {
        return;
    };
    let golden = values(tensors(&folder.join("reference_outputs.safetensors"))[reference].clone());
    for chosen in devices::on_the_cpu() {
        let Some(classifier) = classifier(architecture, &chosen.device) else { return };
        let logits: Vec<f32> = images
            .chunks(5)
            .flat_map(|five| {
                let pixels = Pixels::from_images(five, &chosen.device);
                values(classifier.logits(&pixels).into_data())
            })
            .collect();
        assert_eq!(correct(&logits, &classes), expected, "{architecture} on {chosen}");
        let off = difference(&logits, &golden);
        assert!(off < tolerance, "{architecture} on {chosen}: {off} from PyTorch");
    }
    backends_agree(architecture, |network, input| network.forward(input).into_data());
}

/// The trained network on a corner of val_25's first image, on every device as on the first, within 1e-3 of the
/// largest value. A software rasterizer would take minutes for a whole image.
fn backends_agree(architecture: Architecture, run: impl Fn(&AnyNetwork, Tensor<4>) -> TensorData) {
    let Some((images, _)) = val_25() else { return };
    let corner = image::imageops::crop_imm(&images[0], 0, 0, 64, 64).to_image();
    let mut first: Option<Vec<f32>> = None;
    for chosen in devices::all() {
        let Some(network) = pretrained(architecture, &chosen.device) else { return };
        let pixels = Pixels::from_images(std::slice::from_ref(&corner), &chosen.device);
        let found = values(run(&network, Preprocessing::IMAGENET.normalize(&pixels).into_tensor()));
        let first = first.get_or_insert_with(|| found.clone());
        let off = relative_error(&found, first);
        assert!(off < 1e-3, "{architecture} on {chosen}: {off:e} from the first backend");
    }
}

#[test]
fn squeezenet_logits_on_val_25() {
    val_25_logits(Architecture::SqueezeNet1_1, "squeezenet_logits", 1e-3, (13, 20));
}

#[test]
fn published_googlenet_logits_on_val_25() {
    val_25_logits(Architecture::GoogLeNetPublished, "googlenet_logits", 2e-2, (16, 23));
}

/// The features of val_25's first image on every CPU backend, and of its corner on every device.
fn first_features(architecture: Architecture, compare: impl Fn(Tensor<4>) -> f64) {
    let Some((images, _)) = val_25() else { return };
    let last = |network: &AnyNetwork, input| {
        network.features(input, &network.layers().pop().unwrap().name).unwrap()
    };
    for chosen in devices::on_the_cpu() {
        let Some(network) = pretrained(architecture, &chosen.device) else { return };
        let pixels = Pixels::from_images(&images[..1], &chosen.device);
        let input = Preprocessing::IMAGENET.normalize(&pixels).into_tensor();
        let error = compare(last(&network, input));
        assert!(error < 1e-3, "{architecture} on {chosen}: {error:e}");
    }
    backends_agree(architecture, |network, input| last(network, input).into_data());
}

/// Weights in f16 against PyTorch in f32: 4.3e-4 by the reference's own account.
#[test]
fn vgg16_features_of_a_image() {
    let Some(folder) = data("imagenet/val_25") else { return };
    let golden = &tensors(&folder.join("reference_outputs.safetensors"))["vgg16_features_first1"];
    let golden = values(golden.clone());
    first_features(Architecture::Vgg16Features, |features| {
        distance(&values(features.into_data()), &golden)
    });
}

/// The same f32 weights in PyTorch (f64): tests/golden/resnet18_layer3.py.
#[test]
fn resnet18_layer3_of_a_image() {
    let golden = values(golden_tensors("resnet18_layer3.safetensors")["layer3"].clone());
    first_features(Architecture::ResNet18Layer3, |features| {
        assert_eq!(features.dims(), [1, 256, 14, 14]);
        relative_error(&values(features.mean_dim(2).mean_dim(3).into_data()), &golden).into()
    });
}

/// The first five classes of the JPEG files of samples_100, decoded, resized to 256 and cropped to
/// 224; and the rows of a table whose first field is the file's name.
fn samples_100(
    architecture: Architecture,
    table: impl Fn(&PathBuf) -> PathBuf,
) -> Option<Vec<(Vec<String>, Vec<usize>)>> {
    let folder = data("imagenet/samples_100")?;
    let classifier = classifier(architecture, &devices::any())?;
    let table = fs::read_to_string(table(&folder)).unwrap();
    let rows = table.lines().filter(|row| row.contains(".jpg")).map(|row| {
        let fields: Vec<String> = row.split(',').map(String::from).collect();
        let image = open(folder.join("images").join(&fields[0])).unwrap();
        let five = classifier.classify(&[image], 5).unwrap().remove(0);
        (fields, five.into_iter().map(|prediction| prediction.class).collect())
    });
    Some(rows.collect())
}

/// Counts the images whose class is first and among the first five, and those whose first class
/// differs from the reference's, which it lists.
fn counts(
    rows: &[(Vec<String>, Vec<usize>)],
    reference: impl Fn(&[String]) -> usize,
) -> (usize, usize, usize) {
    let (mut top1, mut top5, mut differing) = (0, 0, 0);
    for (fields, five) in rows {
        let class: usize = fields[1].parse().unwrap();
        top1 += usize::from(five[0] == class);
        top5 += usize::from(five.contains(&class));
        let reference = reference(fields);
        if five[0] != reference {
            differing += 1;
            tell(&format!("samples_100: {}: {} here, {reference} there", fields[0], five[0]));
        }
    }
    tell(&format!("samples_100: {top1} first, {top5} among the first five, {differing} differ"));
    (top1, top5, differing)
}

/// PyTorch and Pillow on the same files (tests/golden/samples_100.py): 64 first, 85 among the first
/// five.
#[test]
fn squeezenet_on_samples_100() {
    let table = |_: &PathBuf| golden_folder().join("samples_100.csv");
    let Some(rows) = samples_100(Architecture::SqueezeNet1_1, table) else { return };
    assert_eq!(counts(&rows, |fields| fields[2].parse().unwrap()), (64, 85, 0));
    for (fields, five) in rows {
        // Of two that are nearly equal either may be the fourth.
        let there: BTreeSet<usize> = fields[2..].iter().map(|it| it.parse().unwrap()).collect();
        assert_eq!(BTreeSet::from_iter(five), there, "{}", fields[0]);
    }
}

/// The predictions in the images' labels.csv, on the originals that these were shrunk from.
#[test]
fn published_googlenet_on_samples_100() {
    let table = |folder: &PathBuf| folder.join("labels.csv");
    let Some(rows) = samples_100(Architecture::GoogLeNetPublished, table) else { return };
    let (top1, top5, differing) = counts(&rows, |fields| fields.last().unwrap().parse().unwrap());
    assert!(differing <= 2, "{differing} images differ");
    assert!(top1.abs_diff(75) <= 2 && top5.abs_diff(94) <= 2, "{top1}, {top5}");
}

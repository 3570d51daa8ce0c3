//! Real photographs through the pretrained networks, with the weights that `FOVEATE_DATA` holds.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;

use foveate::burn::tensor::{Device, Tensor};
use foveate::image::{Pixels, RgbImage, open};
use foveate::models::{Architecture, Classifier, Network, Pretrained};
use npyz::npz::NpzArchive;

use crate::devices;
use crate::networks::{golden_folder, relative_error, tensors, values};

/// A folder below `FOVEATE_DATA`, or a word on what is left out without it.
fn data(name: &str) -> Option<PathBuf> {
    let folder = env::var_os("FOVEATE_DATA").map(|data| PathBuf::from(data).join(name));
    let found = folder.filter(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: set FOVEATE_DATA to a folder that holds {name}");
    }
    found
}

/// The 25 pictures of the visualisation practical and their classes.
fn val_25() -> Option<(Vec<RgbImage>, Vec<usize>)> {
    let file = data("imagenet/val_25")?.join("imagenet_val_25.npz");
    let mut archive = NpzArchive::new(File::open(file).unwrap()).unwrap();
    let pixels: Vec<u8> = archive.by_name("X").unwrap().unwrap().into_vec().unwrap();
    let classes: Vec<i64> = archive.by_name("y").unwrap().unwrap().into_vec().unwrap();
    let pictures = pixels.chunks_exact(224 * 224 * 3);
    let pictures = pictures.map(|bytes| RgbImage::from_raw(224, 224, bytes.to_vec()).unwrap());
    Some((pictures.collect(), classes.into_iter().map(|class| class as usize).collect()))
}

fn pretrained(architecture: Architecture, device: &Device) -> Option<Pretrained> {
    data("weights").map(|_| Pretrained::load(architecture, device).unwrap())
}

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

/// PyTorch's logits (f32) beside the pictures. `tolerance`: f32 sums in another order for
/// SqueezeNet; for GoogLeNet, weights in f16 against a reference in f32.
fn val_25_logits(
    architecture: Architecture,
    reference: &str,
    tolerance: f32,
    expected: (usize, usize),
) {
    let (Some((pictures, classes)), Some(folder)) = (val_25(), data("imagenet/val_25")) else {
        return;
    };
    let golden = values(tensors(&folder.join("reference_outputs.safetensors"))[reference].clone());
    let difference =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let mut first: Option<Vec<f32>> = None;
    for chosen in devices::all() {
        let Some(pretrained) = pretrained(architecture, &chosen.device) else { return };
        let classifier: Classifier = pretrained.classifier().unwrap();
        let logits: Vec<f32> = pictures
            .chunks(5)
            .flat_map(|five| {
                let pixels = Pixels::from_pictures(five, &chosen.device);
                values(classifier.logits(&pixels).into_data())
            })
            .collect();
        assert_eq!(correct(&logits, &classes), expected, "{architecture} on {chosen}");
        let off = difference(&logits, &golden);
        assert!(off < tolerance, "{architecture} on {chosen}: {off} from PyTorch");
        let first = first.get_or_insert_with(|| logits.clone());
        let off = difference(&logits, first);
        assert!(off < 1e-3, "{architecture} on {chosen}: {off} from the first backend");
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

/// The features of val_25's first picture on every device.
fn first_features(architecture: Architecture, compare: impl Fn(Tensor<4>) -> f32) {
    let Some((pictures, _)) = val_25() else { return };
    for chosen in devices::all() {
        let Some(pretrained) = pretrained(architecture, &chosen.device) else { return };
        let pixels = Pixels::from_pictures(&pictures[..1], &chosen.device);
        let input = pretrained.preprocessing.normalise(&pixels).into_tensor();
        let last = pretrained.network.layers().pop().unwrap().name;
        let error = compare(pretrained.network.features(input, &last).unwrap());
        assert!(error < 1e-3, "{architecture} on {chosen}: {error:e}");
    }
}

/// Weights in f16 against PyTorch in f32: 4.3e-4 by the reference's own account.
#[test]
fn vgg16_features_of_a_picture() {
    let Some(folder) = data("imagenet/val_25") else { return };
    let golden = &tensors(&folder.join("reference_outputs.safetensors"))["vgg16_features_first1"];
    let golden = values(golden.clone());
    first_features(Architecture::Vgg16Features, |features| {
        let found = values(features.into_data());
        assert_eq!(found.len(), golden.len());
        let norm =
            |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
        norm(&mut found.iter().zip(&golden).map(|(a, b)| a - b)) / norm(&mut golden.iter().copied())
    });
}

/// The same f32 weights in PyTorch (f64): tests/golden/resnet18_layer3.py.
#[test]
fn resnet18_layer3_of_a_picture() {
    let golden =
        values(tensors(&golden_folder().join("resnet18_layer3.safetensors"))["layer3"].clone());
    first_features(Architecture::ResNet18Layer3, |features| {
        assert_eq!(features.dims(), [1, 256, 14, 14]);
        relative_error(&values(features.mean_dim(2).mean_dim(3).into_data()), &golden)
    });
}

/// The first five classes of the JPEG files of samples_100, decoded, resized to 256 and cropped to
/// 224; and the rows of a table whose first field is the file's name.
fn samples_100(
    architecture: Architecture,
    table: impl Fn(&PathBuf) -> PathBuf,
) -> Option<Vec<(Vec<String>, Vec<usize>)>> {
    let folder = data("imagenet/samples_100")?;
    let device = devices::any();
    let classifier = pretrained(architecture, &device)?.classifier().unwrap();
    let table = fs::read_to_string(table(&folder)).unwrap();
    let rows = table.lines().filter(|row| row.contains(".jpg")).map(|row| {
        let fields: Vec<String> = row.split(',').map(String::from).collect();
        let picture = open(folder.join("images").join(&fields[0])).unwrap();
        let five = classifier.classify(&[picture], 5, &device).unwrap().remove(0);
        (fields, five.into_iter().map(|prediction| prediction.class).collect())
    });
    Some(rows.collect())
}

/// Counts, beside the reference's, of pictures whose class is first and among the first five; lists
/// the pictures whose first class differs from the reference's.
fn counts(
    rows: &[(Vec<String>, Vec<usize>)],
    reference: impl Fn(&[String]) -> usize,
) -> (usize, usize) {
    let (mut top1, mut top5) = (0, 0);
    for (fields, five) in rows {
        let class: usize = fields[1].parse().unwrap();
        top1 += usize::from(five[0] == class);
        top5 += usize::from(five.contains(&class));
        let reference = reference(fields);
        if five[0] != reference {
            println!("{}: {} here, {reference} there", fields[0], five[0]);
        }
    }
    println!("{top1} first, {top5} among the first five");
    (top1, top5)
}

/// PyTorch and Pillow on the same files: tests/golden/samples_100.py. JPEG decoders differ by up to
/// 4 grey levels, which decides near ties.
#[test]
fn squeezenet_on_samples_100() {
    let table = |_: &PathBuf| golden_folder().join("samples_100.csv");
    let Some(rows) = samples_100(Architecture::SqueezeNet1_1, table) else { return };
    let (top1, top5) = counts(&rows, |fields| fields[2].parse().unwrap());
    assert!(top1.abs_diff(64) <= 2 && top5.abs_diff(85) <= 2, "{top1}, {top5}");
}

/// The counts in the pictures' NOTES, of predictions on the originals that these were shrunk from.
#[test]
fn published_googlenet_on_samples_100() {
    let table = |folder: &PathBuf| folder.join("labels.csv");
    let Some(rows) = samples_100(Architecture::GoogLeNetPublished, table) else { return };
    let (top1, top5) = counts(&rows, |fields| fields.last().unwrap().parse().unwrap());
    assert!(top1.abs_diff(75) <= 2 && top5.abs_diff(94) <= 2, "{top1}, {top5}");
}

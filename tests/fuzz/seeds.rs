//! Writes a few sound files of each kind to `corpus`: where libFuzzer begins.

mod common;

use std::error::Error;
use std::fs;
use std::path::Path;

use common::{Kept, device, gan, header};
use foveate::image::{Preprocessing, Resize};
use foveate::models::weights::Precision;
use foveate::models::{
    Architecture, CganConfig, Classifier, GanConfig, LeNetConfig, initialized, weights,
};
use foveate::transfer::{FeatureExtractor, LinearClassifier, Pooling, TransferModel};

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("file");

    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2][..], &[7; 8]].concat();
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 3, 9];
    let cut = (images.len() * 256).div_ceil(images.len() + labels.len()) as u8;
    seed("idx", "plain", &[&[cut][..], &images, &labels].concat())?;

    let discriminator = gan().discriminator(&device());
    weights::save(&discriminator, &file)?;
    seed("weights", "safetensors", &fs::read(&file)?)?;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden/networks");
    for name in ["code.pth", "code_legacy.pth", "squeezenet1_1.pth", "squeezenet1_1_legacy.pth"] {
        seed("weights", name, &fs::read(golden.join(name))?)?;
    }

    for folder in ["../jpeg", "../images"] {
        for file in fs::read_dir(golden.join(folder))? {
            let file = file?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let bytes = fs::read(&file)?;
            if bytes.len() < 10_000 && foveate::image::open(&file).is_ok() {
                seed("image", &name, &bytes)?;
            }
        }
    }

    let preprocessing =
        Preprocessing::IMAGENET.with_resize(Resize::Exact { height: 28, width: 28 });
    let network = LeNetConfig::new().init(&device());
    let names = (0..10).map(|digit| digit.to_string()).collect();
    Classifier::new(network, preprocessing, names).save(&file, Precision::Single)?;
    seed("classifier", "digits", header(&fs::read(&file)?))?;

    for (name, config) in [
        ("dcgan", GanConfig::Dcgan(gan())),
        ("cgan", GanConfig::Cgan(CganConfig::new().with_width(2).with_latent_dim(1))),
    ] {
        config.save(&config.generator(&device()), &file, Precision::Single)?;
        seed("generator", name, header(&fs::read(&file)?))?;
    }

    let architecture = Architecture::SqueezeNet1_1;
    let network = initialized(architecture.init(&device()), 0);
    let extractor =
        FeatureExtractor::new(network, preprocessing, "features.0", Pooling::GlobalAverage)?;
    let classifier = LinearClassifier::new(vec![0.0; 2 * 64], vec![0.0; 2]);
    let names = ["cat", "dog"].map(String::from).to_vec();
    TransferModel::new(vec![extractor], None, classifier, names)?.save(&file)?;
    seed("model", "squeezenet1_1", header(&fs::read(&file)?))?;

    fs::remove_file(&file)?;
    common::train(1, &file);
    seed("checkpoint", "one_iteration", header(&fs::read(&file)?))?;

    Kept::new(scratch.path()).features();
    for kept in fs::read_dir(scratch.path().join("cache"))? {
        seed("cache", "one_record", &fs::read(kept?.path())?)?;
    }
    Ok(())
}

fn seed(target: &str, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

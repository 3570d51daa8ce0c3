//! Generators and discriminators: against PyTorch, and their files.

use foveate::burn::module::Module;
use foveate::burn::tensor::{Int, Tensor, TensorData};
use foveate::models::weights::Precision;
use foveate::models::{CganConfig, DcganConfig, GanConfig, Initialization};

use crate::support::close::{relative_error, values};
use crate::support::devices;
use crate::support::golden::{bits, golden_tensors, hashed, hashed_weights};

/// The fully connected pair, maxout and all: images, logits and the logits' gradients by the noise, against
/// PyTorch's in f64. Sums of 1,200 products in f32 are 1e-6 off.
#[test]
fn the_dense_pair_equals_pytorchs() {
    let golden = golden_tensors("gan.safetensors");
    let config = CganConfig::new().with_latent_dim(16).with_dense(true);
    for chosen in devices::all() {
        let device = &chosen.device;
        let generator =
            hashed_weights(config.generator(device), &["noise", "label", "main"], 0).valid();
        let discriminator =
            hashed_weights(config.discriminator(device), &["image", "label", "main"], 100);
        let noise: Vec<f32> = hashed(8 * 16, 2000).into_iter().map(|x| x as f32).collect();
        let noise = Tensor::<2>::from_data(TensorData::new(noise, [8, 16]), device);
        let noise = noise.autodiff().require_grad();
        let labels: Vec<i64> = (0..8).map(|i| i * 3 % 10).collect();
        let labels = Tensor::<1, Int>::from_data(TensorData::from(labels.as_slice()), device);
        let made = generator.forward(noise.clone(), Some(labels.clone()));
        let logits = discriminator.valid().forward(made.clone(), Some(labels));
        let gradients = noise.grad(&logits.clone().sum().backward()).unwrap();
        for (name, found) in [
            ("pictures", made.into_data()),
            ("logits", logits.into_data()),
            ("noise", gradients.into_data()),
        ] {
            let error =
                relative_error(&values(found), &values(golden[&format!("dense/{name}")].clone()));
            assert!(error < 1e-5, "{chosen}, {name}: {error}");
        }
    }
}

#[test]
fn generators_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("generator.safetensors");
    let device = devices::any();
    let config = CganConfig::new().with_latent_dim(16).with_width(8);
    let config = GanConfig::Cgan(config);
    let generator = Initialization::Dcgan.of(config.generator(&device), 1);
    config.save(&generator, &file, Precision::Single).unwrap();
    let (_, read) = GanConfig::load(&file, &device).unwrap();
    assert_eq!(bits(&read), bits(&generator));

    // Sizes that no generator has, or not this one; of a DCGAN in the end.
    let refused = |old: &str, new: &str, expected: &str| {
        let [old, new] = [old, new].map(|text| text.replace('"', "\\\""));
        let bytes = std::fs::read(&file).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let text = std::str::from_utf8(&bytes[8..8 + header]).unwrap();
        assert!(text.contains(&old), "{text}");
        let text = text.replace(&old, &new);
        let other = folder.path().join("other.safetensors");
        let length = (text.len() as u64).to_le_bytes();
        let whole = [&length, text.as_bytes(), &bytes[8 + header..]].concat();
        std::fs::write(&other, whole).unwrap();
        let error = GanConfig::load(&other, &device).unwrap_err().to_string();
        assert!(error.contains(expected), "{new}: {error}");
    };
    let (none, other) = ("found no generator's sizes", "are not this network's");
    refused(r#""width":8"#, r#""width":7"#, none);
    refused(r#""width":8"#, r#""width":0"#, none);
    refused(r#""latent_dim":16"#, r#""latent_dim":99999999999999"#, none);
    refused(r#""classes":10"#, r#""classes":257"#, none);
    refused(r#""channels":1"#, r#""channels":2"#, none);
    refused("foveate.generator", "someone.generator", none);
    refused(r#""width":8"#, r#""width":4"#, other);
    refused(r#""width":8"#, r#""width":16384"#, other);
    let config = GanConfig::Dcgan(DcganConfig::new().with_ngf(2).with_size(16));
    config.save(&config.generator(&device), &file, Precision::Single).unwrap();
    refused(r#""size":16"#, r#""size":12"#, none);
    refused(r#""size":16"#, r#""size":4"#, none);
    refused(r#""ngf":2"#, r#""ngf":32769"#, none);
    refused(r#""ngf":2"#, r#""ngf":18446744073709551615"#, none);
    refused(r#""size":16"#, r#""size":32"#, other);
}

//! Files of weights in every format; and files that are none.

use std::fs;
use std::path::{Path, PathBuf};

use foveate::burn::module::{Module, ModuleMapper, Param};
use foveate::burn::tensor::Tensor;
use foveate::image::Preprocessing;
use foveate::models::weights::{self, Precision, Source, WeightsError};
use foveate::models::{AnyNetwork, Architecture, Classifier, LeNetConfig, Network, Pretrained};

use super::NARROW;
use crate::support::close::{relative_error, values};
use crate::support::devices;
use crate::support::golden::{golden_folder, narrow, tensors};
use crate::support::logged::said;

fn network() -> AnyNetwork {
    Architecture::SqueezeNet1_1.init_with_width_divisor(8, &devices::any()).with_classes(10)
}

fn load(path: &Path) -> Result<AnyNetwork, WeightsError> {
    weights::load(network(), path)
}

fn golden(name: &str) -> std::path::PathBuf {
    golden_folder().join("networks").join(name)
}

#[test]
fn every_format_holds_the_same_weights() {
    let expected = tensors(&golden("networks.safetensors"));
    let input = Tensor::<4>::from_data(expected["squeezenet1_1/input"].clone(), &devices::any());
    let logits = values(expected["squeezenet1_1/logits"].clone());
    for name in [
        ".pth",
        "_legacy.pth",
        "_float32.safetensors",
        "_float16.safetensors",
        "_bfloat16.safetensors",
    ] {
        let network = load(&golden(&format!("squeezenet1_1{name}"))).unwrap();
        let found = values(network.forward(input.clone()).into_data());
        assert!(relative_error(&found, &logits) < 1e-5, "{name}");
    }
}

#[test]
fn our_files_keep_torchvision_names_and_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resnet18.safetensors");
    let resnet =
        Architecture::ResNet18.init_with_width_divisor(8, &devices::any()).with_classes(10);
    weights::save(&weights::load(resnet, golden("resnet18.pth")).unwrap(), &path).unwrap();
    let saved = tensors(&path);
    assert_eq!(saved["fc.weight"].shape().to_vec(), [10, 64]);
    for name in ["conv1.weight", "bn1.weight", "bn1.running_var", "layer2.0.downsample.1.bias"] {
        assert!(saved.contains_key(name), "{name}");
    }
}

/// Writes `bytes` to a file, loads it and returns the error.
fn refused(bytes: &[u8]) -> WeightsError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.bin");
    fs::write(&path, bytes).unwrap();
    let error = load(&path).unwrap_err();
    assert!(error.to_string().contains("weights.bin"), "the error names the file: {error}");
    error
}

#[test]
fn files_that_hold_no_weights() {
    assert!(refused(b"").to_string().contains("an empty file"));
    assert!(refused(b"<!DOCTYPE html><html>not found").to_string().contains("<!DOCTYPE html>"));
    let noise: Vec<u8> =
        (0..5000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(matches!(refused(&noise), WeightsError::Format { .. }));
}

#[test]
fn cut_files() {
    for name in
        ["squeezenet1_1.pth", "squeezenet1_1_legacy.pth", "squeezenet1_1_float32.safetensors"]
    {
        let bytes = fs::read(golden(name)).unwrap();
        for part in [16, 100, bytes.len() / 4, bytes.len() / 2, bytes.len() - 100, bytes.len() - 1]
        {
            let error = refused(&bytes[..part]);
            assert!(matches!(error, WeightsError::Damaged { .. }), "{name} cut at {part}: {error}");
        }
    }
}

#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    let mut state = 1_u32;
    for name in
        ["squeezenet1_1.pth", "squeezenet1_1_legacy.pth", "squeezenet1_1_float32.safetensors"]
    {
        let intact = fs::read(golden(name)).unwrap();
        for _ in 0..40 {
            let mut bytes = intact.clone();
            for _ in 0..20 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // The first 3000 bytes hold the names, shapes and structure.
                let at = (state >> 8) as usize % 3000;
                bytes[at] = state as u8;
            }
            fs::write(&path, bytes).unwrap();
            // Damage may hit a value only, and load; it must not panic.
            let _ = load(&path);
        }
    }
}

#[test]
fn numbers_that_are_none_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let with = |value: f32| {
        let mut network = LeNetConfig::new().init(&devices::any());
        let mut spoil = Spoil(value, 0);
        network = network.map(&mut spoil);
        network
    };
    for value in [f32::NAN, f32::INFINITY] {
        weights::save(&with(value), &path).unwrap();
        let error = weights::load(LeNetConfig::new().init(&devices::any()), &path).unwrap_err();
        assert!(
            matches!(&error, WeightsError::NotFinite { name, .. } if name == "features.0.weight"),
            "{error}"
        );
    }
    fs::remove_file(&path).unwrap();
    let labels = (0..10).map(|digit| digit.to_string()).collect();
    let classifier = Classifier::new(with(70_000.0), Preprocessing::IMAGENET, labels);
    let error = classifier.save(&path, Precision::Half).unwrap_err();
    assert!(matches!(error, WeightsError::NoHalf { .. }) && !path.exists(), "{error}");
    classifier.save(&path, Precision::Single).unwrap();
}

/// Puts a number into the first parameter.
struct Spoil(f32, usize);

impl ModuleMapper for Spoil {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.1 += 1;
        if self.1 > 1 {
            return parameter;
        }
        let value = self.0;
        parameter.map(|tensor| tensor.zeros_like() + value)
    }
}

/// tests/golden/networks/code.py: a state dict with an object that runs a command when unpickled.
#[test]
fn pickles_that_ask_for_code() {
    for name in ["code.pth", "code_legacy.pth"] {
        let error = refused(&fs::read(golden(name)).unwrap());
        let text = error.to_string();
        assert!(matches!(error, WeightsError::Damaged { .. }), "{name}: {text}");
        assert!(text.contains("posix.system"), "{name}: {text}");
        assert!(!Path::new("foveate_ran_code").exists(), "{name}");
    }
}

#[test]
fn weights_of_another_network() {
    let error = load(&golden("resnet18.pth")).unwrap_err();
    let WeightsError::Mismatch { missing, unexpected, misshaped, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(missing.len(), 52, "every tensor of SqueezeNet is missing");
    assert!(unexpected.contains(&"layer4.1.bn2.running_mean".to_string()));
    assert!(misshaped.is_empty());

    let resnet = Architecture::ResNet18.init_with_width_divisor(8, &devices::any()).with_classes(7);
    let error = weights::load(resnet, golden("resnet18.pth")).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("fc.weight expected [7, 64] found [10, 64]"), "{text}");
    assert!(text.contains("fc.bias"), "all at once: {text}");

    let resnet =
        Architecture::ResNet18.init_with_width_divisor(8, &devices::any()).with_classes(10);
    let error = weights::load(resnet, golden("squeezenet1_1.pth")).unwrap_err();
    let WeightsError::Mismatch { missing, .. } = error else { panic!("{error}") };
    assert!(missing.contains(&"layer1.0.bn1.weight".into()), "PyTorch's names: {missing:?}");
}

/// tests/golden/weights/weights.py
fn saved(name: &str) -> PathBuf {
    golden_folder().join("weights").join(name).with_extension("pth")
}

#[test]
fn prefixes_and_keys_are_taken_off_and_told() {
    let expected = tensors(&golden("networks.safetensors"));
    let input = Tensor::<4>::from_data(expected["squeezenet1_1/input"].clone(), &devices::any());
    let logits = |network: AnyNetwork| values(network.forward(input.clone()).into_data());
    let plain = logits(load(&golden("squeezenet1_1_float32.safetensors")).unwrap());
    for (name, place) in [
        ("dataparallel", "module."),
        ("compiled", "_orig_mod."),
        ("lightning_prefix", "model."),
        ("averaged", "module."),
        ("checkpoint", "state_dict.module."),
        ("model_state_dict", "model_state_dict."),
        ("with_arguments", "model."),
    ] {
        let path = saved(name);
        let told = said(|| assert!(logits(load(&path).unwrap()) == plain, "{name}"));
        assert!(matches!(&told[..], [line] if line.contains(&format!("`{place}`"))), "{told:?}");
    }
    let path = golden("squeezenet1_1.pth");
    assert!(said(|| drop(load(&path).unwrap())).is_empty());
    // What was read once, as safetensors, has its prefix in its names.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prefixed.safetensors");
    let file = fs::read(golden("squeezenet1_1_float32.safetensors")).unwrap();
    fs::write(&path, prefixed(&file, "net.")).unwrap();
    assert!(logits(load(&path).unwrap()) == plain);
}

/// A safetensors file with `prefix` before every tensor's name.
fn prefixed(file: &[u8], prefix: &str) -> Vec<u8> {
    let (length, rest) = file.split_first_chunk().unwrap();
    let (header, values) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header = std::str::from_utf8(header).unwrap();
    let header = header.replace("\"features.", &format!("\"{prefix}features."));
    let header = header.replace("\"classifier.", &format!("\"{prefix}classifier."));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), values].concat()
}

#[test]
fn what_is_in_the_way_is_named_in_one_line() {
    for (name, expected) in [
        ("list", "found a list of 52"),
        ("one_tensor", "found one tensor"),
        ("arguments", "found argparse.Namespace"),
        ("code_beside", "posix.system"),
        ("twice", "below `ema` and `net`"),
        ("with_loss", "below `model.`"),
    ] {
        let Err(error) = load(&saved(name)) else { panic!("{name} is loaded") };
        let text = error.to_string();
        assert!(text.contains(expected) && !text.contains('\n'), "{name}: {text}");
    }
    assert!(!Path::new("foveate_ran_code").exists());

    let resnet =
        || Architecture::ResNet18.init_with_width_divisor(8, &devices::any()).with_classes(10);
    for (name, place) in [
        (saved("checkpoint"), "below `state_dict.module.`"),
        (saved("dataparallel"), "below `module.`"),
        (golden("squeezenet1_1.pth"), "the tensors are not"),
    ] {
        let text = weights::load(resnet(), name).unwrap_err().to_string();
        assert!(text.contains(place) && !text.contains('\n'), "{text}");
        let names = text.matches(".weight").count() + text.matches(".bias").count();
        assert!((1..=10).contains(&names), "{names} names: {text}");
        assert!(text.contains("unexpected (52)"), "the optimizer's are none: {text}");
    }
    let seven =
        Architecture::SqueezeNet1_1.init_with_width_divisor(8, &devices::any()).with_classes(7);
    let text = weights::load(seven, saved("checkpoint")).unwrap_err().to_string();
    assert!(text.contains("misshaped (2): classifier.1."), "without the prefix: {text}");
}

#[test]
fn folders_and_missing_files() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(load(folder.path()).unwrap_err(), WeightsError::Io { .. }));
    let error = load(&folder.path().join("missing.pth")).unwrap_err();
    assert!(error.to_string().contains("missing.pth"), "{error}");
    #[cfg(target_os = "linux")]
    {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let strange = folder.path().join(OsStr::from_bytes(b"caf\xe9.pth"));
        assert!(matches!(load(&strange).unwrap_err(), WeightsError::Io { .. }));
        fs::copy(golden("squeezenet1_1.pth"), &strange).unwrap();
        load(&strange).unwrap();
    }
    let target = folder.path().join("no folder/network.safetensors");
    assert!(matches!(weights::save(&network(), &target).unwrap_err(), WeightsError::Io { .. }));
}

#[test]
fn features_are_no_classifier() {
    let pretrained = Pretrained {
        architecture: Architecture::Vgg16Features,
        network: network(),
        preprocessing: foveate::image::Preprocessing::IMAGENET,
        file: "none".into(),
        source: None,
    };
    let error = pretrained.classifier().map(|_: Classifier| ()).unwrap_err();
    assert!(error.to_string().contains("vgg16_features"), "{error}");
}

/// Where a process looks for weights depends on its environment: this test runs itself again.
#[test]
#[cfg(target_os = "linux")]
fn weights_are_looked_for_in_the_order_of_the_documents() {
    use std::process::Command;
    const CHILD: &str = "FOVEATE_TEST_PLACES";
    if std::env::var_os(CHILD).is_some() {
        let found = Source::find(Architecture::SqueezeNet1_1);
        println!("found {:?}", found.map(|(_, path)| path));
        println!("absent {}", Source::fetch(Architecture::GoogLeNetPublished).unwrap_err());
        return;
    }

    let folder = tempfile::tempdir().unwrap();
    let ask = || {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--nocapture",
                "--exact",
                "models::weights::weights_are_looked_for_in_the_order_of_the_documents",
            ])
            .env(CHILD, "1")
            .env("FOVEATE_DATA", folder.path().join("data"))
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .env_remove("TORCH_HOME")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let nothing = ask();
    assert!(nothing.contains("found None"), "{nothing}");
    assert!(nothing.contains("googlenet_bvlc_f16.safetensors into"), "{nothing}");

    // The least preferred place first: each file put down later is found instead.
    for place in [
        "cache/torch/hub/checkpoints/squeezenet1_1-b8a52dc0.pth",
        "cache/foveate/weights/squeezenet1_1/squeezenet1_1.safetensors",
        "cache/foveate/weights/torchvision/squeezenet1_1-b8a52dc0.pth",
        "data/weights/squeezenet1_1/squeezenet1_1.safetensors",
        "data/weights/torchvision/squeezenet1_1-b8a52dc0.pth",
    ] {
        let path = folder.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        let found = ask();
        assert!(found.contains(place), "{place}: {found}");
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
        let other = architecture.init_with_width_divisor(divisor, &device).with_classes(10);
        weights::save(&weights::load(other, &once).unwrap(), &twice).unwrap();
        assert_eq!(tensors(&once), tensors(&twice), "{architecture}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
}

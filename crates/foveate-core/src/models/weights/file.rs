//! Reading and writing files of weights.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use burn::module::Module;
use burn::store::burn_pack::Tensor as PackTensor;
use burn::store::{
    ApplyError, ApplyResult, BurnToPyTorchAdapter, FloatCastAdapter, ModuleAdapter, ModuleSnapshot,
    ModuleStore, PyTorchToBurnAdapter, PytorchStore, SafetensorsStore, SafetensorsStoreError,
    bridge,
};
use burn::tensor::{DType, TensorData};

use super::error::{Misshaped, WeightsError};
use super::pickle;
use super::prefix::{Place, unneeded};
use crate::models::parameter_names;

/// Reads `path` into `network`: safetensors (f32, f16, bf16), or PyTorch's `.pth` (zip or legacy
/// pickle), told apart by their content. Tensors go by torchvision's names; values become f32.
///
/// A prefix that all names share (`module.` of `DataParallel`, `_orig_mod.` of `torch.compile`, `model.` of
/// Lightning) and the key of a checkpoint that holds the state dict (`state_dict`, `model`) are taken off, which is
/// logged; what stands beside such a key (an optimizer, arguments) does not matter.
///
/// The counters `num_batches_tracked` and `n_averaged`, and the auxiliary heads `aux1`, `aux2` of torchvision's
/// GoogLeNet, are passed over: they serve training only.
///
/// # Errors
///
/// [`WeightsError::Mismatch`] names every missing, unexpected and misshaped tensor at once;
/// [`WeightsError::Several`] a file that holds the network more than once; [`WeightsError::NotFinite`] a tensor of a
/// training that went wrong; the other variants are of files that cannot be read.
pub fn load<M: Module>(network: M, path: impl AsRef<Path>) -> Result<M, WeightsError> {
    let path = path.as_ref();
    let Contents { mut tensors, keys } = read(path)?;
    let wanted: BTreeSet<String> =
        parameter_names(&network).iter().map(|name| torch_name(name)).collect();
    let names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    let place = Place::of(&names, &keys, &wanted)
        .map_err(|places| WeightsError::Several { path: path.into(), places })?;
    tensors.retain_mut(|tensor| {
        let name = place.name(&tensor.name).map(String::from);
        name.map(|name| tensor.name = name).is_some()
    });
    let loaded = apply_of(network, path, tensors, &place.prefix)?;
    if !place.prefix.is_empty() {
        log::info!("{}: the tensors below `{}` are loaded", path.display(), place.prefix);
    }
    Ok(loaded)
}

/// As [`load`], from the bytes of a safetensors file; `path` stands in errors.
pub(crate) fn from_bytes<M: Module>(
    network: M,
    bytes: &[u8],
    path: &Path,
) -> Result<M, WeightsError> {
    let store = SafetensorsStore::from_bytes(Some(bytes.to_vec()));
    apply(network, path, listed(store, path)?)
}

/// As [`load`], for a ResNet whose batch norms were folded into its convolutions: each convolution's
/// bias becomes that of the batch norm behind it, which otherwise changes nothing (scale and
/// `sqrt(variance + epsilon)` are 1, the mean is 0). What such a file holds of `layer4` and `fc` is
/// incomplete, and passed over.
pub(super) fn load_folded<M: Module>(network: M, path: &Path) -> Result<M, WeightsError> {
    const EPSILON: f32 = 1e-5;
    let mut tensors = Vec::new();
    for mut tensor in read(path)?.tensors {
        if tensor.name.starts_with("layer4.") || tensor.name.starts_with("fc.") {
            continue;
        }
        if let Some(conv) = tensor.name.strip_suffix(".bias") {
            let norm = conv.replace("conv", "bn").replace("downsample.0", "downsample.1");
            let channels = tensor.shape.num_elements();
            for (name, value) in
                [("weight", 1.0), ("running_mean", 0.0), ("running_var", 1.0 - EPSILON)]
            {
                let data = TensorData::new(vec![value; channels], [channels]);
                tensors.push(bridge::from_data(data, format!("{norm}.{name}"), None));
            }
            tensor.name = format!("{norm}.bias");
        }
        tensors.push(tensor);
    }
    apply(network, path, tensors)
}

/// The numbers of a file of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// 32 bits.
    Single,
    /// 16 bits, of which 11 are significant: half the size. No number beyond 65,504.
    Half,
}

/// Writes `network` to `path` as safetensors with torchvision's names and layout, so that PyTorch
/// reads it too. The file takes the old one's place when it is whole: nothing is half written.
///
/// # Errors
///
/// [`WeightsError::Io`] if the file cannot be written.
pub fn save<M: Module>(network: &M, path: impl AsRef<Path>) -> Result<(), WeightsError> {
    write(network, path.as_ref(), Precision::Single, None)
}

/// As [`save`], with an entry of metadata.
pub(crate) fn write<M: Module>(
    network: &M,
    path: &Path,
    precision: Precision,
    entry: Option<(&str, &str)>,
) -> Result<(), WeightsError> {
    if precision == Precision::Half {
        let overflows = |tensor: &&PackTensor| {
            let data = bridge::to_data(tensor).expect("a network's own tensors can be read");
            data.iter::<f32>().any(|value| value.abs() > 65504.0)
        };
        if let Some(tensor) = tensors(network).iter().find(overflows) {
            return Err(WeightsError::NoHalf { path: path.into(), name: tensor.name.clone() });
        }
    }
    // One entry alone: several would come in another order every time.
    let (name, text) = entry.unwrap_or(("format", "pt"));
    let mut store = SafetensorsStore::from_file(path)
        .skip_enum_variants(true)
        .overwrite(true)
        .clear_metadata()
        .metadata(name, text);
    store = match precision {
        Precision::Single => store.with_to_adapter(BurnToPyTorchAdapter),
        Precision::Half => {
            store.with_to_adapter(BurnToPyTorchAdapter.chain(FloatCastAdapter::to(DType::F16)))
        }
    };
    store.collect_from(network).map_err(|error| WeightsError::Io {
        path: path.into(),
        reason: match error {
            SafetensorsStoreError::Io(reason) => reason,
            other => io::Error::other(other.to_string()),
        },
    })
}

/// The formats weights come in.
enum Format {
    Safetensors,
    PyTorch,
}

/// The format told by the first bytes of a file.
fn format(path: &Path) -> Result<Format, WeightsError> {
    let error = |reason| WeightsError::Io { path: path.into(), reason };
    let mut start = Vec::new();
    File::open(path).map_err(error)?.take(16).read_to_end(&mut start).map_err(error)?;
    let found = match start.as_slice() {
        [] => "an empty file".into(),
        // The length of the header, 8 bytes, then the header: a JSON object. Lengths may begin as pickles do.
        [_, _, _, _, _, 0, 0, 0, b'{', ..] => return Ok(Format::Safetensors),
        // A zip archive, or the pickle of a protocol from 2 to 5.
        [b'P', b'K', 3, 4, ..] | [0x80, 2..=5, ..] => return Ok(Format::PyTorch),
        text if text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
            format!("text, \"{}...\"", text.escape_ascii())
        }
        bytes => format!("bytes {bytes:02x?}"),
    };
    Err(WeightsError::Format { path: path.into(), found })
}

/// What a file holds.
struct Contents {
    /// Its tensors, by the file's names, those in dictionaries behind the key and a dot; their values are read when
    /// they are used.
    tensors: Vec<PackTensor>,
    /// Keys of the dictionaries in it.
    keys: Vec<String>,
}

fn read(path: &Path) -> Result<Contents, WeightsError> {
    match format(path)? {
        Format::Safetensors => {
            Ok(Contents { tensors: listed(SafetensorsStore::from_file(path), path)?, keys: vec![] })
        }
        Format::PyTorch => {
            let keys = pickle::keys(path)?;
            let mut store = PytorchStore::from_file(path).map_indices_contiguous(false);
            let tensors = store.get_all_tensors().map_err(|error| WeightsError::Damaged {
                path: path.into(),
                format: "PyTorch",
                reason: error.to_string(),
            })?;
            Ok(Contents { tensors: tensors.values().cloned().collect(), keys })
        }
    }
}

fn listed(store: SafetensorsStore, path: &Path) -> Result<Vec<PackTensor>, WeightsError> {
    let mut store = store.map_indices_contiguous(false);
    let tensors = store.get_all_tensors().map_err(|error| WeightsError::Damaged {
        path: path.into(),
        format: "safetensors",
        reason: error.to_string(),
    })?;
    Ok(tensors.values().cloned().collect())
}

/// The tensors of a network, with torchvision's names and layout.
pub fn tensors<M: Module>(network: &M) -> Vec<PackTensor> {
    network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
}

/// Puts tensors with torchvision's names and layout into a network.
pub fn apply<M: Module>(
    network: M,
    path: &Path,
    tensors: Vec<PackTensor>,
) -> Result<M, WeightsError> {
    apply_of(network, path, tensors, "")
}

/// As [`apply`]; errors tell what stood before the names in the file.
fn apply_of<M: Module>(
    mut network: M,
    path: &Path,
    tensors: Vec<PackTensor>,
    prefix: &str,
) -> Result<M, WeightsError> {
    if let Some(tensor) =
        tensors.iter().find(|tensor| !unneeded(&tensor.name) && !is_finite(tensor))
    {
        return Err(WeightsError::NotFinite { path: path.into(), name: tensor.name.clone() });
    }
    let adapter = PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32));
    let result = network.apply(tensors, None, Some(Box::new(adapter)), true);
    check(path, result, prefix)?;
    Ok(network)
}

/// Whether all numbers are; a tensor that cannot be read is reported when it is applied.
fn is_finite(tensor: &PackTensor) -> bool {
    let Ok(data) = bridge::to_data(tensor) else { return true };
    match data.as_slice::<f32>() {
        Ok(values) => values.iter().all(|value| value.is_finite()),
        Err(_) => data.iter::<f32>().all(|value| value.is_finite()),
    }
}

/// Turns burn's account into one error, in torchvision's names and shapes.
fn check(path: &Path, result: ApplyResult, prefix: &str) -> Result<(), WeightsError> {
    let mut misshaped = Vec::new();
    for error in result.errors {
        match error {
            ApplyError::ShapeMismatch { path: name, expected, found } => {
                let (mut expected, mut found) = (expected.to_vec(), found.to_vec());
                if expected.len() == 2 {
                    // A fully connected layer: burn keeps the transpose of PyTorch's weight.
                    expected.reverse();
                    found.reverse();
                }
                misshaped.push(Misshaped { name: torch_name(&name), expected, found });
            }
            other => {
                return Err(WeightsError::Damaged {
                    path: path.into(),
                    format: "weights",
                    reason: other.to_string(),
                });
            }
        }
    }
    let missing: Vec<_> = result.missing.iter().map(|(name, _)| torch_name(name)).collect();
    let unexpected: Vec<_> = result.unused.into_iter().filter(|name| !unneeded(name)).collect();
    if missing.is_empty() && unexpected.is_empty() && misshaped.is_empty() {
        return Ok(());
    }
    let (path, prefix) = (path.into(), prefix.into());
    Err(WeightsError::Mismatch { path, prefix, missing, unexpected, misshaped })
}

/// PyTorch calls the scale and shift of a batch norm weight and bias.
fn torch_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((module, "gamma")) => format!("{module}.weight"),
        Some((module, "beta")) => format!("{module}.bias"),
        _ => name.into(),
    }
}

//! What a PyTorch file holds beside tensors. Nothing in a pickle is ever run: what the reader does not know is a
//! name to it, and no more.

use std::path::Path;

use burn::store::pytorch_reader::{PickleValue, PytorchReader};

use super::error::WeightsError;

/// Modules whose functions build plain values.
const PLAIN: [&str; 5] = ["_codecs", "collections", "datetime", "numpy", "torch"];

/// The keys of the dictionaries in the file's own.
///
/// # Errors
///
/// [`WeightsError::StateDict`] if it holds no dictionary; [`WeightsError::Damaged`], also for a file that asks Python
/// for a function.
pub(super) fn keys(path: &Path) -> Result<Vec<String>, WeightsError> {
    let damaged = |reason| WeightsError::Damaged { path: path.into(), format: "PyTorch", reason };
    let value = PytorchReader::read_pickle_data(path, None);
    let value = value.map_err(|error| damaged(error.to_string()))?;
    if let Some(name) = function(&value) {
        return Err(damaged(format!("it asks Python for {name}")));
    }
    let found = match value {
        PickleValue::Dict(items) => {
            let dictionaries =
                items.into_iter().filter(|(_, value)| matches!(value, PickleValue::Dict(_)));
            return Ok(dictionaries.map(|(key, _)| key).collect());
        }
        PickleValue::List(items) => format!("a list of {}", items.len()),
        PickleValue::Unsupported(name) if name == "torch.Tensor" => "one tensor".into(),
        PickleValue::Unsupported(name) => name,
        _ => "a value that is no tensor".into(),
    };
    Err(WeightsError::StateDict { path: path.into(), found })
}

/// A function that the pickle would have Python call, by its name: who puts `os.system` there means no good. Objects
/// of classes, as `argparse.Namespace`, are what training programs put beside the weights.
fn function(value: &PickleValue) -> Option<&str> {
    match value {
        PickleValue::List(items) => items.iter().find_map(function),
        PickleValue::Dict(items) => items.values().find_map(function),
        PickleValue::Unsupported(name) => {
            let (module, _) = name.split_once('.')?;
            let (_, last) = name.rsplit_once('.')?;
            let class = last.starts_with(char::is_uppercase) && module != "subprocess";
            (!class && !PLAIN.contains(&module)).then_some(name)
        }
        _ => None,
    }
}

//! Named tensors and metadata in one safetensors file: models and checkpoints.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use burn::tensor::{DType, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// Tensors of f32 or f64 by name.
pub(crate) type Tensors = BTreeMap<String, TensorData>;
/// What stands beside them.
pub(crate) type Metadata = HashMap<String, String>;

const CHECK: &str = "sha256";

/// Writes a file, with the SHA-256 of all of it inside. It takes the old one's place when it is whole.
pub(crate) fn write(path: &Path, tensors: &Tensors, mut metadata: Metadata) -> io::Result<()> {
    metadata.insert(CHECK.into(), check(tensors, &metadata));
    let views = tensors.iter().map(|(name, data)| {
        let dtype = if data.dtype() == DType::F64 { Dtype::F64 } else { Dtype::F32 };
        let view = TensorView::new(dtype, data.shape().to_vec(), data.as_bytes());
        (name.as_str(), view.expect("the bytes are those of the shape"))
    });
    let bytes = safetensors::serialize(views, Some(metadata)).expect("names and shapes are plain");
    replace(path, &bytes)
}

/// Writes a file under another name in its folder, then gives it its own: nothing is half written.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = temporary(folder.unwrap_or(Path::new(".")), ".tmp")?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// A file in `folder` to be renamed when it is whole, and removed if it is dropped before.
pub(crate) fn temporary(folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // As files usually are: temporary ones are for their owner alone, and caches are shared.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(prefix).tempfile_in(folder)
}

/// The bytes of a file, and of nothing that has no end, as a pipe.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    match fs::metadata(path)?.is_file() {
        true => fs::read(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "expected a file")),
    }
}

/// Reads what [`write`] wrote; a file that is damaged or of another kind is
/// [`io::ErrorKind::InvalidData`].
pub(crate) fn read(path: &Path) -> io::Result<(Tensors, Metadata)> {
    let bytes = bytes(path)?;
    let broken = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let file = SafeTensors::deserialize(&bytes).map_err(|error| broken(error.to_string()))?;
    let (_, header) =
        SafeTensors::read_metadata(&bytes).map_err(|error| broken(error.to_string()))?;
    let mut metadata = header.metadata().clone().unwrap_or_default();
    let mut tensors = Tensors::new();
    for (name, view) in file.iter() {
        let (bytes, shape) = (view.data(), view.shape().to_vec());
        let data = match view.dtype() {
            Dtype::F32 => TensorData::new(parsed(bytes, f32::from_le_bytes), shape),
            Dtype::F64 => TensorData::new(parsed(bytes, f64::from_le_bytes), shape),
            other => return Err(broken(format!("{name} holds {other:?}, not f32 or f64"))),
        };
        tensors.insert(name.into(), data);
    }
    let told = metadata.remove(CHECK);
    // A fuzzer cannot guess it, and is to see what lies behind.
    if !cfg!(fuzzing) && told != Some(check(&tensors, &metadata)) {
        return Err(broken("its SHA-256 is not the one it tells".into()));
    }
    Ok((tensors, metadata))
}

/// SHA-256 of everything, in hex.
fn check(tensors: &Tensors, metadata: &Metadata) -> String {
    let sorted: BTreeMap<_, _> = metadata.iter().collect();
    hex(&Sha256::digest(format!("{} {sorted:?}", digest(tensors))))
}

/// SHA-256 of names, shapes and bytes, in hex.
pub(crate) fn digest(tensors: &Tensors) -> String {
    let mut hasher = Sha256::new();
    for (name, data) in tensors {
        hasher.update(format!("{name} {:?}", data.shape()));
        hasher.update(data.as_bytes());
    }
    hex(&hasher.finalize())
}

/// Bytes, a digest's mostly, in hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parsed<const B: usize, T>(bytes: &[u8], number: fn([u8; B]) -> T) -> Vec<T> {
    bytes.chunks_exact(B).map(|bytes| number(bytes.try_into().expect("B bytes"))).collect()
}

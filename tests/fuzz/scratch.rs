//! A file that holds the bytes of the moment.

use std::io::Write;
use std::path::Path;

/// Gives `read` the path of a file with these bytes.
pub fn file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    let mut file = tempfile::NamedTempFile::new().expect("there is room for a file");
    file.write_all(bytes).expect("there is room for the bytes");
    read(file.path())
}

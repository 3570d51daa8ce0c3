//! Where data sets are looked for.

use std::env;
use std::path::PathBuf;

use crate::models::weights::cache_folder;

/// `name` below the folder that `FOVEATE_DATA` names, if it does, and below [`cache_folder`].
pub(super) fn dataset_roots(name: &str) -> Vec<PathBuf> {
    let data = env::var_os("FOVEATE_DATA").map(PathBuf::from);
    data.into_iter().chain([cache_folder()]).map(|place| place.join(name)).collect()
}

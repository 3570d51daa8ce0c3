//! The rows of a folder's features: known from the cache, or computed.

use std::thread;

use sha2::{Digest as _, Sha256};

use super::cache::{Cache, Digest};
use super::error::TransferError;
use crate::data::{Sample, prefetch};
use crate::image;

pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The rows of a folder, those that are known.
pub(super) struct Rows {
    pub values: Vec<f32>,
    /// Of each row's file; none while it is not known.
    pub digests: Vec<Option<Digest>>,
    pub columns: usize,
    pub cache: Option<Cache>,
}

impl Rows {
    /// Takes what the cache knows, by the files' content; the places of the others.
    pub fn read_cache(&mut self, samples: &[Sample]) -> Result<Vec<usize>, TransferError> {
        let Some(cache) = &mut self.cache else { return Ok((0..samples.len()).collect()) };
        let mut missing = Vec::new();
        let hash = |sample: &Sample| {
            let bytes = image::read(&sample.path).ok()?;
            Some(Digest::from(Sha256::digest(bytes)))
        };
        let mut at = 0..;
        prefetch(samples, threads(), 64, hash, |digest| {
            let i = at.next().expect("endless");
            match digest.and_then(|digest| Some((digest, cache.get(&digest)?))) {
                None => missing.push(i),
                Some((digest, row)) => {
                    self.values[i * self.columns..][..self.columns].copy_from_slice(&row);
                    self.digests[i] = Some(digest);
                }
            }
            Ok::<(), TransferError>(())
        })?;
        Ok(missing)
    }

    pub fn insert(&mut self, i: usize, digest: Digest, row: &[f32]) -> Result<(), TransferError> {
        self.values[i * self.columns..][..self.columns].copy_from_slice(row);
        self.digests[i] = Some(digest);
        // NaN of a moment's fault would stay for ever.
        match &mut self.cache {
            Some(cache) if row.iter().all(|value| value.is_finite()) => cache.insert(digest, row),
            _ => Ok(()),
        }
    }
}

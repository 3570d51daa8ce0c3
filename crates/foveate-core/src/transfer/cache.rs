//! Features on disk, so that no image goes through the same network twice.
//!
//! A file for each combination of weights, layer and preprocessing: a header (magic, the
//! combination's SHA-256, the number of columns), then records of one length, appended one by one:
//! the image file's SHA-256, the values, and the SHA-256 of both. A run that is killed leaves whole
//! records and perhaps a part of one, which is cut off; a record that does not check is not there.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::TransferError;
use crate::store::hex;

/// SHA-256 of an image's file, or of what its features depend on.
pub type Digest = [u8; 32];

const MAGIC: &[u8; 16] = b"foveate features";
const HEADER: u64 = 16 + 32 + 8;

/// An open file of features.
pub(super) struct Cache {
    path: PathBuf,
    file: File,
    columns: usize,
    /// Where each image's record starts.
    records: HashMap<Digest, u64>,
    end: u64,
}

impl Cache {
    /// Opens the file of `key` in `folder`, or begins it; one that is damaged or of another kind is
    /// begun anew. `None` if another process holds the file, or the file system has no locks.
    pub fn open(
        folder: &Path,
        key: &Digest,
        columns: usize,
    ) -> Result<Option<Self>, TransferError> {
        let path = folder.join(hex(&key[..8]) + ".features");
        let io = |reason| TransferError::Io { path: path.clone(), reason };
        fs::create_dir_all(folder).map_err(io)?;
        let options =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let file = options.open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                log::warn!("{}: in use elsewhere; features are not kept this time", path.display());
                return Ok(None);
            }
            Err(TryLockError::Error(reason)) if reason.kind() == io::ErrorKind::Unsupported => {
                log::warn!("{}: {reason}; features are not kept", path.display());
                return Ok(None);
            }
            Err(TryLockError::Error(reason)) => return Err(io(reason)),
        }
        let mut cache =
            Self { path: path.clone(), file, columns, records: HashMap::new(), end: HEADER };
        cache.index(key).map_err(io)?;
        Ok(Some(cache))
    }

    /// Finds the records of the file, and cuts off what is not whole.
    fn index(&mut self, key: &Digest) -> io::Result<()> {
        let mut header = MAGIC.to_vec();
        header.extend(key);
        header.extend((self.columns as u64).to_le_bytes());
        let mut found = Vec::new();
        (&self.file).take(HEADER).read_to_end(&mut found)?;
        if found != header {
            if !found.is_empty() {
                log::warn!("{}: no features of this kind; begun anew", self.path.display());
            }
            self.file.set_len(0)?;
            self.file.rewind()?;
            return self.file.write_all(&header);
        }
        let length = self.record();
        let whole = (self.file.metadata()?.len() - HEADER) / length;
        for i in 0..whole {
            let mut digest = [0; 32];
            self.file.seek(SeekFrom::Start(HEADER + i * length))?;
            self.file.read_exact(&mut digest)?;
            self.records.insert(digest, HEADER + i * length);
        }
        self.end = HEADER + whole * length;
        self.file.set_len(self.end)
    }

    /// Bytes of a record.
    fn record(&self) -> u64 {
        32 + 4 * self.columns as u64 + 32
    }

    /// The features of the image with this digest, if they are there and whole.
    pub fn get(&mut self, image: &Digest) -> Option<Vec<f32>> {
        let start = *self.records.get(image)?;
        let mut record = vec![0; self.record() as usize];
        let read =
            self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.read_exact(&mut record));
        let (content, check) = record.split_at(record.len() - 32);
        if read.is_err() || !content.starts_with(image) || Sha256::digest(content)[..] != *check {
            log::warn!("{}: a damaged record is computed again", self.path.display());
            self.records.remove(image);
            return None;
        }
        let values = content[32..].chunks_exact(4);
        Some(
            values
                .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect(),
        )
    }

    /// Appends the features of an image.
    pub fn insert(&mut self, image: Digest, values: &[f32]) -> Result<(), TransferError> {
        assert_eq!(values.len(), self.columns, "one value a column");
        let mut record = image.to_vec();
        record.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        record.extend(Sha256::digest(&record));
        let write =
            self.file.seek(SeekFrom::Start(self.end)).and_then(|_| self.file.write_all(&record));
        write.map_err(|reason| TransferError::Io { path: self.path.clone(), reason })?;
        self.records.insert(image, self.end);
        self.end += record.len() as u64;
        Ok(())
    }
}

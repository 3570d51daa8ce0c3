//! Downloads: resumed when the connection breaks, checked before they get their name.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::progress::progress_bar_of_bytes;
use crate::store;

/// A download that did not succeed; nothing of it is left on the disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The folder or file cannot be written: read-only, full, or no folder.
    #[error("cannot write to {folder}: {reason}; make room or grant access there", folder = .folder.display())]
    Write {
        /// The folder.
        folder: std::path::PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// The server answered with something other than the file.
    #[error("the server answered {status} for {url}")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// No connection, a connection that broke, or a server that went silent.
    #[error("cannot download {url}: {reason} ({received} bytes received, {attempts} attempts)")]
    Connection {
        /// The address.
        url: String,
        /// The client's words.
        reason: String,
        /// Bytes received so far.
        received: u64,
        /// How often it was tried.
        attempts: u32,
    },
    /// The bytes received are not the file's.
    #[error(
        "{url}: expected a file whose SHA-256 starts with {expected}, received one with {found}"
    )]
    Checksum {
        /// The address.
        url: String,
        /// The registered SHA-256 or its first digits.
        expected: String,
        /// The SHA-256 of what was received.
        found: String,
    },
}

/// Bytes a second below which a server is given up.
const SLOWEST: f64 = 1024.0;

/// How long a server may take, and how often it is asked again.
pub(crate) struct Downloader {
    /// To connect, to answer, and between two pieces of the file.
    pub patience: Duration,
    /// Connections made for one file before giving up.
    pub attempts: u32,
}

impl Default for Downloader {
    fn default() -> Self {
        Self { patience: Duration::from_secs(30), attempts: 4 }
    }
}

/// One attempt's end, where it did not bring the rest of the file.
enum Broken {
    /// Trying again may help.
    Connection(String),
    /// It will not.
    For(DownloadError),
}

impl Downloader {
    /// Brings `url` to `target`, whose SHA-256 starts with `sha256` (lower-case hex).
    pub fn fetch(&self, url: &str, target: &Path, sha256: &str) -> Result<(), DownloadError> {
        self.fetch_checked(url, target, sha256, digest)
    }

    /// As [`fetch`](Self::fetch), where the SHA-256 is that of what `digest` finds in the file.
    ///
    /// The bytes go to a temporary file beside `target` that takes its name at the end, so two
    /// processes may do this at once, and one that is stopped leaves no file of that name.
    pub fn fetch_checked(
        &self,
        url: &str,
        target: &Path,
        sha256: &str,
        digest: impl FnOnce(&mut fs::File) -> io::Result<String>,
    ) -> Result<(), DownloadError> {
        let folder = target.parent().unwrap_or(Path::new("."));
        let unwritable = |reason| DownloadError::Write { folder: folder.into(), reason };
        fs::create_dir_all(folder).map_err(unwritable)?;
        let mut file = temporary(folder, target).map_err(unwritable)?;
        let name = url.rsplit('/').next().unwrap_or(url);
        let bar = progress_bar_of_bytes(name.to_string());

        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.attempt(url, file.as_file_mut(), &bar, folder) {
                Ok(()) => break,
                Err(Broken::For(error)) => return Err(error),
                Err(Broken::Connection(reason)) if attempts >= self.attempts => {
                    let received = file.as_file().metadata().map_or(0, |data| data.len());
                    return Err(DownloadError::Connection {
                        url: url.into(),
                        reason,
                        received,
                        attempts,
                    });
                }
                Err(Broken::Connection(reason)) => log::warn!("{url}: {reason}; trying again"),
            }
        }
        bar.finish_and_clear();

        let found = digest(file.as_file_mut()).map_err(unwritable)?;
        if !found.starts_with(sha256) {
            let (url, expected) = (url.into(), sha256.into());
            return Err(DownloadError::Checksum { url, expected, found });
        }
        file.persist(target).map_err(|failed| unwritable(failed.error))?;
        Ok(())
    }

    /// Asks for what `file` still lacks, and appends it.
    fn attempt(
        &self,
        url: &str,
        file: &mut fs::File,
        bar: &ProgressBar,
        folder: &Path,
    ) -> Result<(), Broken> {
        let unwritable =
            |reason| Broken::For(DownloadError::Write { folder: folder.into(), reason });
        let present = file.seek(SeekFrom::End(0)).map_err(unwritable)?;
        let mut request = self.agent().get(url);
        if present > 0 {
            request = request.header("Range", format!("bytes={present}-"));
        }
        let response = request.call().map_err(|error| Broken::Connection(error.to_string()))?;
        let offset = match response.status().as_u16() {
            206 => present,
            200 => {
                // The whole file, from a server that cannot go on where it stopped.
                file.set_len(0).map_err(unwritable)?;
                file.seek(SeekFrom::Start(0)).map_err(unwritable)?
            }
            status @ 500.. => return Err(Broken::Connection(format!("server error {status}"))),
            status => return Err(Broken::For(DownloadError::Status { url: url.into(), status })),
        };

        let expected = response.body().content_length();
        bar.set_length(offset + expected.unwrap_or(0));
        bar.set_position(offset);
        let mut body = response.into_body().into_reader();
        let start = Instant::now();
        let mut received = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count =
                body.read(&mut buffer).map_err(|error| Broken::Connection(error.to_string()))?;
            if count == 0 {
                break;
            }
            file.write_all(&buffer[..count]).map_err(unwritable)?;
            received += count as u64;
            bar.inc(count as u64);
            let elapsed = start.elapsed();
            if elapsed > self.patience && (received as f64) < SLOWEST * elapsed.as_secs_f64() {
                return Err(Broken::Connection(format!("{received} bytes in {elapsed:.0?}")));
            }
        }
        match expected {
            Some(expected) if received < expected => Err(Broken::Connection(format!(
                "the connection closed after {received} of {expected} bytes"
            ))),
            _ => Ok(()),
        }
    }

    fn agent(&self) -> ureq::Agent {
        let patience = Some(self.patience);
        let config = ureq::Agent::config_builder()
            .timeout_resolve(patience)
            .timeout_connect(patience)
            .timeout_recv_response(patience)
            .timeout_per_read(patience)
            .http_status_as_error(false);
        config.build().new_agent()
    }
}

/// A temporary file beside `target`, removed when dropped. One that a killed process left a day ago
/// or longer is removed, too.
fn temporary(folder: &Path, target: &Path) -> io::Result<NamedTempFile> {
    let prefix = format!("{}.part-", target.file_name().unwrap_or_default().to_string_lossy());
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let age = |entry: &fs::DirEntry| entry.metadata().ok()?.modified().ok()?.elapsed().ok();
    for entry in fs::read_dir(folder)?.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(&prefix);
        if ours && age(&entry).is_some_and(|age| age > DAY) {
            // Another process may have done it meanwhile.
            let _ = fs::remove_file(entry.path());
        }
    }
    store::temporary(folder, &prefix)
}

/// The SHA-256 of a whole file, in hex.
fn digest(file: &mut fs::File) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    Ok(store::hex(&hasher.finalize()))
}

#[cfg(test)]
mod tests;

//! What all examples share: where they compute, where they write, and how they fail.

// Not every example uses all of it.
#![allow(dead_code)]

use std::backtrace::BacktraceStatus;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::Context;
use foveate::prelude::*;

/// Where to compute, and where to write.
#[derive(Clone, clap::Args)]
pub struct Common {
    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for what is written
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
}

impl Common {
    /// The device.
    pub fn device(&self) -> anyhow::Result<Device> {
        let chosen = foveate::device(&self.device)?;
        println!("device: {chosen}");
        Ok(chosen.device)
    }

    /// What the device is called.
    pub fn description(&self) -> anyhow::Result<String> {
        Ok(foveate::device(&self.device)?.description)
    }

    /// The device, and the folder made.
    pub fn open(&self) -> anyhow::Result<Device> {
        let device = self.device()?;
        fs::create_dir_all(&self.out).with_context(|| self.out.display().to_string())?;
        Ok(device)
    }

    /// Saves an image in the folder.
    pub fn save(&self, image: &RgbImage, name: &str) -> anyhow::Result<()> {
        let file = self.out.join(name);
        image.save(&file).with_context(|| file.display().to_string())?;
        println!("{}", file.display());
        Ok(())
    }
}

/// The name of a file without its folder.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The class with this name among its label's, which are separated by commas.
pub fn class_named(labels: &[String], name: &str) -> anyhow::Result<usize> {
    let named = |label: &String| label.split(", ").any(|one| one.eq_ignore_ascii_case(name));
    labels.iter().position(named).with_context(|| format!("no class is named `{name}`"))
}

/// An error with its causes, which an example that ends with it prints in one line; with a backtrace where
/// `RUST_BACKTRACE` asks for one.
pub struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.backtrace().status() == BacktraceStatus::Captured {
            return self.0.fmt(f);
        }
        let message = format!("{:#}", self.0);
        f.write_str(&message.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

//! What foveate is for, in two minutes, on digits that it draws itself: nothing to download.
//!
//! ```text
//! cargo run --release --example tour
//! cargo run --release --example tour -- --pretrained cat.jpg # and SqueezeNet on a photograph
//! ```

mod adapt;
#[path = "../adapt/mod.rs"]
mod adapting;
mod classify;
mod explain;
#[path = "../failure/mod.rs"]
mod failure;
mod generate;
#[path = "../generate/mod.rs"]
mod generating;
mod page;
mod photograph;
mod transfer;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use foveate::image::RgbImage;
use foveate::image::imageops::{FilterType, resize};
use foveate::models::LeNet;

use page::Page;

/// Reads digits, explains and fools the network that does, carries it to other images, and draws digits;
/// and writes a page about it, index.html.
#[derive(Parser)]
struct Args {
    /// Photographs, which SqueezeNet names and explains (its weights are downloaded)
    #[arg(long, num_args = 1..)]
    pretrained: Vec<PathBuf>,

    /// Same seed, same digits and networks
    #[arg(long, default_value_t = 0)]
    seed: u32,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for the page
    #[arg(long, default_value = "tour")]
    out: PathBuf,
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = foveate::device(&args.device)?;
    println!("device: {chosen}");
    let (device, seed) = (&chosen.device, u64::from(args.seed));
    // What can be missing, before two minutes of work.
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let photographs = photograph::open(&args.pretrained, device)?;
    let digits = LeNet::digits(device)?;
    let mut page = Page::default();
    classify::chapter(&mut page, &digits, seed)?;
    explain::attributions(&mut page, &digits, device, seed)?;
    explain::fooled(&mut page, &digits, device, seed)?;
    explain::classes(&mut page, &digits, device, seed)?;
    transfer::chapter(&mut page, &digits, seed)?;
    adapt::chapter(&mut page, device, seed)?;
    generate::chapter(&mut page, device, seed)?;
    if let Some((classifier, images)) = photographs {
        photograph::chapters(&mut page, &classifier, &images, device)?;
    }
    let file = page.save(&args.out, &chosen.to_string())?;
    println!("\nthe page: {}", file.display());
    Ok(())
}

/// A digit large enough to be seen.
fn large(digit: &RgbImage) -> RgbImage {
    resize(digit, 84, 84, FilterType::Nearest)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

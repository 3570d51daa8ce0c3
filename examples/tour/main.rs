//! The whole of foveate in three minutes, on digits that it draws itself: nothing to download.
//!
//! ```text
//! cargo run --release --example tour
//! cargo run --release --example tour -- --pretrained cat.jpg # and SqueezeNet on a photograph
//! ```

#[path = "../adapt/mod.rs"]
mod adapt;
mod carry;
mod draw;
mod explain;
#[path = "../generate/mod.rs"]
mod generate;
mod page;
mod photograph;
mod read;
mod reuse;

use std::path::PathBuf;

use clap::Parser;
use foveate::image::RgbImage;
use foveate::image::imageops::{FilterType, resize};
use foveate::models::LeNet;

use page::Page;

/// Reads digits, explains and fools the network that does, carries it to other pictures, and draws digits;
/// and writes a page about it, index.html.
#[derive(Parser)]
struct Args {
    /// Photographs, which SqueezeNet names and explains (its weights are downloaded)
    #[arg(long, num_args = 1..)]
    pretrained: Vec<PathBuf>,

    /// Same seed, same page
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for the page
    #[arg(long, default_value = "tour")]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = foveate::device(&args.device)?;
    println!("device: {chosen}");
    let (device, seed) = (&chosen.device, args.seed);
    let classifier = LeNet::digits(device)?;
    let mut page = Page::default();
    read::chapter(&mut page, &classifier, seed)?;
    explain::attributions(&mut page, &classifier, device, seed)?;
    explain::fooled(&mut page, &classifier, device, seed)?;
    explain::classes(&mut page, &classifier, device, seed)?;
    reuse::chapter(&mut page, &classifier, seed)?;
    carry::chapter(&mut page, device, seed)?;
    draw::chapter(&mut page, device, seed)?;
    photograph::chapters(&mut page, &args.pretrained, device)?;
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

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
#[path = "../common/mod.rs"]
mod common;
mod explain;
mod generate;
#[path = "../generate/mod.rs"]
mod generating;
mod page;
mod photograph;
mod transfer;

use std::path::PathBuf;

use clap::Parser;
use common::{Common, Failure};
use foveate::image::RgbImage;
use foveate::image::imageops::{FilterType, resize};
use foveate::models::LeNet;
use page::Page;

/// Reads digits, explains and fools the network that does, carries it to other images, and draws digits;
/// and writes a page about it, tour.html.
#[derive(Parser)]
struct Args {
    /// Photographs, which SqueezeNet names and explains (its weights are downloaded)
    #[arg(long, num_args = 1..)]
    pretrained: Vec<PathBuf>,

    /// Same seed, same digits and networks
    #[arg(long, default_value_t = 0)]
    seed: u32,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let (device, seed) = (&args.common.open()?, u64::from(args.seed));
    // What can be missing, before two minutes of work.
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
        photograph::attributions(&mut page, &classifier, &images, device)?;
        photograph::classes(&mut page, &classifier, device)?;
    }
    let file = page.save(&args.common)?;
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

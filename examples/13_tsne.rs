//! Two domains before and after adaptation, as a network sees them: t-SNE of its features, by domain and
//! by class, and the proxy A-distance.
//!
//! ```text
//! cargo run --release --example 10_dann -- --no-reversal --out out/before
//! cargo run --release --example 10_dann -- --lambda 0.3 --out out/after
//! cargo run --release --example 13_tsne -- out/before/dann_0.safetensors out/after/dann_0.safetensors
//! ```

mod adapt;
mod common;

use std::fs;
use std::path::PathBuf;

use adapt::{Data, clouds, load};
use anyhow::ensure;
use clap::Parser;
use common::{Common, Failure};
use foveate::adapt::{Tsne, features, outputs, proxy_a_distance, tsne_csv};
use foveate::data::Images;
use foveate::image::chart::scatter;
use foveate::transfer::Features;

/// Draws the features of validation images for each network: tsne_NUMBER_domains.png,
/// tsne_NUMBER_classes.png and tsne_NUMBER.csv.
#[derive(Parser)]
struct Args {
    /// Networks that 10_dann wrote
    #[arg(required = true)]
    networks: Vec<PathBuf>,

    /// The two domains
    #[arg(long, default_value = "mnist")]
    data: Data,

    /// Images of each domain
    #[arg(long, default_value_t = 1000)]
    count: usize,

    /// How many neighbors count for an image
    #[arg(long, default_value_t = 30.0)]
    perplexity: f32,

    /// Same seed, same image
    #[arg(long, default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let sets = sets(&args)?;
    for (i, path) in args.networks.iter().enumerate() {
        let classifier = load(path, &device)?;
        let (network, preprocessing) = (classifier.network(), classifier.preprocessing());
        let [source, target] = sets.each_ref().map(|set| features(network, preprocessing, set));
        let distance = proxy_a_distance(&source, &target, args.seed)?;
        println!("{}:", path.display());
        for (name, set) in NAMES.into_iter().zip(&sets) {
            let accuracy = 100.0 * outputs(network, preprocessing, set).accuracy(&set.labels);
            println!("  {name}: {accuracy:.2} % of {} images", set.len());
        }
        println!("  proxy A-distance: {distance:.2} (0 mixed, 2 apart)");

        let embedding = Tsne { perplexity: args.perplexity, seed: args.seed, ..Default::default() };
        let points = embedding.run(&Features::stack(&[source, target]));
        draw(&args, i + 1, &points, &sets)?;
    }
    println!("{}: tsne_NUMBER_domains.png, _classes.png, .csv", args.common.out.display());
    Ok(())
}

const NAMES: [&str; 2] = ["source", "target"];

/// Validation images of both domains.
fn sets(args: &Args) -> anyhow::Result<[Images; 2]> {
    let (count, perplexity) = (args.count, args.perplexity);
    ensure!(perplexity >= 1.0, "--perplexity {perplexity}: expected 1 or more");
    let least = (1.5 * perplexity) as usize + 1;
    ensure!(count >= least, "--count {count}: expected {least} or more for this perplexity");
    let data = args.data.load(Some(1))?;
    let sets = [data.source_validation, data.target_validation];
    Ok(sets.map(|set| set.slice(0..count.min(set.len()))))
}

/// The points by domain and by class, and as a table.
fn draw(args: &Args, number: usize, points: &[[f32; 2]], sets: &[Images; 2]) -> anyhow::Result<()> {
    let domains = NAMES.iter().zip(sets).flat_map(|(&name, set)| vec![name; set.len()]);
    let domains: Vec<&str> = domains.collect();
    let classes = [&sets[0].labels[..], &sets[1].labels[..]].concat();
    let digits: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    let by_domain = clouds(points, &NAMES.map(String::from), &|i| domains[i].to_string());
    let by_class = clouds(points, &digits, &|i| classes[i].to_string());
    let name = |what: &str| args.common.out.join(format!("tsne_{number}{what}"));
    scatter(&by_domain, "features by domain").save(name("_domains.png"))?;
    scatter(&by_class, "features by class").save(name("_classes.png"))?;
    Ok(fs::write(name(".csv"), tsne_csv(points, &domains, &classes))?)
}

//! Two domains before and after adaptation, as a network sees them: t-SNE of its features, by domain and
//! by class, and the proxy A-distance.
//!
//! ```text
//! cargo run --release --example 10_dann -- --no-reversal --out out/before
//! cargo run --release --example 10_dann -- --lambda 0.3 --out out/after
//! cargo run --release --example 13_tsne -- out/before/dann_0.safetensors out/after/dann_0.safetensors
//! ```

mod adapt;
mod failure;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Parser;
use foveate::adapt::{Embedding, embedding_csv, features, outputs, proxy_a_distance};
use foveate::image::chart::scatter;
use foveate::transfer::Features;

use adapt::{Data, clouds, open};

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

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for what is written
    #[arg(long, default_value = "out")]
    out: PathBuf,
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = foveate::device(&args.device)?;
    println!("device: {chosen}");
    let data = args.data.load(Some(1))?;
    ensure!(args.perplexity >= 1.0, "--perplexity {}: expected 1 or more", args.perplexity);
    let least = (1.5 * args.perplexity) as usize + 1;
    ensure!(
        args.count >= least,
        "--count {}: expected {least} or more for this perplexity",
        args.count
    );
    let first = |set: &foveate::data::Images| set.slice(0..args.count.min(set.len()));
    let sets = [first(&data.source_validation), first(&data.target_validation)];
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    for (i, path) in args.networks.iter().enumerate() {
        let classifier = open(path, &chosen.device)?;
        let (network, preprocessing) = (classifier.network(), classifier.preprocessing());
        let [source, target] =
            [&sets[0], &sets[1]].map(|set| features(network, preprocessing, set));
        let distance = proxy_a_distance(&source, &target, args.seed)?;
        println!("{}:", path.display());
        for (name, set) in ["source", "target"].into_iter().zip(&sets) {
            let accuracy = 100.0 * outputs(network, preprocessing, set).accuracy(&set.labels);
            println!("  {name}: {accuracy:.2} % of {} images", set.len());
        }
        println!("  proxy A-distance: {distance:.2} (0 mixed, 2 apart)");

        let embedding =
            Embedding { perplexity: args.perplexity, seed: args.seed, ..Default::default() };
        let points = embedding.run(&Features::stack(&[source, target]));
        let domains: Vec<&str> = ["source", "target"]
            .into_iter()
            .zip(&sets)
            .flat_map(|(name, set)| vec![name; set.len()])
            .collect();
        let classes = [&sets[0].labels[..], &sets[1].labels[..]].concat();
        let by_domain =
            clouds(&points, &["source".into(), "target".into()], &|i| domains[i].to_string());
        let digits: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
        let by_class = clouds(&points, &digits, &|i| classes[i].to_string());
        let name = |what: &str| args.out.join(format!("tsne_{}{what}", i + 1));
        scatter(&by_domain, "features by domain").save(name("_domains.png"))?;
        scatter(&by_class, "features by class").save(name("_classes.png"))?;
        fs::write(name(".csv"), embedding_csv(&points, &domains, &classes))?;
    }
    println!("{}: tsne_NUMBER_domains.png, _classes.png, .csv", args.out.display());
    Ok(())
}

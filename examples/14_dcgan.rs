//! Digits from noise: a DCGAN (Radford et al. 2016), in the practical's settings.
//!
//! ```text
//! cargo run --release --example 14_dcgan            # drawn digits: nothing to download
//! cargo run --release --example 14_dcgan -- --mnist
//! ```

mod common;

use std::ops::ControlFlow;

use clap::Parser;
use common::{Common, Failure};
use foveate::data::{Split, digits, mnist};
use foveate::generate::{GanTraining, Noise, sample};
use foveate::models::weights::Precision;
use foveate::models::{DcganConfig, GanConfig, Initialization};

/// Trains a DCGAN, and draws a hundred images of fixed noise (dcgan.png). Writes the generator (dcgan.safetensors).
#[derive(Parser)]
struct Args {
    /// Learn from MNIST's digits in place of drawn ones
    #[arg(long)]
    mnist: bool,

    /// Steps of both networks
    #[arg(long, default_value_t = 1000)]
    iterations: usize,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let images = if args.mnist { mnist(Split::Train)? } else { digits(12_800, 0) }.resized(32, 32);

    let config = DcganConfig::new();
    let generator = Initialization::Dcgan.of(config.generator(&device), 0);
    let discriminator = Initialization::Dcgan.of(config.discriminator(&device), 1);
    let training = GanTraining { iterations: args.iterations, ..Default::default() };
    let made = training.run_with(generator, discriminator, &images, |step, _| {
        if step.iteration % 50 == 0 {
            let (iteration, real, fake) = (step.iteration, step.real, step.fake);
            println!("{iteration:5}  D(x) {real:.3}  D(G(z)) {fake:.3}  {:.0} s", step.seconds);
        }
        ControlFlow::Continue(())
    })?;

    let noise = Noise::Normal.rows(100, config.latent_dim, 0);
    args.common.save(&sample(&made.generator, &noise, &[]).grid(10), "dcgan.png")?;
    let file = args.common.out.join("dcgan.safetensors");
    GanConfig::Dcgan(config).save(&made.generator, file, Precision::Single)?;
    Ok(())
}

//! A network of your own: its layers are listed here, and then it is trained on drawn digits, explained and attacked.
//!
//! ```text
//! cargo run --release --example 18_your_own_network
//! ```

mod common;

use clap::Parser;
use common::{Common, Failure};
use foveate::burn::{
    self,
    module::Module,
    nn::{Linear, LinearConfig, Relu, conv, pool},
};
use foveate::data::{Images, digits};
use foveate::explain::attack::{Attack, Goal, Pgd};
use foveate::explain::{Attribution, IntegratedGradients, Target};
use foveate::image::imageops::{FilterType, resize};
use foveate::image::{Colors, HeatMap, sheet};
use foveate::models::{Layer, NamedLayer, initialized};
use foveate::prelude::*;
use foveate::train::CropAndFlip;
use foveate::transfer::FineTune;

#[derive(Module, Debug)]
struct Small {
    conv1: conv::Conv2d,
    conv2: conv::Conv2d,
    relu: Relu,
    pool: pool::MaxPool2d,
    fc: Linear,
}

impl Small {
    fn new(device: &Device) -> Self {
        Self {
            conv1: conv::Conv2dConfig::new([3, 8], [5, 5]).init(device),
            conv2: conv::Conv2dConfig::new([8, 16], [5, 5]).init(device),
            relu: Relu::new(),
            pool: pool::MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            fc: LinearConfig::new(16 * 4 * 4, 10).init(device),
        }
    }
}

impl Network for Small {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        let Self { conv1, conv2, relu, pool, fc } = self;
        let layers: [&dyn Layer; 7] = [conv1, relu, pool, conv2, relu, pool, fc];
        let names = ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "fc"];
        names.into_iter().zip(layers).map(|(name, layer)| NamedLayer::new(name, layer)).collect()
    }

    fn with_classes(mut self, classes: usize) -> Self {
        let device = self.devices()[0].clone();
        self.fc = LinearConfig::new(16 * 4 * 4, classes).init(&device);
        self
    }
}

/// Trains a network that is written in this file, and draws digits, what it sees in them and how they fool it
/// (own_network.png).
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let common = Args::parse().common;
    let device = common.open()?;
    let [training, validation] = [digits(6400, 0), digits(1000, 1)];
    let preprocessing = Images::preprocessing(&[&training]);
    let network = initialized(Small::new(&device), 0);
    println!("{}", network.summary(28, 28));

    let augmentation = CropAndFlip::NONE;
    let settings = FineTune { epochs: 5, augmentation, ..FineTune::from_scratch() };
    let validated = Some((&validation).into());
    let trained = settings.run(network, &preprocessing, (&training).into(), validated)?;
    print!("{}", trained.history.csv());
    let labels = (0..10).map(|digit| digit.to_string()).collect();
    let classifier = Classifier::new(trained.network, preprocessing, labels);

    let some = validation.slice(0..10);
    let pixels = preprocessing.pixels(&some.images(), &device)?;
    let maps =
        IntegratedGradients::default().attribute(&classifier, &pixels, &Target::Predicted)?;
    let maps = HeatMap { colors: Colors::Signed, outliers: 2.0 }.draw_batch(&maps.sum_dim(1));
    let pgd = Pgd { epsilon: 0.2, step_size: 0.02, steps: 40, ..Default::default() };
    let attacked = pgd.attack(&classifier, &pixels, &Goal::Untargeted(some.labels.clone()))?;
    let found = classifier.classify_pixels(&attacked.adversarial, 1)?;

    let (images, changed) = (pixels.to_images(), attacked.adversarial.to_images());
    let cell = |image: &RgbImage, caption: String| {
        sheet::Cell::new(resize(image, 84, 84, FilterType::Nearest), caption)
    };
    let mut cells = Vec::new();
    for (i, found) in found.iter().enumerate() {
        cells.push(cell(&images[i], format!("a {}", some.labels[i])));
        cells.push(cell(&maps[i], "why".into()));
        cells.push(cell(&changed[i], format!("seen as {}", found[0].label)));
    }
    common.save(&sheet::draw(&cells, 6), "own_network.png")?;
    Ok(())
}

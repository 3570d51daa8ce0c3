//! Generator and discriminator: Ian Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David
//! Warde-Farley, Sherjil Ozair, Aaron Courville, Yoshua Bengio, *Generative Adversarial Nets*, 2014,
//! <https://arxiv.org/abs/1406.2661>; with a branch for labels: Mehdi Mirza, Simon Osindero,
//! *Conditional Generative Adversarial Nets*, 2014, <https://arxiv.org/abs/1411.1784>, figure 1.
//!
//! A generator and a discriminator are a pair if the one takes what the other gives; built by
//! [`DcganConfig`] or [`CganConfig`], trained by
//! [`GanTraining`](crate::generate::GanTraining), kept by [`GanConfig`].
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::{DcganConfig, initialized};
//!
//! let device = Device::default();
//! let config = DcganConfig::new().with_size(16).with_ngf(4).with_ndf(4).with_latent_dim(8);
//! let generator = initialized(config.generator(&device), 0);
//! let discriminator = initialized(config.discriminator(&device), 1);
//! let images = generator.forward(Tensor::zeros([2, 8], &device), None);
//! assert_eq!(discriminator.forward(images, None).dims(), [2]); // a logit of being real each
//! ```

mod build;
mod cgan;
mod dcgan;
mod file;

use burn::module::Module;
use burn::tensor::{Int, Tensor};

pub use cgan::CganConfig;
pub use dcgan::DcganConfig;
pub use file::GanConfig;

use super::chain::run;
use super::layer::{AnyLayer, sequential};
use super::pass::Pass;

/// Layers that see an input and, where there are classes, a label: each goes through a branch of its
/// own, and what the two give goes on side by side.
struct Branches<'a> {
    name: &'a str,
    input: &'a [AnyLayer],
    label: &'a [AnyLayer],
    main: &'a [AnyLayer],
    classes: usize,
}

impl Branches<'_> {
    fn forward(
        self,
        input: Tensor<4>,
        labels: Option<Tensor<1, Int>>,
        pass: &Pass<'_>,
    ) -> Tensor<4> {
        let Self { name, input: of_input, label: of_label, main, classes } = self;
        assert_eq!(labels.is_some(), classes > 0, "labels, where there are classes");
        let [n, _, height, width] = input.dims();
        let mut hidden = run(&sequential(name, of_input), input, pass);
        if let Some(labels) = labels {
            assert_eq!(labels.dims(), [n], "one label a row");
            // (burn's one_hot reads the labels back to look at them.)
            let known = Tensor::arange(0..classes as i64, &labels.device());
            let known = known.unsqueeze::<2>().expand([n, classes]);
            let labels = labels.unsqueeze_dim::<2>(1).expand([n, classes]);
            let mut hot = labels.equal(known).float().reshape([n, classes, 1, 1]);
            // A convolution sees a plane for each class.
            if matches!(of_label.first(), Some(AnyLayer::Conv2d(_))) {
                hot = hot.expand([n, classes, height, width]);
            }
            if hidden.device().is_autodiff() {
                hot = hot.autodiff();
            }
            let label = run(&sequential("label", of_label), hot, pass);
            hidden = Tensor::cat(vec![hidden, label], 1);
        }
        run(&sequential("main", main), hidden, pass)
    }
}

/// Noise, and a label if it has classes, to an image: G of Goodfellow et al., *Generative Adversarial Nets*, 2014,
/// <https://arxiv.org/abs/1406.2661>.
#[derive(Module, Debug)]
pub struct Generator {
    noise: Vec<AnyLayer>,
    label: Vec<AnyLayer>,
    main: Vec<AnyLayer>,
    latent_dim: usize,
    classes: usize,
    /// Channels, height and width.
    size: [usize; 3],
}

impl Generator {
    /// Latent dimensions.
    pub fn latent_dim(&self) -> usize {
        self.latent_dim
    }

    /// Labels that it knows, 0 if it takes none.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Channels, height and width of an image.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Images of noise.
    ///
    /// # Shapes
    ///
    /// - noise: `[n, latent_dim]`, from the standard normal distribution
    /// - labels: `[n]`, from 0 on below [`classes`](Self::classes)
    /// - output: `[n, channels, height, width]`, from -1 to 1
    ///
    /// # Panics
    ///
    /// If the shapes are others, or there are labels without classes or classes without labels.
    pub fn forward(&self, noise: Tensor<2>, labels: Option<Tensor<1, Int>>) -> Tensor<4> {
        self.forward_in(noise, labels, &Pass::default())
    }

    pub(crate) fn forward_in(
        &self,
        noise: Tensor<2>,
        labels: Option<Tensor<1, Int>>,
        pass: &Pass<'_>,
    ) -> Tensor<4> {
        let [n, found] = noise.dims();
        assert_eq!(found, self.latent_dim, "latent dimensions");
        let [channels, height, width] = self.size;
        let Self { noise: input, label, main, classes, .. } = self;
        let branches = Branches { name: "noise", input, label, main, classes: *classes };
        let output = branches.forward(noise.reshape([n, found, 1, 1]), labels, pass);
        output.reshape([n, channels, height, width])
    }
}

/// An image, and a label if it has classes, to the logit of being real: D of Goodfellow et al., *Generative
/// Adversarial Nets*, 2014, <https://arxiv.org/abs/1406.2661>.
#[derive(Module, Debug)]
pub struct Discriminator {
    image: Vec<AnyLayer>,
    label: Vec<AnyLayer>,
    main: Vec<AnyLayer>,
    classes: usize,
}

impl Discriminator {
    /// Labels that it knows, 0 if it takes none.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Logits of being real.
    ///
    /// # Shapes
    ///
    /// - images: `[n, channels, height, width]`, from -1 to 1
    /// - labels: `[n]`, from 0 on below [`classes`](Self::classes)
    /// - output: `[n]`
    ///
    /// # Panics
    ///
    /// If the shapes are others, or there are labels without classes or classes without labels.
    pub fn forward(&self, images: Tensor<4>, labels: Option<Tensor<1, Int>>) -> Tensor<1> {
        self.forward_in(images, labels, &Pass::default())
    }

    pub(crate) fn forward_in(
        &self,
        images: Tensor<4>,
        labels: Option<Tensor<1, Int>>,
        pass: &Pass<'_>,
    ) -> Tensor<1> {
        let Self { image: input, label, main, classes } = self;
        let branches = Branches { name: "image", input, label, main, classes: *classes };
        branches.forward(images, labels, pass).flatten(0, 3)
    }
}

/// Whether a network can have so many of something.
fn is_size(count: usize) -> bool {
    (1..=1 << 16).contains(&count)
}

/// Whether images can have so many channels.
fn is_color(channels: usize) -> bool {
    matches!(channels, 1 | 3)
}

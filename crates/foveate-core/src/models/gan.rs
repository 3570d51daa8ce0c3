//! Generator and discriminator: Ian Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David
//! Warde-Farley, Sherjil Ozair, Aaron Courville, Yoshua Bengio, *Generative Adversarial Nets*, 2014,
//! <https://arxiv.org/abs/1406.2661>; with a branch for labels: Mehdi Mirza, Simon Osindero,
//! *Conditional Generative Adversarial Nets*, 2014, <https://arxiv.org/abs/1411.1784>, figure 1.
//!
//! A generator and a discriminator are a pair if the one takes what the other gives; built by
//! [`DcganConfig`](super::DcganConfig) or [`CganConfig`](super::CganConfig), trained by
//! [`AdversarialGeneration`](crate::generate::AdversarialGeneration), kept by [`GanConfig`](super::GanConfig).
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::{DcganConfig, initialised};
//!
//! let device = Device::default();
//! let config = DcganConfig::new().with_size(16).with_ngf(4).with_ndf(4).with_latent_dim(8);
//! let generator = initialised(config.generator(&device), 0);
//! let discriminator = initialised(config.discriminator(&device), 1);
//! let pictures = generator.forward(Tensor::zeros([2, 8], &device), None);
//! assert_eq!(discriminator.forward(pictures, None).dims(), [2]); // a logit of being real each
//! ```

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use super::chain::run;
use super::layer::Unit;
use super::pass::Pass;
use super::vgg::sequential;

/// Layers that see an input and, where there are classes, a label: each goes through a branch of its
/// own, and what the two give goes on side by side.
struct Branches<'a> {
    name: &'a str,
    input: &'a [Unit],
    label: &'a [Unit],
    main: &'a [Unit],
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
            if matches!(of_label.first(), Some(Unit::Conv2d(_))) {
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

/// Noise, and a label if it has classes, to a picture: G of Goodfellow et al., *Generative Adversarial Nets*, 2014,
/// <https://arxiv.org/abs/1406.2661>.
#[derive(Module, Debug)]
pub struct Generator {
    pub(super) noise: Vec<Unit>,
    pub(super) label: Vec<Unit>,
    pub(super) main: Vec<Unit>,
    pub(super) latent_dim: usize,
    pub(super) classes: usize,
    /// Channels, height and width.
    pub(super) size: [usize; 3],
}

impl Generator {
    /// Numbers in the noise of a picture.
    pub fn latent_dim(&self) -> usize {
        self.latent_dim
    }

    /// Labels that it knows, 0 if it takes none.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Channels, height and width of a picture.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Pictures of noise.
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
        assert_eq!(found, self.latent_dim, "numbers in the noise of a picture");
        let [channels, height, width] = self.size;
        let Self { noise: input, label, main, classes, .. } = self;
        let branches = Branches { name: "noise", input, label, main, classes: *classes };
        let output = branches.forward(noise.reshape([n, found, 1, 1]), labels, pass);
        output.reshape([n, channels, height, width])
    }
}

/// A picture, and a label if it has classes, to the logit of being real: D of Goodfellow et al., *Generative
/// Adversarial Nets*, 2014, <https://arxiv.org/abs/1406.2661>.
#[derive(Module, Debug)]
pub struct Discriminator {
    pub(super) picture: Vec<Unit>,
    pub(super) label: Vec<Unit>,
    pub(super) main: Vec<Unit>,
    pub(super) classes: usize,
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
    /// - pictures: `[n, channels, height, width]`, from -1 to 1
    /// - labels: `[n]`, from 0 on below [`classes`](Self::classes)
    /// - output: `[n]`
    ///
    /// # Panics
    ///
    /// If the shapes are others, or there are labels without classes or classes without labels.
    pub fn forward(&self, pictures: Tensor<4>, labels: Option<Tensor<1, Int>>) -> Tensor<1> {
        self.forward_in(pictures, labels, &Pass::default())
    }

    pub(crate) fn forward_in(
        &self,
        pictures: Tensor<4>,
        labels: Option<Tensor<1, Int>>,
        pass: &Pass<'_>,
    ) -> Tensor<1> {
        let Self { picture: input, label, main, classes } = self;
        let branches = Branches { name: "picture", input, label, main, classes: *classes };
        branches.forward(pictures, labels, pass).flatten(0, 3)
    }
}

/// Whether a network can have so many of something.
pub(super) fn is_size(count: usize) -> bool {
    (1..=1 << 16).contains(&count)
}

/// Whether pictures can have so many channels.
pub(super) fn is_colour(channels: usize) -> bool {
    matches!(channels, 1 | 3)
}

/// What both networks of a pair are made of.
pub(super) mod unit {
    use burn::nn::conv::ConvTranspose2dConfig;
    use burn::nn::{BatchNormConfig, DropoutConfig, LeakyReluConfig, Relu};

    use super::{Device, Unit};
    use crate::models::layer::{self, Maxout};

    pub fn conv(channels: [usize; 2], stride: usize, padding: usize, device: &Device) -> Unit {
        Unit::Conv2d(layer::conv2d(channels, 4, stride, padding).with_bias(false).init(device))
    }

    pub fn conv_transpose(
        channels: [usize; 2],
        stride: usize,
        padding: usize,
        device: &Device,
    ) -> Unit {
        let config = ConvTranspose2dConfig::new(channels, [4, 4])
            .with_stride([stride; 2])
            .with_padding([padding; 2])
            .with_bias(false);
        Unit::ConvTranspose2d(config.init(device))
    }

    pub fn linear(inputs: usize, outputs: usize, device: &Device) -> Unit {
        Unit::Linear(layer::linear(inputs, outputs, device))
    }

    pub fn norm(channels: usize, device: &Device) -> Unit {
        Unit::BatchNorm(BatchNormConfig::new(channels).init(device))
    }

    pub fn relu() -> Unit {
        Unit::Relu(Relu::new())
    }

    pub fn leaky_relu() -> Unit {
        Unit::LeakyRelu(LeakyReluConfig::new().with_negative_slope(0.2).init())
    }

    pub fn maxout(pieces: usize) -> Unit {
        Unit::Maxout(Maxout { pieces })
    }

    pub fn dropout() -> Unit {
        Unit::Dropout(DropoutConfig::new(0.5).init())
    }
}

//! Domain-adversarial training: Yaroslav Ganin et al., *Domain-Adversarial Training of Neural
//! Networks*, 2016, <https://arxiv.org/abs/1505.07818>; the network for MNIST -> MNIST-M of its
//! common PyTorch port, <https://github.com/fungtion/DANN>.

use foveate::adapt::{DannTraining, Domain, Lambda};
use foveate::burn::module::Module;
use foveate::burn::nn::conv::Conv2d;
use foveate::burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use foveate::burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig};
use foveate::burn::optim::{GradientsParams, ModuleOptimizer};
use foveate::burn::tensor::{Device, Distribution, Int, Tensor};
use foveate::data::{Images, colored_digits, digits};
use foveate::models::{DannConfig, Layer, Pass};
use foveate::ops::Activation;

use crate::layers::{adam, conv2d, dropout_channels, max_pool, reverse_gradient};

/// The port's `CNNModel`.
#[derive(Module, Debug)]
struct Dann {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    class1: Linear,
    class_bn1: BatchNorm,
    dropout: Dropout,
    class2: Linear,
    class_bn2: BatchNorm,
    class3: Linear,
    domain1: Linear,
    domain_bn1: BatchNorm,
    domain2: Linear,
}

impl Dann {
    fn new(device: &Device) -> Self {
        let norm = |channels| BatchNormConfig::new(channels).init(device);
        let linear = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        Self {
            conv1: conv2d([3, 64], 5, 1, 0).init(device),
            bn1: norm(64),
            conv2: conv2d([64, 50], 5, 1, 0).init(device),
            bn2: norm(50),
            class1: linear(50 * 4 * 4, 100),
            class_bn1: norm(100),
            dropout: DropoutConfig::new(0.5).init(),
            class2: linear(100, 100),
            class_bn2: norm(100),
            class3: linear(100, 10),
            domain1: linear(50 * 4 * 4, 100),
            domain_bn1: norm(100),
            domain2: linear(100, 2),
        }
    }

    /// The logits of the classes and of the domains. ReLU comes before dropout and pooling, not after
    /// them: the values are the same.
    fn forward(&self, images: Tensor<4>) -> [Tensor<2>; 2] {
        let rectified = |norm: &BatchNorm, hidden| {
            norm.forward_activated(hidden, Activation::Relu, &Pass::default())
        };
        let hidden = rectified(&self.bn1, Layer::forward(&self.conv1, images));
        let hidden = Layer::forward(&self.conv2, max_pool(hidden));
        let hidden = rectified(&self.bn2, hidden);
        let features = max_pool(dropout_channels(hidden));
        let reversed = reverse_gradient(features.clone(), 0.5);

        let hidden = Layer::forward(&self.class1, features);
        let hidden = self.dropout.forward(rectified(&self.class_bn1, hidden));
        let hidden = rectified(&self.class_bn2, Layer::forward(&self.class2, hidden));
        let classes = Layer::forward(&self.class3, hidden).flatten(1, 3);
        let hidden = Layer::forward(&self.domain1, reversed);
        let hidden = rectified(&self.domain_bn1, hidden);
        [classes, Layer::forward(&self.domain2, hidden).flatten(1, 3)]
    }
}

/// The network in training, and its data.
pub struct Training {
    network: Option<Dann>,
    optimizer: ModuleOptimizer,
    loss: CrossEntropyLoss,
    source: Tensor<4>,
    target: Tensor<4>,
    labels: Tensor<1, Int>,
    /// Domain 0 and domain 1.
    domains: [Tensor<1, Int>; 2],
}

impl Training {
    /// `batch` images of each domain.
    pub fn new(batch: usize, device: &Device) -> Self {
        let images = || Tensor::random([batch, 3, 28, 28], Distribution::Normal(0.0, 1.0), device);
        Self {
            network: Some(Dann::new(device)),
            optimizer: adam(0.9, 0.999),
            loss: CrossEntropyLossConfig::new().init(device),
            source: images(),
            target: images(),
            labels: Tensor::arange(0..batch as i64, device).remainder_scalar(10),
            domains: [Tensor::zeros([batch], device), Tensor::ones([batch], device)],
        }
    }

    /// The port's step: its three losses, one backward pass, Adam.
    pub fn step(&mut self) -> Tensor<1> {
        let network = self.network.take().expect("every step gives a network");
        let [classes, from_source] = network.forward(self.source.clone());
        let [_, from_target] = network.forward(self.target.clone());
        let [zeros, ones] = self.domains.clone();
        let loss = self.loss.forward(classes, self.labels.clone())
            + self.loss.forward(from_source, zeros)
            + self.loss.forward(from_target, ones);
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        self.network = Some(self.optimizer.step(1e-3, network, gradients));
        loss
    }
}

/// An epoch of 16 steps of the library's training, with the practical's network and its SGD.
pub fn epoch(batch: usize, device: &Device) -> impl FnMut() + use<> {
    let (source, target) = (digits(16 * batch, 0), colored_digits(16 * batch, 1));
    let few = [source.slice(0..2), target.slice(0..2)];
    let preprocessing = Images::preprocessing(&[&source, &target]);
    let lambda = Some(Lambda::Constant { lambda: 1.0 });
    let settings = DannTraining { epochs: 1, batch, lambda, ..Default::default() };
    let network = DannConfig::new().init(device);
    move || {
        let source = Domain { training: &source, validation: &few[0] };
        let target = Domain { training: &target, validation: &few[1] };
        settings.run(network.clone(), &preprocessing, source, target).expect("digits are learned");
    }
}

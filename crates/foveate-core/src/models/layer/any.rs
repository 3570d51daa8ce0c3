//! [`AnyLayer`]: the layers of torchvision's `nn.Sequential`s.

use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::{AdaptiveAvgPool2d, MaxPool2d};
use burn::nn::{BatchNorm, Dropout, LeakyRelu, Linear, Relu, Tanh};
use burn::tensor::Device;

use super::build::linear;
use super::fire::Fire;
use super::maxout::Maxout;
use super::{Layer, NamedLayer};

/// A layer of torchvision's `nn.Sequential`s, where it is known by its index alone.
#[derive(Module, Debug)]
#[non_exhaustive]
pub enum AnyLayer {
    /// A 2-d convolution.
    Conv2d(Conv2d),
    /// A transposed 2-d convolution.
    ConvTranspose2d(ConvTranspose2d),
    /// A fully connected layer.
    Linear(Linear),
    /// Batch normalization over channels.
    BatchNorm(BatchNorm),
    /// `max(x, 0)`.
    Relu(Relu),
    /// `x` where positive, else a factor times `x`.
    LeakyRelu(LeakyRelu),
    /// The hyperbolic tangent.
    Tanh(Tanh),
    /// The largest of each group of neighboring channels.
    Maxout(Maxout),
    /// The largest value of each window.
    MaxPool2d(MaxPool2d),
    /// The means of a given number of windows.
    AdaptiveAvgPool2d(AdaptiveAvgPool2d),
    /// In training, values that are dropped at random.
    Dropout(Dropout),
    /// SqueezeNet's module.
    Fire(Fire),
}

impl AnyLayer {
    /// The layer inside.
    pub fn as_layer(&self) -> &dyn Layer {
        match self {
            AnyLayer::Conv2d(layer) => layer,
            AnyLayer::ConvTranspose2d(layer) => layer,
            AnyLayer::Linear(layer) => layer,
            AnyLayer::BatchNorm(layer) => layer,
            AnyLayer::Relu(layer) => layer,
            AnyLayer::LeakyRelu(layer) => layer,
            AnyLayer::Tanh(layer) => layer,
            AnyLayer::Maxout(layer) => layer,
            AnyLayer::MaxPool2d(layer) => layer,
            AnyLayer::AdaptiveAvgPool2d(layer) => layer,
            AnyLayer::Dropout(layer) => layer,
            AnyLayer::Fire(layer) => layer,
        }
    }
}

/// The units of an `nn.Sequential` called `name`, named by their index.
pub(in crate::models) fn sequential<'a>(name: &str, units: &'a [AnyLayer]) -> Vec<NamedLayer<'a>> {
    let named =
        |(i, unit): (usize, &'a AnyLayer)| NamedLayer::new(format!("{name}.{i}"), unit.as_layer());
    units.iter().enumerate().map(named).collect()
}

/// Puts a freshly initialized layer for `classes` classes in the place of the last, fully connected one.
///
/// # Panics
///
/// If `classes` is 0, or the last layer is another one.
pub(in crate::models) fn replace_head(units: &mut [AnyLayer], classes: usize, device: &Device) {
    let Some(AnyLayer::Linear(head)) = units.last_mut() else {
        panic!("this network was built without a head");
    };
    let [hidden, _] = head.weight.lazy_shape().dims::<2>();
    *head = linear(hidden, classes, device);
}

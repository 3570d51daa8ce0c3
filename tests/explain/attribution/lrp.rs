//! Layer-wise relevance propagation against zennit, and against closed forms; batch norms above all.

use std::fs;

use foveate::burn::module::{Module, ModuleMapper, Param, RunningState};
use foveate::burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use foveate::burn::nn::pool::AdaptiveAvgPool2dConfig;
use foveate::burn::nn::{
    BatchNorm, BatchNormConfig, LeakyReluConfig, Linear, LinearConfig, PaddingConfig2d, Relu, Tanh,
};
use foveate::burn::tensor::{Device, Tensor};
use foveate::explain::{Attribution, InputXGradient, Lrp, Model, Target};
use foveate::image::{Pixels, Preprocessing};
use foveate::models::{
    AnyLayer, AnyNetwork, Architecture, Classifier, DannConfig, NamedLayer, Network,
    imagenet_labels, initialized, weights,
};
use safetensors::tensor::{Dtype, TensorView};

use crate::explain::Raw;
use crate::support::close::{distance, values};
use crate::support::devices::{self, noise};
use crate::support::golden::{golden_tensors, narrow};
use crate::support::real::{pretrained, val_25};
use crate::support::tell;

/// Layers one after the other.
#[derive(Module, Debug)]
struct Listed {
    layers: Vec<AnyLayer>,
}

impl Network for Listed {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        let units = self.layers.iter().enumerate();
        units.map(|(i, unit)| NamedLayer::new(format!("layers.{i}"), unit.as_layer())).collect()
    }

    fn with_classes(self, _: usize) -> Self {
        unreachable!("its head stays")
    }
}

/// Relevance of each value of an input, for class 0.
fn relevance(layers: Vec<AnyLayer>, rule: Lrp, input: Tensor<4>) -> Vec<f32> {
    let model = Raw(Listed { layers }.valid());
    values(rule.attribute(&model, &input, &Target::Class(0)).unwrap().into_data())
}

fn one(value: f32, device: &Device) -> Tensor<4> {
    Tensor::full([1, 1, 1, 1], value, device)
}

/// Of one value, with a weight and no bias.
fn conv(weight: f32, device: &Device) -> Conv2d {
    let mut conv = Conv2dConfig::new([1, 1], [1, 1]).with_bias(false).init(device);
    conv.weight = Param::from_tensor(one(weight, device));
    conv
}

fn transposed(weight: f32, device: &Device) -> ConvTranspose2d {
    let mut conv = ConvTranspose2dConfig::new([1, 1], [1, 1]).with_bias(false).init(device);
    conv.weight = Param::from_tensor(one(weight, device));
    conv
}

fn linear(weight: f32, device: &Device) -> Linear {
    let mut linear = LinearConfig::new(1, 1).with_bias(false).init(device);
    linear.weight = Param::from_tensor(Tensor::full([1, 1], weight, device));
    linear
}

/// `gamma (x - mean) + beta`.
fn norm(gamma: f32, beta: f32, mean: f32, device: &Device) -> BatchNorm {
    let one = |value| Tensor::<1>::full([1], value, device);
    let mut norm = BatchNormConfig::new(1).with_epsilon(1e-12).init(device);
    norm.gamma = Param::from_tensor(one(gamma));
    norm.beta = Param::from_tensor(one(beta));
    norm.running_mean = RunningState::new(one(mean));
    norm
}

/// A batch norm behind a layer with weights is part of it: of 2.1 less 2 there is 0.1 to hand back, and
/// by z+ all of it goes to the input; where the merged weight is negative, nothing does.
#[test]
fn batch_norms_are_merged() {
    let device = &devices::any();
    let relu = || AnyLayer::Relu(Relu::new());
    let composite = |first, norm, x| {
        let layers =
            vec![first, AnyLayer::BatchNorm(norm), relu(), AnyLayer::Linear(linear(1.0, device))];
        relevance(layers, Lrp::Composite(1e-9), one(x, device))[0]
    };
    let near = |found: f32, expected: f32| {
        assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
    };
    near(composite(AnyLayer::Conv2d(conv(1.0, device)), norm(1.0, 0.0, 2.0, device), 2.1), 0.1);
    let transposed = |weight| AnyLayer::ConvTranspose2d(transposed(weight, device));
    near(composite(transposed(1.0), norm(1.0, 0.0, 2.0, device), 2.1), 0.1);
    for first in [AnyLayer::Conv2d(conv(1.0, device)), transposed(1.0)] {
        // 3 - 2 = 1, of which the bias has all.
        near(composite(first, norm(-1.0, 3.0, 0.0, device), 2.0), 0.0);
    }
    // A positive bias takes its share: 1 of 3.
    near(composite(AnyLayer::Conv2d(conv(1.0, device)), norm(1.0, 1.0, 0.0, device), 2.0), 2.0);

    // LRP-epsilon: the bias of -2 has -2 of the 0.1, in convolutions and fully connected layers.
    for first in [AnyLayer::Conv2d(conv(1.0, device)), AnyLayer::Linear(linear(1.0, device))] {
        let norm = AnyLayer::BatchNorm(norm(1.0, 0.0, 2.0, device));
        let layers = vec![first, norm, relu(), AnyLayer::Linear(linear(1.0, device))];
        near(relevance(layers, Lrp::Epsilon(1e-9), one(2.1, device))[0], 2.1);
    }
    // Alone, it passes relevance on: relu(2) = 2, less 1.5.
    let alone = AnyLayer::BatchNorm(norm(1.0, 0.0, 1.5, device));
    for rule in [Lrp::Epsilon(1e-9), Lrp::Composite(1e-9)] {
        let layers = vec![relu(), alone.clone(), AnyLayer::Linear(linear(1.0, device))];
        near(relevance(layers, rule, one(2.0, device))[0], 0.5);
    }
}

/// A tanh passes what it gets, tanh(2) of 2, by either rule.
#[test]
fn relevance_passes_a_tanh() {
    let device = &devices::any();
    let linear = || AnyLayer::Linear(linear(1.0, device));
    for rule in [Lrp::Epsilon(1e-9), Lrp::Composite(1e-9)] {
        let layers = vec![linear(), AnyLayer::Tanh(Tanh::new()), linear()];
        let found = relevance(layers, rule, one(2.0, device))[0];
        assert!((found - 2f32.tanh()).abs() < 1e-6, "{found}");
    }
}

/// Groups of a transposed convolution, with a batch norm: as one of all channels whose weights between
/// groups are 0.
#[test]
fn transposed_convolutions_in_groups() {
    let device = &devices::any();
    let small = noise::<4>([4, 3, 3, 3], 1, device);
    let [first, second] = [0, 2].map(|row| small.clone().narrow(0, row, 2));
    let zero = first.zeros_like();
    let rows = [vec![first, zero.clone()], vec![zero, second]];
    let large = Tensor::cat(rows.map(|row| Tensor::cat(row, 1)).into(), 0);
    let mut norm = BatchNormConfig::new(6).init(device);
    norm.gamma = Param::from_tensor(noise([6], 2, device));
    norm.beta = Param::from_tensor(noise([6], 3, device));
    norm.running_mean = RunningState::new(noise([6], 4, device));
    let head = LinearConfig::new(6 * 5 * 5, 2).init(device);
    let [grouped, whole] = [(2, small), (1, large)].map(|(groups, weight)| {
        let config = ConvTranspose2dConfig::new([4, 6], [3, 3]).with_groups(groups);
        let mut conv = config.with_bias(false).init(device);
        conv.weight = Param::from_tensor(weight);
        let layers = vec![
            AnyLayer::ConvTranspose2d(conv),
            AnyLayer::BatchNorm(norm.clone()),
            AnyLayer::Relu(Relu::new()),
            AnyLayer::Linear(head.clone()),
        ];
        relevance(layers, Lrp::Composite(1e-6), noise([1, 4, 3, 3], 5, device))
    });
    // The same sums, in another order.
    assert!(distance(&grouped, &whole) < 1e-5);
    assert!(grouped.iter().any(|&value| value.abs() > 1e-3));
}

/// zennit in f64 (tests/golden/relevance.py). Our f32 and zennit's own are both up to 7e-6 off; its stabilizer
/// of 1e-6 in convolutions, means and sums, which ours lack, is smaller than that here.
#[test]
fn relevance_equals_zennits() {
    let golden = golden_tensors("relevance.safetensors");
    let inputs = golden_tensors("networks/networks.safetensors");
    let device = &devices::any();
    let check = |name: &str, model: &dyn Fn(Lrp) -> Vec<f32>, logits: Vec<f32>| {
        let expected = |what: &str| values(golden[&format!("{name}/{what}")].clone());
        assert!(distance(&logits, &expected("logits")) < 1e-5, "{name}: logits");
        for (rule, lrp) in [("composite", Lrp::Composite(1e-6)), ("epsilon", Lrp::Epsilon(1e-6))] {
            let off = distance(&model(lrp), &expected(rule));
            tell(&format!("{name}, {rule}: {off:.1e} from zennit"));
            assert!(off < 1e-4, "{name}, {rule}: {off:e}");
        }
    };
    for architecture in [Architecture::ResNet18, Architecture::GoogLeNet] {
        let file = format!("{architecture}.pth");
        let model = Raw(narrow(architecture, 8, &file, device).valid());
        let input = inputs[&format!("{architecture}/input")].clone();
        let input = Tensor::<4>::from_data(input, device);
        let logits = values(model.logits(input.clone()).into_data());
        let map = |lrp: Lrp| {
            values(lrp.attribute(&model, &input, &Target::Predicted).unwrap().into_data())
        };
        check(architecture.name(), &map, logits);
    }
    let model = Raw(decoder(device).valid());
    let input = Tensor::<4>::from_data(golden["decoder/input"].clone(), device);
    let logits = values(model.logits(input.clone()).into_data());
    let map =
        |lrp: Lrp| values(lrp.attribute(&model, &input, &Target::Predicted).unwrap().into_data());
    check("decoder", &map, logits);
}

/// `decoder()` of tests/golden/relevance.py.
fn decoder(device: &Device) -> Listed {
    let linear =
        |inputs, outputs| AnyLayer::Linear(LinearConfig::new(inputs, outputs).init(device));
    let norm = |channels| AnyLayer::BatchNorm(BatchNormConfig::new(channels).init(device));
    let first = ConvTranspose2dConfig::new([3, 8], [4, 4]).with_stride([2; 2]).with_padding([1; 2]);
    let second = ConvTranspose2dConfig::new([8, 6], [3, 3]).with_padding([1; 2]).with_bias(false);
    let third = Conv2dConfig::new([6, 5], [3, 3]).with_stride([2; 2]);
    let third = third.with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
    let layers = vec![
        AnyLayer::ConvTranspose2d(first.init(device)),
        norm(8),
        AnyLayer::LeakyRelu(LeakyReluConfig::new().with_negative_slope(0.2).init()),
        AnyLayer::ConvTranspose2d(second.init(device)),
        norm(6),
        AnyLayer::Tanh(Tanh::new()),
        AnyLayer::Conv2d(third.init(device)),
        AnyLayer::Relu(Relu::new()),
        AnyLayer::AdaptiveAvgPool2d(AdaptiveAvgPool2dConfig::new([2, 2]).init()),
        linear(20, 7),
        norm(7),
        AnyLayer::Tanh(Tanh::new()),
        linear(7, 10),
    ];
    let golden = golden_tensors("relevance.safetensors");
    let named = golden.iter().filter_map(|(name, data)| {
        let name = name.strip_prefix("decoder/").filter(|name| name.starts_with("layers."))?;
        Some((name, TensorView::new(Dtype::F32, data.shape().to_vec(), data.as_bytes()).unwrap()))
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decoder.safetensors");
    fs::write(&file, safetensors::serialize(named, None).unwrap()).unwrap();
    weights::load(Listed { layers }, file).unwrap()
}

/// Batch norms with factors of either sign, but no shift, and no biases.
struct Unbiased<'a> {
    device: &'a Device,
    field: String,
    seed: u64,
}

impl ModuleMapper for Unbiased<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.field = name.into();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.seed += 1;
        let drawn = noise(parameter.lazy_shape().dims::<D>(), self.seed, self.device);
        parameter.map(|value| match self.field.as_str() {
            "gamma" => drawn,
            "running_var" => drawn.abs() + 0.5,
            "beta" | "bias" | "running_mean" => value.zeros_like(),
            // From PyTorch's variance of 1 / 3n to the 2 / n by which activations keep their size.
            _ => value * 6f32.sqrt(),
        })
    }
}

/// Without biases, those that come of a batch norm included, all of the score comes back, by either
/// rule: within 1e-5 of what flows, f32 (1e-6 is found). By z+ the negative output of a convolution before a sum is lost
/// where none of its products is positive, in narrow networks first (ResNet34 of 8 channels: 6e-4).
#[test]
fn relevance_is_conserved_through_batch_norm() {
    let device = &devices::any();
    fn check(name: &str, network: impl Network, side: usize, device: &Device) {
        let mut unbiased = Unbiased { device, field: String::new(), seed: 0 };
        let model = Raw(initialized(network, 3).valid().map(&mut unbiased));
        let input = noise([2, 3, side, side], 6, device);
        let scores = values(model.logits(input.clone()).max_dim(1).into_data());
        for rule in [Lrp::Epsilon(1e-9), Lrp::Composite(1e-9)] {
            let map = rule.attribute(&model, &input, &Target::Predicted).unwrap();
            let sums = values(map.clone().flatten::<2>(1, 3).sum_dim(1).into_data());
            let flow = values(map.abs().flatten::<2>(1, 3).sum_dim(1).into_data());
            for ((sum, score), flow) in sums.iter().zip(&scores).zip(flow) {
                let off = (sum - score).abs() / flow.max(score.abs());
                assert!(*score != 0.0 && off < 1e-5, "{name}, {rule:?}: {sum} of {score}");
            }
        }
    }
    for architecture in [Architecture::ResNet18, Architecture::ResNet34] {
        check(architecture.name(), architecture.init_with_width_divisor(2, device), 64, device);
    }
    let dann = DannConfig::new().with_normalized(true).init(device);
    check("DANN", dann, 28, device);
    check("GoogLeNet", Architecture::GoogLeNet.init_with_width_divisor(8, device), 64, device);
}

/// SqueezeNet with real weights and no biases.
fn unbiased() -> Option<(Classifier<AnyNetwork>, Pixels)> {
    struct Zero;
    impl ModuleMapper for Zero {
        fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
            parameter.map(|value| if D == 1 { value.zeros_like() } else { value })
        }
    }
    let device = devices::any();
    let network = pretrained(Architecture::SqueezeNet1_1, &device)?.map(&mut Zero);
    let pixels = Pixels::from_images(&val_25()?.0[..2], &device);
    Some((Classifier::new(network, Preprocessing::IMAGENET, imagenet_labels()), pixels))
}

/// Without biases, LRP-epsilon hands back the whole score (1e-3 of it, f32) and, for a small epsilon, is
/// the gradient times the (normalized) input; z+ hands back the whole score as well.
#[test]
fn relevance_is_conserved() {
    let Some((classifier, pixels)) = unbiased() else { return };
    let scores = values(classifier.logits(&pixels).max_dim(1).into_data());
    let lrp =
        |method: Lrp| method.attribute(&classifier, pixels.tensor(), &Target::Predicted).unwrap();
    for method in [Lrp::Epsilon(1e-7), Lrp::Composite(1e-7)] {
        let sums = values(lrp(method).flatten::<2>(1, 3).sum_dim(1).into_data());
        for (sum, score) in sums.iter().zip(&scores) {
            assert!((sum - score).abs() < 1e-3 * score.abs(), "{method:?}: {sum} of {score}");
        }
    }
    let network = |x: Tensor<4>| classifier.network().forward(x);
    let normalized = classifier.preprocessing().normalize(&pixels).into_tensor();
    let product = InputXGradient.attribute(&network, &normalized, &Target::Predicted).unwrap();
    let relevance = lrp(Lrp::Epsilon(1e-9));
    let off = distance(&values(relevance.into_data()), &values(product.into_data()));
    // ReLUs near 0 fall one way or the other.
    assert!(off < 3e-2, "{off:e}");
}

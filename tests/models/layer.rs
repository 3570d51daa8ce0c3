//! Networks and blocks of one's own: what the library does with its networks, it does with these.

use foveate::burn::module::{Module, ModuleDisplay, Param, RunningState};
use foveate::burn::nn::conv::{Conv2d, Conv2dConfig};
use foveate::burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use foveate::burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig2d, Relu,
};
use foveate::burn::tensor::activation::sigmoid;
use foveate::burn::tensor::{Device, Distribution, Tensor, TensorData};
use foveate::explain::metrics::cascading_randomization;
use foveate::explain::{
    Attribution, Deconvnet, ExplainError, GuidedBackprop, InputXGradient, Lrp, Saliency, Target,
};
use foveate::image::{Preprocessing, Resize, RgbImage};
use foveate::models::{Chain, Classifier, Layer, NamedLayer, Network, Pass, initialized};
use foveate::transfer::{FineTune, Labeled, Trainable};

use crate::explain::Raw;
use crate::support::close::values;
use crate::support::devices;
use crate::support::golden::state;

/// `relu(F(x) + x)` with batch norm and dropout.
#[derive(Module, Debug)]
struct Residual {
    conv1: Conv2d,
    bn1: BatchNorm,
    relu: Relu,
    dropout: Dropout,
    conv2: Conv2d,
    bn2: BatchNorm,
}

impl Residual {
    fn new(channels: usize, kernel: usize, device: &Device) -> Self {
        let half = kernel / 2;
        let conv = || {
            let config = Conv2dConfig::new([channels; 2], [kernel; 2]).with_bias(false);
            config.with_padding(PaddingConfig2d::Explicit(half, half, half, half)).init(device)
        };
        let norm = || BatchNormConfig::new(channels).with_epsilon(1e-12).init(device);
        let (relu, dropout) = (Relu::new(), DropoutConfig::new(0.3).init());
        Self { conv1: conv(), bn1: norm(), relu, dropout, conv2: conv(), bn2: norm() }
    }

    fn residue(&self) -> Chain<'_> {
        let Self { conv1, bn1, relu, dropout, conv2, bn2 } = self;
        Chain::new([conv1 as &dyn Layer, bn1, relu, dropout, conv2, bn2])
    }
}

impl Layer for Residual {
    fn forward_with(&self, x: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        pass.relu(self.residue().forward_with(x.clone(), pass) + x)
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        self.residue().output_shape(input)
    }

    fn parameters(&self) -> usize {
        self.residue().parameters()
    }

    fn multiply_adds(&self, input: [usize; 4]) -> u64 {
        self.residue().multiply_adds(input)
    }

    fn describe(&self) -> String {
        "Residual".into()
    }
}

/// A logistic function between two weights: no rule for relevance.
#[derive(Module, Debug)]
struct Gate {
    weight: Param<Tensor<1>>,
}

impl Layer for Gate {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let output = sigmoid(input * self.weight.val().reshape([1; 4]));
        pass.without_rule(self.describe(), output)
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        input
    }

    fn parameters(&self) -> usize {
        1
    }

    fn multiply_adds(&self, _: [usize; 4]) -> u64 {
        0
    }

    fn describe(&self) -> String {
        "Gate".into()
    }
}

/// A convolution, a block and a classifier of three colors.
#[derive(Module, Debug)]
struct Own {
    stem: Conv2d,
    block: Residual,
    gate: Option<Gate>,
    pool: AdaptiveAvgPool2d,
    fc: Linear,
    /// Of the block, in the list.
    name: String,
}

impl Own {
    fn new(device: &Device) -> Self {
        let own = Self {
            stem: Conv2dConfig::new([3, 6], [3, 3]).init(device),
            block: Residual::new(6, 3, device),
            gate: None,
            pool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
            fc: LinearConfig::new(6, 3).init(device),
            name: "block".into(),
        };
        initialized(own, 1)
    }
}

impl Network for Own {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        let mut layers = vec![
            NamedLayer::new("stem", &self.stem),
            NamedLayer::new(self.name.as_str(), &self.block),
        ];
        layers.extend(self.gate.as_ref().map(|gate| NamedLayer::new("gate", gate)));
        layers.extend([NamedLayer::new("pool", &self.pool), NamedLayer::new("fc", &self.fc)]);
        layers
    }

    fn with_classes(mut self, classes: usize) -> Self {
        let device = self.devices()[0].clone();
        self.fc = LinearConfig::new(6, classes).init(&device);
        self
    }
}

fn classifier(network: Own) -> Classifier<Own> {
    let labels = ["red", "green", "blue"].map(String::from).to_vec();
    Classifier::new(network, Preprocessing::IMAGENET, labels)
}

/// One number through a block whose last layer is a fully connected one of weight -1.
#[derive(Module, Debug)]
struct Scalar<B: Module + ModuleDisplay + Layer> {
    block: B,
    fc: Linear,
}

impl<B: Module + ModuleDisplay + Layer> Network for Scalar<B> {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        vec![NamedLayer::new("block", &self.block), NamedLayer::new("fc", &self.fc)]
    }

    fn with_classes(self, _: usize) -> Self {
        unreachable!("its head stays")
    }
}

fn explained<B: Module + ModuleDisplay + Layer>(
    block: B,
    weight: f32,
    x: f32,
    method: &impl Attribution<Raw<Scalar<B>>>,
) -> f32 {
    let device = devices::any();
    let mut fc = LinearConfig::new(1, 1).with_bias(false).init(&device);
    fc.weight = Param::from_tensor(Tensor::full([1, 1], weight, &device));
    let model = Raw(Scalar { block, fc }.valid());
    let input = Tensor::<4>::full([1, 1, 1, 1], x, &device);
    values(method.attribute(&model, &input, &Target::Class(0)).unwrap().into_data())[0]
}

/// A block that is a ReLU.
#[derive(Module, Debug)]
struct Rectifier;

impl Layer for Rectifier {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        pass.relu(input)
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        input
    }

    fn parameters(&self) -> usize {
        0
    }

    fn multiply_adds(&self, _: [usize; 4]) -> u64 {
        0
    }

    fn describe(&self) -> String {
        "ReLU".into()
    }
}

/// The score is -relu(1): its gradient of -1 does not pass a ReLU of guided backpropagation.
#[test]
fn rules_reach_into_a_block() {
    assert_eq!(explained(Rectifier, -1.0, 1.0, &Saliency), 1.0);
    assert_eq!(explained(Rectifier, -1.0, 1.0, &GuidedBackprop), 0.0);
    assert_eq!(explained(Rectifier, -1.0, 1.0, &Deconvnet), 0.0);
    // The deconvnet passes the ReLU's edge, which the gradient does not.
    assert_eq!(explained(Rectifier, 1.0, -1.0, &Saliency), 0.0);
    assert_eq!(explained(Rectifier, 1.0, -1.0, &Deconvnet), 1.0);
}

/// x = 2: 2 - 1 = 1 behind the first batch norm, half of that behind the second, and 2.5 with the
/// shortcut.
#[test]
fn relevance_goes_through_a_residual_block() {
    let device = &devices::any();
    let one = |value| Tensor::<4>::full([1, 1, 1, 1], value, device);
    let block = || {
        let mut block = Residual::new(1, 1, device);
        block.conv1.weight = Param::from_tensor(one(1.0));
        block.bn1.running_mean = RunningState::new(Tensor::full([1], 1.0, device));
        block.conv2.weight = Param::from_tensor(one(0.5));
        block
    };
    let near = |found: f32, expected: f32| {
        assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
    };
    near(explained(block(), 1.0, 2.0, &InputXGradient), 3.0);
    // To the branch 0.5, all of which is the input's by z+; by LRP-epsilon the bias of -1 has -0.5 of it.
    near(explained(block(), 1.0, 2.0, &Lrp::Composite(1e-9)), 2.5);
    near(explained(block(), 1.0, 2.0, &Lrp::Epsilon(1e-9)), 3.0);
    // Guided: from 1, to the shortcut 1, to the branch -0.5, which stops at its ReLU.
    let mut negative = block();
    negative.conv2.weight = Param::from_tensor(one(-0.5));
    near(explained(negative.clone(), 1.0, 2.0, &GuidedBackprop), 1.0);
    near(explained(negative, 1.0, 2.0, &Saliency), 0.5);
}

#[test]
fn summaries_count_a_block() {
    let network = Own::new(&devices::any());
    let summary = network.summary(10, 12);
    let [stem, block, fc] = [3 * 6 * 9 + 6, 2 * (6 * 6 * 9 + 12), 6 * 3 + 3];
    assert_eq!(summary.parameters(), stem + block + fc);
    assert_eq!(summary.layers[1].output_shape, [1, 6, 8, 10]);
    assert_eq!(summary.layers[1].parameters, block);
    let adds = 80 * (3 * 6 * 9 + 2 * 6 * 6 * 9) + 6 * 3;
    assert_eq!(summary.multiply_adds(), adds as u64);
}

/// A layer without a rule is named, where a rule is asked for; a gradient is what it is.
#[test]
fn a_layer_without_a_rule_is_refused_by_name() {
    let device = &devices::any();
    let mut network = Own::new(device);
    network.gate = Some(Gate { weight: Param::from_tensor(Tensor::full([1], 2.0, device)) });
    let classifier = classifier(network);
    let pixels = devices::noise([1, 3, 10, 10], 1, device).abs() * 0.1;
    for rule in [Lrp::Epsilon(1e-6), Lrp::Composite(1e-6)] {
        let error = rule.attribute(&classifier, &pixels, &Target::Predicted).unwrap_err();
        assert!(matches!(error, ExplainError::Rule(_)), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("layer gate (Gate)") && text.contains("forward_with"), "{text}");
    }
    assert!(GuidedBackprop.attribute(&classifier, &pixels, &Target::Predicted).is_ok());
}

/// A block's weights become random in its turn; under a name that no field has, it is an error, and not a
/// map that stays as it is.
#[test]
fn randomization_finds_a_block_or_says_so() {
    let device = &devices::any();
    let pixels = devices::noise([1, 3, 10, 10], 2, device).abs() * 0.1;
    let steps = |network: Own| {
        let target = Target::Class(0);
        cascading_randomization(&Saliency, &classifier(network), &pixels, &target, 1)
    };
    let found = steps(Own::new(device)).unwrap();
    let layers: Vec<&str> = found.iter().map(|step| step.layer.as_str()).collect();
    assert_eq!(layers, ["fc", "block", "stem"]);
    assert!(found[1].correlations[0] < 0.99, "{found:?}");

    let error = steps(Own { name: "blocks.0".into(), ..Own::new(device) }).unwrap_err();
    assert!(matches!(error, ExplainError::LayerName { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("blocks.0 has 672 parameters") && text.contains("stem.weight"), "{text}");
}

/// Red, green and blue, with noise.
fn colors(side: u32) -> (Vec<RgbImage>, Vec<usize>) {
    let labels: Vec<usize> = (0..12).map(|i| i % 3).collect();
    let image = |(i, &class): (usize, &usize)| {
        RgbImage::from_fn(side, side, |x, y| {
            let mut pixel =
                [0, 1, 2].map(|c| ((7 * x + 13 * y + 5 * c + 31 * i as u32) % 64) as u8);
            pixel[class] += 150;
            image::Rgb(pixel)
        })
    };
    (labels.iter().enumerate().map(image).collect(), labels)
}

/// The last layer with parameters is trained, if that is a block; and its dropout draws from the training's
/// seed, whoever else draws from the device.
#[test]
fn fine_tuning_trains_a_block_by_its_seed() {
    let device = devices::any();
    let (images, labels) = colors(10);
    let data = Labeled::new(&images, &labels);
    let preprocessing =
        Preprocessing::IMAGENET.with_resize(Resize::Exact { height: 10, width: 10 });
    let train = |seed, drawn: usize, part| {
        let _ = Tensor::<1>::random([drawn], Distribution::Default, &device).into_data();
        let settings = FineTune {
            epochs: 2,
            batch: 4,
            learning_rate: 0.01,
            seed,
            trainable: part,
            ..Default::default()
        };
        state(&settings.run(Own::new(&device), &preprocessing, data, None).unwrap().network)
    };
    let (first, again, other) =
        (train(1, 1, Trainable::All), train(1, 17, Trainable::All), train(2, 1, Trainable::All));
    assert_eq!(first, again);
    assert!(first != other);

    /// Its last layer with parameters is a block.
    #[derive(Module, Debug)]
    struct Ends {
        stem: Conv2d,
        block: Residual,
        pool: AdaptiveAvgPool2d,
    }

    impl Network for Ends {
        fn layers(&self) -> Vec<NamedLayer<'_>> {
            let Self { stem, block, pool } = self;
            vec![
                NamedLayer::new("stem", stem),
                NamedLayer::new("block", block),
                NamedLayer::new("pool", pool),
            ]
        }

        fn with_classes(self, _: usize) -> Self {
            self
        }
    }

    let Own { stem, block, pool, .. } = Own::new(&device);
    let start = Ends { stem, block, pool };
    let before = state(&start);
    let settings =
        FineTune { epochs: 1, batch: 4, trainable: Trainable::Head, ..Default::default() };
    let after = state(&settings.run(start, &preprocessing, data, None).unwrap().network);
    for (name, tensor) in &before {
        assert_eq!(&after[name] != tensor, name.starts_with("block."), "{name}");
    }
}

/// Each channel of a batch norm keeps its four numbers.
#[test]
fn randomized_batch_norms_keep_their_channels() {
    let device = &devices::any();
    let vector = |scale: f32| {
        let numbers: Vec<f32> = (1..=6).map(|i| scale * i as f32).collect();
        Tensor::<1>::from_data(TensorData::new(numbers, [6]), device)
    };
    let mut network = Own::new(device);
    for norm in [&mut network.block.bn1, &mut network.block.bn2] {
        norm.gamma = Param::from_tensor(vector(1.0));
        norm.beta = Param::from_tensor(vector(10.0));
        norm.running_mean = RunningState::new(vector(100.0));
        norm.running_var = RunningState::new(vector(1000.0));
    }

    /// Keeps the block that it has explained last.
    struct Keep<'a>(&'a std::sync::Mutex<Vec<Residual>>);

    impl Attribution<Classifier<Own>> for Keep<'_> {
        fn attribute(
            &self,
            model: &Classifier<Own>,
            input: &Tensor<4>,
            _: &Target,
        ) -> Result<Tensor<4>, ExplainError> {
            self.0.lock().unwrap().push(model.network().block.valid());
            Ok(input.clone())
        }
    }

    let kept = std::sync::Mutex::new(Vec::new());
    let pixels = devices::noise([1, 3, 10, 10], 3, device).abs() * 0.1;
    let target = Target::Class(0);
    cascading_randomization(&Keep(&kept), &classifier(network), &pixels, &target, 2).unwrap();
    let kept = kept.into_inner().unwrap();
    let block = &kept[2];
    let mut orders = Vec::new();
    for norm in [&block.bn1, &block.bn2] {
        let gamma = values(norm.gamma.val().into_data());
        let [beta, mean, variance] =
            [norm.beta.val(), norm.running_mean.value(), norm.running_var.value()]
                .map(|vector| values(vector.into_data()));
        for i in 0..6 {
            let expected = [10.0, 100.0, 1000.0].map(|scale| scale * gamma[i]);
            assert_eq!([beta[i], mean[i], variance[i]], expected, "{gamma:?}");
        }
        let mut sorted = gamma.clone();
        sorted.sort_by(f32::total_cmp);
        assert_eq!(sorted, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        orders.push(gamma);
    }
    assert!(
        orders[0] != orders[1]
            && orders.iter().any(|order| order[..] != [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    );
}

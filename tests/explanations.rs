//! Attributions against captum, torch-cam and pytorch-grad-cam, and against closed forms.

use std::collections::BTreeMap;

use foveate::burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use foveate::burn::tensor::{DType, Tensor, TensorData};
use foveate::explain::{
    Attribution, Baseline, Cam, CamRule, Deconvnet, ExplainError, GuidedBackprop, GuidedGradCam,
    InputXGradient, IntegratedGradients, Lrp, Model, Occlusion, Quadrature, Saliency, SmoothGrad,
    Statistic, Target,
};
use foveate::image::{Pixels, Preprocessing};
use foveate::models::{
    AnyNetwork, Architecture, Classifier, Network, imagenet_labels, initialized,
};
use foveate::ops::{self, Activation, ConvOptions};

use crate::devices::noise;
use crate::networks::{golden_folder, relative_error, tensors, values};
use crate::real::{classifier, data, pretrained, val_25};
use crate::{devices, tell};

type Method = Box<dyn Attribution<Classifier<AnyNetwork>>>;

/// The methods of tests/golden/attributions.py, by their names there.
fn methods(layer: &str) -> Vec<(&'static str, Method)> {
    let integrated = |rule, steps| -> Method {
        Box::new(IntegratedGradients { steps, rule, batch: 4, ..Default::default() })
    };
    let layer = layer.to_string();
    vec![
        ("saliency", Box::new(Saliency) as Method),
        ("input_x_gradient", Box::new(InputXGradient)),
        ("integrated_gradients.gausslegendre", integrated(Quadrature::GaussLegendre, 10)),
        ("integrated_gradients.riemann_middle", integrated(Quadrature::RiemannMiddle, 4)),
        ("integrated_gradients.riemann_trapezoid", integrated(Quadrature::RiemannTrapezoid, 4)),
        ("integrated_gradients.riemann_left", integrated(Quadrature::RiemannLeft, 4)),
        ("integrated_gradients.riemann_right", integrated(Quadrature::RiemannRight, 4)),
        ("guided_backprop", Box::new(GuidedBackprop)),
        ("deconvnet", Box::new(Deconvnet)),
        ("guided_grad_cam", Box::new(GuidedGradCam { layer })),
        ("lrp_epsilon", Box::new(Lrp::Epsilon(1e-9))),
    ]
}

const CAMS: [(&str, CamRule); 5] = [
    ("cam", CamRule::Cam),
    ("grad_cam", CamRule::GradCam),
    ("grad_cam_plus_plus", CamRule::GradCamPlusPlus),
    ("x_grad_cam", CamRule::XGradCam),
    ("layer_cam", CamRule::LayerCam),
];

/// `|found - expected| / |expected|`, in L2 norm.
fn distance(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let pairs = found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b));
    norm(&mut pairs.into_iter()) / norm(&mut expected.iter().map(|&x| f64::from(x)))
}

/// The most that a map may differ from captum's, relative in L2. The reference is f32, as we are: near ties of ReLU and
/// max pooling fall this way or that, by exact sums few.
const FROM_CAPTUM: f64 = 2e-3;

/// CAMs see no tie behind the layer: f32 rounding.
fn against_golden(architecture: Architecture, name: &str, layer: &str) {
    let Some((images, _)) = val_25() else { return };
    let images = [0, 5, 10, 15].map(|i| images[i].clone());
    let golden: BTreeMap<String, TensorData> =
        tensors(&golden_folder().join("attributions.safetensors"));
    let golden = |method: &str| golden.get(&format!("{name}.{method}")).cloned().map(values);
    let classes: Vec<f32> = golden("classes").unwrap();

    let device = devices::any();
    let Some(classifier) = classifier(architecture, &device) else { return };
    let pixels = Pixels::from_images(&images, &device);
    let mut compared = 0;
    let mut check = |method: &str, found: Vec<f32>, every: usize, limit: f64| {
        let Some(expected) = golden(method) else { return };
        let off = distance(&found.into_iter().step_by(every).collect::<Vec<_>>(), &expected);
        tell(&format!("{name}, {method}: {off:.1e} from the reference"));
        assert!(off < limit, "{name}, {method}: {off:e}");
        compared += 1;
    };
    // The classes of the golden file are those that the model finds.
    let target = Target::Classes(classes.iter().map(|&class| class as usize).collect());
    for (method, ours) in methods(layer) {
        let map = ours.attribute(&classifier, pixels.tensor(), &target).unwrap();
        check(method, values(map.into_data()), 37, FROM_CAPTUM);
    }
    for (method, rule) in CAMS {
        let cam = Cam { rule, layer: layer.into() };
        let map = cam.activation_map(&classifier, pixels.tensor(), &Target::Predicted).unwrap();
        check(method, values(map.into_data()), 1, 1e-5);
    }
    assert_eq!(compared, 15, "methods compared");
}

#[test]
fn attributions_of_squeezenet() {
    against_golden(Architecture::SqueezeNet1_1, "squeezenet", "features.12");
}

#[test]
fn attributions_of_published_googlenet() {
    against_golden(Architecture::GoogLeNetPublished, "googlenet", "inception5b");
}

/// From the JPEG file on (tests/golden/attributions_files.py): decoded, resized, cropped, explained. Logits within 1e-5 of
/// the largest: f32 sums in another order. A ReLU or a maximum near a tie falls this way or that, in PyTorch's f32 as in
/// ours: maps are within 5e-3, or within twice what PyTorch's f32 is from its f64 (up to 3e-2).
#[test]
fn attributions_of_files() {
    let device = devices::any();
    let Some(classifier) = classifier(Architecture::SqueezeNet1_1, &device) else { return };
    let golden = tensors(&golden_folder().join("attributions_files.safetensors"));
    let files: Vec<&str> = golden.keys().filter_map(|key| key.strip_suffix(".logits")).collect();
    assert!(files.len() >= 15);
    let gradient: Vec<(&str, Method)> = vec![
        ("saliency", Box::new(Saliency)),
        ("input_x_gradient", Box::new(InputXGradient)),
        (
            "integrated_gradients",
            Box::new(IntegratedGradients { steps: 8, batch: 4, ..Default::default() }),
        ),
        ("guided_backprop", Box::new(GuidedBackprop)),
        ("deconvnet", Box::new(Deconvnet)),
        ("lrp_epsilon", Box::new(Lrp::Epsilon(1e-9))),
        ("occlusion", Box::new(Occlusion::new([64, 64], [40, 40]))),
    ];
    let mut worst: BTreeMap<&str, f64> = BTreeMap::new();
    let mut beyond = Vec::new();
    for name in files {
        let Some(file) = data(name) else { return };
        let image = foveate::image::open(file).unwrap();
        let pixels = classifier.preprocessing().pixels(&[image], &device).unwrap();
        let expected = |what: &str| values(golden[&format!("{name}.{what}")].clone());
        let mut check = |what: &'static str, off: f64, limit: f64| {
            let worst = worst.entry(what).or_default();
            *worst = worst.max(off);
            if off > limit {
                beyond.push(format!("{name}, {what}: {off:.1e}"));
            }
        };
        let logits = values(classifier.logits(&pixels).into_data());
        let logits: Vec<f32> = logits.into_iter().step_by(7).collect();
        check("logits", relative_error(&logits, &expected("logits")).into(), 1e-5);
        for (what, method) in &gradient {
            let map = method.attribute(&classifier, pixels.tensor(), &Target::Predicted).unwrap();
            let map: Vec<f32> = values(map.into_data()).into_iter().step_by(291).collect();
            let own = f64::from(expected(&format!("{what}.own"))[0]);
            check(what, distance(&map, &expected(what)), (2.0 * own).max(5e-3));
        }
        let cam = Cam { rule: CamRule::GradCam, layer: "features.12".into() };
        let map = cam.activation_map(&classifier, pixels.tensor(), &Target::Predicted).unwrap();
        let map = values(map.into_data());
        check("grad_cam", distance(&map, &expected("grad_cam")), 1e-5);
    }
    for (what, off) in worst {
        tell(&format!("files, {what}: at most {off:.1e} from the reference"));
    }
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
}

/// `[n, classes]`: weights `[classes, c, h, w]` times the input, summed.
fn linear(weight: Tensor<4>) -> impl Fn(Tensor<4>) -> Tensor<2> {
    move |x| x.flatten::<2>(1, 3).matmul(weight.clone().flatten::<2>(1, 3).transpose())
}

/// Score 0: the sum of the squares; score 1: of the cubes.
fn powers(x: Tensor<4>) -> Tensor<2> {
    let x = x.flatten::<2>(1, 3);
    Tensor::cat(vec![x.clone().powi_scalar(2).sum_dim(1), x.powi_scalar(3).sum_dim(1)], 1)
}

fn assert_near(found: Tensor<4>, expected: Tensor<4>, limit: f32, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let off = relative_error(&values(found.into_data()), &values(expected.into_data()));
    assert!(off <= limit, "{what}: {off:e}");
}

/// A linear model's gradient is its weight `w`, and its integrated gradients are `w (x - b)`, by every
/// rule but the trapezoidal one, whose weights sum to `1 - 1 / steps`.
#[test]
fn a_linear_model_in_closed_form() {
    for chosen in devices::all() {
        let device = &chosen.device;
        let (w, x) = (noise([3, 2, 4, 5], 1, device), noise([2, 2, 4, 5], 2, device));
        let baseline = noise([1, 2, 4, 5], 3, device);
        let model = linear(w.clone());
        let rows = Tensor::cat(vec![w.clone().narrow(0, 2, 1), w.clone().narrow(0, 0, 1)], 0);
        let target = Target::Classes(vec![2, 0]);
        let saliency = Saliency.attribute(&model, &x, &target).unwrap();
        assert_near(saliency, rows.clone().abs(), 1e-6, "saliency");
        let product = InputXGradient.attribute(&model, &x, &target).unwrap();
        assert_near(product, rows.clone() * x.clone(), 1e-6, "input x gradient");
        for (rule, factor) in [
            (Quadrature::GaussLegendre, 1.0),
            (Quadrature::RiemannLeft, 1.0),
            (Quadrature::RiemannMiddle, 1.0),
            (Quadrature::RiemannRight, 1.0),
            (Quadrature::RiemannTrapezoid, 0.8),
        ] {
            let method = IntegratedGradients {
                steps: 5,
                rule,
                baseline: Baseline::Images(baseline.clone()),
                batch: 2,
            };
            let (map, delta) = method.attribute_with_delta(&model, &x, &target).unwrap();
            let expected = rows.clone() * (x.clone() - baseline.clone()) * factor;
            assert_near(map, expected, 1e-5, "integrated gradients");
            let complete = delta.iter().all(|delta| delta.abs() < 1e-4);
            assert_eq!(complete, factor == 1.0, "{rule:?}: {delta:?}");
        }
    }
}

/// Of a cubic score the integral is `x^3`, exactly by Gauss and Legendre from 2 steps on; a score of
/// the caller's is followed as well.
#[test]
fn integrated_gradients_of_a_cube() {
    let x = noise([2, 1, 3, 3], 4, &devices::any());
    let method = IntegratedGradients { steps: 2, ..Default::default() };
    let cube = x.clone().powi_scalar(3);
    let map = method.attribute(&powers, &x, &Target::Class(1)).unwrap();
    assert_near(map, cube.clone(), 1e-5, "class");
    let score = Target::score(|logits| logits.slice([0..1000, 1..2]).squeeze_dim::<1>(1) * 2.0);
    let map = method.attribute(&powers, &x, &score).unwrap();
    assert_near(map, cube * 2.0, 1e-5, "score");
}

/// Noise of 0 changes nothing; the gradient `2 x` of a square, with noise, has the mean `2 x`, the mean
/// square `4 x^2 + 4 sigma^2` and the variance `4 sigma^2`, within 5 standard errors.
#[test]
fn smooth_grad_in_closed_form() {
    // One image runs in batches of copies, several together.
    for images in [1, 2] {
        smooth_grad_of(noise([images, 1, 3, 3], 5, &devices::any()));
    }
}

fn smooth_grad_of(x: Tensor<4>) {
    let smooth = |sigma, statistic, batch, seed| {
        let plain = SmoothGrad::new(Gradient);
        SmoothGrad { samples: 2000, sigma, statistic, batch, seed, ..plain }
    };
    let map =
        |smooth: SmoothGrad<Gradient>| smooth.attribute(&powers, &x, &Target::Class(0)).unwrap();
    let double = x.clone() * 2.0;
    assert_near(map(smooth(0.0, Statistic::Mean, 64, 0)), double.clone(), 1e-5, "no noise");

    let mean = map(smooth(0.1, Statistic::Mean, 64, 0));
    let off = values((mean.clone() - double.clone()).abs().max().into_data())[0];
    assert!(off < 5.0 * 0.2 / 2000_f32.sqrt() && off > 0.0, "mean off by {off}");
    let variance = map(smooth(0.1, Statistic::Variance, 64, 0));
    let off = values((variance.clone() - 0.04).abs().max().into_data())[0];
    assert!(off < 5.0 * 0.04 * (2.0 / 2000_f32).sqrt(), "variance off by {off}");
    let square = map(smooth(0.1, Statistic::MeanSquare, 64, 0));
    assert_near(square, mean.clone().powi_scalar(2) + variance, 1e-4, "mean square");

    let again = map(smooth(0.1, Statistic::Mean, 64, 0));
    assert_eq!(values(again.into_data()), values(mean.clone().into_data()), "the same seed");
    assert_near(map(smooth(0.1, Statistic::Mean, 7, 0)), mean.clone(), 1e-5, "another batch");
    assert_ne!(
        values(map(smooth(0.1, Statistic::Mean, 64, 1)).into_data()),
        values(mean.into_data())
    );
}

/// The gradient of 1000 x + x^2 / 2 is 1000 + x: its variance is the noise's, 0.0225, of 50 copies within
/// a fifth (one standard error); of the same copies without the 1000 it is the same but for rounding.
#[test]
fn vargrad_of_a_small_variance_beside_a_large_mean() {
    let score = |slope: f32| {
        move |x: Tensor<4>| {
            let x = x.flatten::<2>(1, 3);
            x.clone() * slope + x.powi_scalar(2) * 0.5
        }
    };
    for images in [1, 2] {
        let x = Tensor::<4>::full([images, 1, 1, 1], 0.3, &devices::any());
        for batch in [1, 8, 50] {
            let plain = SmoothGrad::new(Gradient);
            let smooth = SmoothGrad { statistic: Statistic::Variance, batch, ..plain };
            let of = |slope: f32| {
                let map = smooth.attribute(&score(slope), &x, &Target::Class(0)).unwrap();
                values(map.into_data())
            };
            let (steep, flat) = (of(1000.0), of(0.0));
            println!("{images} images, {batch} at once: {steep:?} and {flat:?}");
            for (steep, flat) in steep.into_iter().zip(flat) {
                assert!((flat / 0.0225 - 1.0).abs() < 0.6, "{flat}");
                // f32 near 1000 has steps of 6e-5, a gradient an error of half of one.
                assert!((steep / flat - 1.0).abs() < 1e-3, "{steep} for {flat}");
            }
        }
    }
}

/// A method of a caller's own: the gradient with its sign.
struct Gradient;

impl<M: Model> Attribution<M> for Gradient {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        // sign(x g) sign(x) |g|, where no x is 0.
        let product = InputXGradient.attribute(model, input, target)?;
        let size = Saliency.attribute(model, input, target)?;
        Ok(product.sign() * input.clone().sign() * size)
    }
}

/// The gradient of a small network in f64 against central differences: 1e-8 of the largest.
#[test]
fn gradients_against_finite_differences() {
    let device = devices::all().iter().find(|chosen| !chosen.description.starts_with("wgpu"));
    let Some(chosen) = device else { return tell("SKIPPED: wgpu has no f64") };
    let f64_noise = |shape, seed| noise::<4>(shape, seed, &chosen.device).cast(DType::F64);
    let (w, head) = (f64_noise([4, 2, 3, 3], 6), f64_noise([3, 4, 5, 5], 7));
    let model = |x: Tensor<4>| {
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        let hidden = ops::conv2d(x, w.clone(), None, options, Activation::LeakyRelu(0.1));
        linear(head.clone())(hidden.tanh())
    };
    let x = f64_noise([1, 2, 5, 5], 8);
    let map = Gradient.attribute(&model, &x, &Target::Class(1)).unwrap();
    let found: Vec<f64> = map.into_data().iter::<f64>().collect();
    let step = 1e-5;
    let steps = Tensor::<2>::eye(50, &chosen.device).cast(DType::F64).reshape([50, 2, 5, 5]) * step;
    let scores =
        |x: Tensor<4>| -> Vec<f64> { model(x).slice([0..50, 1..2]).into_data().iter().collect() };
    let (up, down) = (scores(x.clone() + steps.clone()), scores(x - steps));
    let most = found.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
    for ((g, up), down) in found.iter().zip(up).zip(down) {
        assert!((g - (up - down) / (2.0 * step)).abs() < 1e-8 * most, "{g}");
    }
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

/// Grad-CAM++ of scores times a factor: with g sum(A) far below 2 the weight of a channel is half of the
/// positive gradients, with g sum(A) far beyond it 1 / sum(A) for each pixel whose gradient is positive.
#[test]
fn grad_cam_plus_plus_of_tiny_and_vast_scores() {
    let device = devices::any();
    let network = Architecture::ResNet18.init_narrow(8, &device).with_classes(10);
    let labels = (0..10).map(|i| i.to_string()).collect();
    let classifier = Classifier::new(initialized(network, 0), Preprocessing::IMAGENET, labels);
    let pixels = noise([1, 3, 64, 64], 11, &device);
    let map = |rule, factor: f32| {
        let score = Target::score(move |logits| logits.slice([0..1, 3..4]).squeeze_dim(1) * factor);
        let cam = Cam { rule, layer: "layer3".into() };
        cam.activation_map(&classifier, &pixels, &score).unwrap()
    };
    let plus = |factor| map(CamRule::GradCamPlusPlus, factor);
    let [tiny, small] = [1e-20, 1e-10].map(|factor| plus(factor) * (1.0 / factor));
    assert!(values(tiny.clone().into_data()).iter().any(|&value| value > 0.0), "an empty map");
    assert_near(tiny, small, 1e-5, "tiny scores");
    let [large, vast] = [plus(1e14), plus(1e18)];
    let sum = values(vast.clone().sum().into_data())[0];
    assert!(sum.is_finite() && sum > 0.0, "{sum}");
    assert_near(vast, large, 1e-5, "vast scores");
}

/// Behind inception5b there are average pooling over 7x7 pixels and a fully connected layer: there CAM
/// is Grad-CAM times 49. And completeness: 20 steps leave less than 5 % of the difference of the scores.
#[test]
fn cam_and_completeness_of_googlenet() {
    let device = devices::any();
    let Some(classifier) = classifier(Architecture::GoogLeNetPublished, &device) else { return };
    let Some((images, _)) = val_25() else { return };
    let pixels = Pixels::from_images(&images[..1], &device);
    let map = |rule| {
        let cam = Cam { rule, layer: "inception5b".into() };
        cam.activation_map(&classifier, pixels.tensor(), &Target::Predicted).unwrap()
    };
    assert_near(map(CamRule::Cam), map(CamRule::GradCam) * 49.0, 1e-5, "CAM");

    let method = IntegratedGradients { steps: 20, ..Default::default() };
    let target = Target::Predicted;
    let (map, delta) = method.attribute_with_delta(&classifier, pixels.tensor(), &target).unwrap();
    let sum = values(map.sum().into_data())[0];
    assert!(delta[0].abs() < 0.05 * (sum - delta[0]).abs(), "{} of {sum}", delta[0]);
}

/// Every parameter and running statistic, bit by bit.
fn state(network: &AnyNetwork) -> Vec<u32> {
    struct Bits(Vec<u32>);
    impl ModuleVisitor for Bits {
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            self.0.extend(values(parameter.val().into_data()).iter().map(|value| value.to_bits()));
        }
    }
    let mut bits = Bits(Vec::new());
    network.visit(&mut bits);
    bits.0
}

/// On networks in training on an autodiff device, with batch norm and dropout: no method changes a bit
/// of their weights and statistics, or of the caller's tensor, and each gives the same bits again.
#[test]
fn nothing_is_touched() {
    for (architecture, layer, divisor) in
        [(Architecture::ResNet18, "layer4", 8), (Architecture::GoogLeNet, "inception5b", 8)]
    {
        let device = devices::any().autodiff();
        let network = architecture.init_narrow(divisor, &device).with_classes(10);
        let labels = (0..10).map(|i| i.to_string()).collect();
        let before = state(&network);
        assert!(before.len() > 10_000);
        let classifier = Classifier::new(network.clone(), Preprocessing::IMAGENET, labels);
        let inside = state(classifier.network());
        let pixels = noise([2, 3, 64, 64], 9, &device).require_grad();
        let pixels_before = values(pixels.to_data());
        let mut all = methods(layer);
        all.push(("smooth_grad", Box::new(SmoothGrad { samples: 3, ..SmoothGrad::new(Saliency) })));
        all.push(("lrp_composite", Box::new(Lrp::Composite(1e-6))));
        for (_, rule) in CAMS {
            all.push(("cam", Box::new(Cam { rule, layer: layer.into() })));
        }
        for (name, method) in all {
            let map = || {
                let map = method.attribute(&classifier, &pixels, &Target::Predicted).unwrap();
                assert!(!map.is_autodiff(), "{name}");
                values(map.into_data())
            };
            let (first, second) = (map(), map());
            assert!(first.iter().all(|value| value.is_finite()), "{name}");
            // A class activation map of random weights may be 0 throughout.
            let zero = first.iter().all(|&value| value == 0.0);
            assert!(!zero || name != "saliency", "{name} of {architecture} is zero");
            assert_eq!(first, second, "{name}: two calls");
            assert_eq!(state(&network), before, "{name}: the network");
            assert_eq!(state(classifier.network()), inside, "{name}: the classifier's network");
        }
        assert_eq!(values(pixels.to_data()), pixels_before);
        assert!(pixels.is_require_grad());

        // A network in training in a closure is refused before it has moved its statistics.
        let closure = |x: Tensor<4>| network.forward(x);
        let refused = Saliency.attribute(&closure, &pixels, &Target::Predicted).unwrap_err();
        assert_eq!(refused, ExplainError::Training);
        assert_eq!(state(&network), before);
    }
}

#[test]
fn bad_input_is_refused() {
    let device = devices::any();
    let x = noise([2, 1, 3, 3], 10, &device);
    let text = |result: Result<Tensor<4>, ExplainError>| result.unwrap_err().to_string();
    let saliency = |x: &Tensor<4>, target| text(Saliency.attribute(&powers, x, &target));
    assert!(saliency(&x, Target::Class(2)).contains("class 2 is asked for, and the model has 2"));
    assert!(saliency(&x, Target::Classes(vec![0; 3])).contains("3 classes for 2 images"));
    let score = Target::score(|logits| logits.flatten::<1>(0, 1));
    assert!(saliency(&x, score).contains("4 values for 2 images"));
    assert!(saliency(&(x.clone() / 0.0), Target::Predicted).contains("expected finite numbers"));
    let none = Tensor::zeros([0, 1, 3, 3], &device);
    assert!(saliency(&none, Target::Predicted).contains("[0, 1, 3, 3]"));
    let flat = |x: Tensor<4>| x.sum().reshape([1, 1]);
    assert!(text(Saliency.attribute(&flat, &x, &Target::Predicted)).contains("[1, 1]"));

    let integrated =
        |method: IntegratedGradients| text(method.attribute(&powers, &x, &Target::Predicted));
    let default = IntegratedGradients::default;
    assert!(integrated(IntegratedGradients { steps: 0, ..default() }).contains("steps is 0"));
    assert!(integrated(IntegratedGradients { batch: 0, ..default() }).contains("batch is 0"));
    let rule = Quadrature::RiemannTrapezoid;
    assert!(integrated(IntegratedGradients { steps: 1, rule, ..default() }).contains("2 or more"));
    let baseline = Baseline::Images(noise([1, 1, 2, 2], 1, &device));
    assert!(integrated(IntegratedGradients { baseline, ..default() }).contains("[2, 1, 3, 3]"));
    let smooth =
        |smooth: SmoothGrad<Saliency>| text(smooth.attribute(&powers, &x, &Target::Predicted));
    let plain = || SmoothGrad::new(Saliency);
    assert!(smooth(SmoothGrad { samples: 0, ..plain() }).contains("samples is 0"));
    for sigma in [-1.0, f32::NAN, f32::INFINITY] {
        assert!(smooth(SmoothGrad { sigma, ..plain() }).contains("sigma is"), "{sigma}");
    }

    let network = Architecture::SqueezeNet1_1.init_narrow(8, &device).with_classes(10);
    let labels = (0..10).map(|i| i.to_string()).collect();
    let classifier = Classifier::new(network, Preprocessing::IMAGENET, labels);
    let pixels = noise([1, 3, 64, 64], 11, &device);
    let cam = Cam { rule: CamRule::GradCam, layer: "features.99".into() };
    let unknown = text(cam.attribute(&classifier, &pixels, &Target::Predicted));
    assert!(unknown.contains("features.99") && unknown.contains("features.12"), "{unknown}");
    for epsilon in [0.0, -1.0, f32::NAN] {
        let lrp = Lrp::Epsilon(epsilon).attribute(&classifier, &pixels, &Target::Predicted);
        assert!(text(lrp).contains("epsilon is"), "{epsilon}");
    }
}

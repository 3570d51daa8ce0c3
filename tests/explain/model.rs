//! Models of one's own: networks that are still in training mode, one logit, probabilities.

use foveate::burn::module::Module;
use foveate::burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig};
use foveate::burn::tensor::activation::{sigmoid, softmax};
use foveate::burn::tensor::{Device, Tensor};
use foveate::explain::attack::{
    Attack, CarliniWagner, DeepFool, Fgsm, FoolingImage, Goal, Pgd, Warning,
};
use foveate::explain::metrics::{
    AverageDrop, Deletion, Infidelity, Insertion, SensitivityMax, completeness_delta,
};
use foveate::explain::visualize::ClassVisualization;
use foveate::explain::{
    Attribution, Baseline, ExplainError, FeatureAblation, Frozen, InputXGradient,
    IntegratedGradients, Model, Occlusion, Rise, Saliency, SmoothGrad, Target,
};
use foveate::image::{Pixels, Preprocessing};
use foveate::models::{Architecture, Classifier, ClassifyError, Network};
use foveate::ops::{Algorithm, with_algorithm};

use crate::support::close::values;
use crate::support::devices::{self, noise};
use crate::support::logged::said;
use crate::support::tell;

/// With burn's layers as people write them, freshly initialized: in training mode.
#[derive(Module, Debug)]
struct Own {
    norm: BatchNorm,
    dropout: Dropout,
    linear: Linear,
}

impl Own {
    fn new(dropout: f64, device: &Device) -> Self {
        Self {
            norm: BatchNormConfig::new(3).init(device),
            dropout: DropoutConfig::new(dropout).init(),
            linear: LinearConfig::new(48, 4).init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        self.linear.forward(self.dropout.forward(self.norm.forward(x)).flatten::<2>(1, 3))
    }

    fn statistics(&self) -> Vec<f32> {
        let [mean, var] = [&self.norm.running_mean, &self.norm.running_var];
        [mean.value_sync(), var.value_sync()].map(|t| values(t.into_data())).concat()
    }
}

fn pixels(device: &Device) -> Pixels {
    Pixels::new((noise([2, 3, 4, 4], 1, device) * 0.1 + 0.5).clamp(0.0, 1.0))
}

/// Every way to ask a model: what becomes of each.
fn all(model: &impl Model, device: &Device) -> Vec<(&'static str, Result<Vec<f32>, ExplainError>)> {
    let pixels = pixels(device);
    let (x, class) = (pixels.tensor(), Target::Class(1));
    let map = noise([2, 1, 4, 4], 2, device);
    let flat = |map: Tensor<4>| values(map.into_data());
    let attacked = |attack: &dyn Attack<_>, goal: &Goal| {
        attack.attack(model, &pixels, goal).map(|attacked| attacked.l2)
    };
    let (targeted, untargeted) = (Goal::Targeted(vec![1]), Goal::Untargeted(vec![1]));
    let cw = CarliniWagner { steps: 3, ..Default::default() };
    let fooling = FoolingImage { steps: 3, ..Default::default() };
    let integrated = IntegratedGradients { steps: 4, ..Default::default() };
    let smooth = SmoothGrad { samples: 2, ..SmoothGrad::new(Saliency) };
    let rise = Rise { masks: 4, cells: 2, ..Default::default() };
    let halves = FeatureAblation::new([0, 0, 1, 1].repeat(4));
    let steps = 4;
    let visualization =
        ClassVisualization { iterations: 2, max_jitter: 1, ..ClassVisualization::default() };
    vec![
        ("saliency", Saliency.attribute(model, x, &class).map(flat)),
        ("input x gradient", InputXGradient.attribute(model, x, &class).map(flat)),
        ("integrated gradients", integrated.attribute(model, x, &class).map(flat)),
        ("smooth grad", smooth.attribute(model, x, &class).map(flat)),
        ("occlusion", Occlusion::new([2, 2], [2, 2]).attribute(model, x, &class).map(flat)),
        ("ablation", halves.attribute(model, x, &class).map(flat)),
        ("rise", rise.attribute(model, x, &class).map(flat)),
        ("fgsm", attacked(&Fgsm::default(), &untargeted)),
        ("pgd", attacked(&Pgd::default(), &targeted)),
        ("deepfool", attacked(&DeepFool::default(), &untargeted)),
        ("carlini wagner", attacked(&cw, &targeted)),
        ("fooling", attacked(&fooling, &targeted)),
        (
            "deletion",
            Deletion { steps, ..Default::default() }.curve(model, &map, x, &class).map(|c| c.areas),
        ),
        (
            "insertion",
            Insertion { steps, ..Default::default() }
                .curve(model, &map, x, &class)
                .map(|c| c.areas),
        ),
        (
            "average drop",
            AverageDrop::default().confidences(model, &map, x, &class).map(|c| c.shown),
        ),
        ("completeness", completeness_delta(model, &map, x, &Baseline::Constant(0.0), &class)),
        ("infidelity", Infidelity::default().measure(model, &x.zeros_like(), x, &class)),
        ("sensitivity", SensitivityMax::default().measure(&Saliency, model, x, &class)),
        (
            "class visualization",
            visualization
                .run(model, &pixels, &[1])
                .map(|snapshots| snapshots.into_iter().flat_map(|s| s.scores).collect()),
        ),
    ]
}

fn places() -> [Device; 2] {
    [devices::any(), devices::any().autodiff()]
}

/// The closed form: without training, batch norm as initialized is `x / sqrt(1 + 1e-5)`, each pixel for itself.
#[test]
fn a_batch_norm_as_initialized() {
    for device in places() {
        let norm = BatchNormConfig::new(1).init(&device);
        let forward = |norm: &BatchNorm, x: Tensor<4>| norm.forward(x).flatten::<2>(1, 3);
        let x = Tensor::<4>::from_floats([[[[1.0, 3.0]]]], &device);
        let frozen = Frozen::new(&norm, forward);
        let map = values(Saliency.attribute(&frozen, &x, &Target::Class(0)).unwrap().into_data());
        assert!((map[0] - 1.0).abs() < 1e-5 && map[1] == 0.0, "{map:?}");
        let statistics = |norm: &BatchNorm| {
            let [mean, var] = [&norm.running_mean, &norm.running_var];
            [mean, var].map(|state| values(state.value_sync().into_data()))
        };
        assert_eq!(statistics(&norm), [[0.0], [1.0]]);

        let captured = |x: Tensor<4>| forward(&norm, x);
        let refused = Saliency.attribute(&captured, &x, &Target::Class(0)).unwrap_err();
        assert_eq!(refused, ExplainError::Training);
        assert!(refused.to_string().contains("Frozen::new"));
    }
}

/// Batch norm alone, and with dropout: by `Frozen` and by a closure over `valid()` the same, nothing moved.
#[test]
fn networks_in_training_mode_are_explained_in_evaluation_mode() {
    for (device, dropout) in places().iter().flat_map(|device| [(device, 0.0), (device, 0.5)]) {
        let own = Own::new(dropout, device);
        let (frozen, valid) = (Frozen::new(&own, Own::forward), own.valid());
        let closure = |x: Tensor<4>| valid.forward(x);
        let before = own.statistics();
        for ((name, ours), (_, theirs)) in
            all(&frozen, device).into_iter().zip(all(&closure, device))
        {
            let ours = ours.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!ours.is_empty() && ours.iter().all(|value| value.is_finite()), "{name}");
            assert_eq!(ours, theirs.unwrap(), "{name}");
        }
        assert_eq!(own.statistics(), before);
    }
}

#[test]
fn networks_in_training_mode_in_a_closure_are_refused() {
    for (device, norm) in places().iter().flat_map(|device| [(device, true), (device, false)]) {
        for name in all(&|x: Tensor<4>| Own::new(0.0, device).valid().forward(x), device) {
            assert!(name.1.is_ok(), "{}: {:?}", name.0, name.1);
        }
        // Batch norm alone, or dropout alone.
        let mut own = Own::new(if norm { 0.0 } else { 0.5 }, device);
        if !norm {
            own.norm = own.norm.valid();
        }
        for (name, found) in all(&|x: Tensor<4>| own.forward(x), device) {
            assert_eq!(found, Err(ExplainError::Training), "{name}, batch norm {norm}");
        }
    }
}

/// A model that is random by itself is no network in training mode: its attacks warn, its maps are its own.
#[test]
fn randomness_of_the_models_own_is_let_through() {
    let device = devices::any();
    let calls = std::cell::Cell::new(0.0);
    let random = |x: Tensor<4>| {
        calls.set(calls.get() + 1.0);
        x.flatten::<2>(1, 3).narrow(1, 0, 3) * calls.get()
    };
    assert!(Saliency.attribute(&random, pixels(&device).tensor(), &Target::Class(0)).is_ok());
}

fn one_logit(x: Tensor<4>) -> Tensor<2> {
    x.flatten::<2>(1, 3).sum_dim(1) - 24.0
}

/// Where a softmax is meant, one logit is refused with a sentence that helps; elsewhere it is a score like others.
#[test]
fn one_logit_has_no_softmax() {
    let device = devices::any();
    let pixels = pixels(&device);
    for (name, attack) in [
        ("fgsm", &Fgsm::default() as &dyn Attack<_>),
        ("pgd", &Pgd::default()),
        ("deepfool", &DeepFool::default()),
        ("carlini wagner", &CarliniWagner::default()),
        ("fooling", &FoolingImage::default()),
    ] {
        let goal =
            if name == "fooling" { Goal::Targeted(vec![0]) } else { Goal::Untargeted(vec![0]) };
        let error = attack.attack(&one_logit, &pixels, &goal).unwrap_err();
        assert_eq!(error, ExplainError::OneLogit { classes: 1 }, "{name}");
    }
    let (x, class) = (pixels.tensor(), Target::Class(0));
    let map = noise([2, 1, 4, 4], 2, &device);
    let rise = Rise { masks: 4, cells: 2, ..Default::default() };
    let deletion = Deletion { steps: 4, ..Default::default() };
    let insertion = Insertion { steps: 4, ..Default::default() };
    let errors = [
        rise.attribute(&one_logit, x, &class).unwrap_err(),
        deletion.curve(&one_logit, &map, x, &class).unwrap_err(),
        insertion.curve(&one_logit, &map, x, &class).unwrap_err(),
        AverageDrop::default().confidences(&one_logit, &map, x, &class).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error, ExplainError::OneLogit { classes: 1 });
        assert!(error.to_string().contains("Target::score(|logits| sigmoid(logits)"));
    }

    // What the sentence says: the probability by a sigmoid. With all masks open it is the score itself.
    let probability = Target::score(|logits| sigmoid(logits).squeeze_dim(1));
    let expected = values(sigmoid(one_logit(x.clone())).into_data());
    let open = Rise { probability: 1.0, ..rise };
    let map = values(open.attribute(&one_logit, x, &probability).unwrap().into_data());
    for (map, expected) in map.chunks_exact(16).zip(expected) {
        assert!(map.iter().all(|value| (value - expected).abs() < 1e-5), "{map:?}, {expected}");
    }
    // The logit as a score needs no second class.
    assert_eq!(values(Saliency.attribute(&one_logit, x, &class).unwrap().into_data()), [1.0; 96]);

    let last = ClassVisualization { iterations: 1, max_jitter: 0, ..Default::default() };
    let last = last.run(&one_logit, &pixels, &[0]).unwrap().remove(0);
    let expected = values(sigmoid(one_logit(last.pixels.tensor().clone())).into_data());
    assert_eq!(last.probabilities, expected);

    let network = Architecture::SqueezeNet1_1.init_with_width_divisor(8, &device).with_classes(1);
    let classifier = Classifier::new(network, Preprocessing::IMAGENET, vec!["cat".into()]);
    let error = classifier.classify_pixels(&Pixels::new(noise([1, 3, 64, 64], 3, &device)), 1);
    let error = error.unwrap_err();
    assert!(matches!(error, ClassifyError::Classes { classes: 1 }), "{error}");
    assert!(error.to_string().contains("sigmoid"), "{error}");
}

/// Attacks say so in their result; what has no result to say it in tells the log.
#[test]
fn probabilities_are_told() {
    let device = devices::any();
    let probabilities = |x: Tensor<4>| softmax(x.flatten::<2>(1, 3).narrow(1, 0, 3) * 3.0, 1);
    let goal = Goal::Targeted(vec![1]);
    let cw = CarliniWagner { steps: 3, ..Default::default() };
    let attacked = cw.attack(&probabilities, &pixels(&device), &goal).unwrap();
    assert!(attacked.warnings.contains(&Warning::Probabilities), "{:?}", attacked.warnings);
    let rise = Rise { masks: 4, cells: 2, ..Default::default() };
    let told = |target| {
        let x = pixels(&device);
        let lines = said(|| drop(rise.attribute(&probabilities, x.tensor(), &target).unwrap()));
        lines.iter().any(|line| line.contains("probabilities"))
    };
    assert!(told(Target::Class(0)));
    assert!(!told(Target::score(|p| p.narrow(1, 0, 1).squeeze_dim(1))));
}

/// Pixels that an attack made are classified as they are: what they are told to be is what is found.
#[test]
fn what_an_attack_made_is_classified_as_it_is() {
    let device = devices::any();
    let classifier = foveate::models::LeNet::digits(&device).unwrap();
    let set = foveate::data::digits(6, 3);
    let pixels = classifier.preprocessing().pixels(&set.images(), &device).unwrap();
    // One label is wrong: its image is so from the start, and does not count.
    let mut classes = set.labels.clone();
    classes[0] = (classes[0] + 1) % 10;
    let goal = Goal::Untargeted(classes.clone());
    let attacked = Fgsm { epsilon: 0.2 };
    let attacked = attacked.attack(&classifier, &pixels, &goal).unwrap();
    let found = classifier.classify_pixels(&attacked.adversarial, 1).unwrap();
    for (i, found) in found.iter().enumerate() {
        assert_eq!(attacked.success[i], found[0].class != classes[i], "{i}");
    }
    assert_eq!(attacked.before, [true, false, false, false, false, false]);
    let won = attacked.success[1..].iter().filter(|&&success| success).count();
    assert_eq!(attacked.success_rate(), Some(won as f32 / 5.0));
}

/// A choice of the caller's holds in explanations, too, and ends with the call; gradients computed later keep theirs.
#[test]
fn explanations_are_exact_unless_asked_otherwise() {
    let device = devices::any();
    if std::env::var("FOVEATE_ALGORITHM").is_ok() {
        return tell("SKIPPED: FOVEATE_ALGORITHM chooses for the whole process");
    }
    let network = Architecture::Vgg11.init_with_width_divisor(4, &device).with_classes(5);
    let labels = (0..5).map(|i| i.to_string()).collect();
    let classifier = Classifier::new(network, Preprocessing::IMAGENET, labels);
    let x = noise([1, 3, 64, 64], 4, &device);
    let map = || {
        let map = Saliency.attribute(&classifier, &x, &Target::Class(0)).unwrap();
        values(map.into_data())
    };
    let logits = || values(classifier.logits(&Pixels::new(x.clone())).into_data());
    let (default, fast_logits) = (map(), logits());
    let (exact, exact_logits) = with_algorithm(Algorithm::Exact, || (map(), logits()));
    let fast = with_algorithm(Algorithm::Fastest, map);
    assert_eq!(default, exact);
    assert_ne!(default, fast);
    assert_ne!(fast_logits, exact_logits);
    assert_eq!(with_algorithm(Algorithm::Fastest, logits), fast_logits);
    // Inside one another, and after a panic.
    with_algorithm(Algorithm::Fastest, || {
        let inner =
            std::panic::catch_unwind(|| with_algorithm(Algorithm::Exact, || panic!("inside")));
        assert!(inner.is_err());
        assert_eq!(map(), fast);
    });
    assert_eq!(map(), default);

    // The gradient of a forward pass inside, computed outside.
    let back = |forward: &dyn Fn(Tensor<4>) -> Tensor<2>| {
        let tracked = x.clone().autodiff().require_grad();
        let score = forward(tracked.clone()).narrow(1, 0, 1).sum();
        values(tracked.grad(&score.backward()).unwrap().abs().into_data())
    };
    let run = |x: Tensor<4>| classifier.logits(&Pixels::new(x));
    assert_eq!(back(&|x| with_algorithm(Algorithm::Exact, || run(x))), exact);
    assert_eq!(back(&run), fast);
}

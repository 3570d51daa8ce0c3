//! One row of the table in `RESULTS.md`: one piece of work on one device, in a process of its own,
//! so that the peak of memory is this row's.
//!
//! ```text
//! cargo bench --all-features --bench rows                                        # their names
//! cargo bench --all-features --bench rows -- vgg16-forward-1 --device ndarray
//! cargo bench --all-features --bench rows -- vgg16-forward-1 --device flex --stock # burn's layers
//! ```
//!
//! The answer is one line of JSON: every repetition in milliseconds, and the process' peak of
//! resident memory before the work and after it (Linux). `peers/pytorch.py` and `peers/rust` answer
//! in the same way; `compare.py` runs them in turn. `RAYON_NUM_THREADS` sets the threads.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod dann;
mod explain;
mod gan;
mod layers;
mod memory;
mod stock;

use std::env;
use std::thread::available_parallelism;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use foveate::burn::module::Module;
use foveate::burn::nn::loss::CrossEntropyLossConfig;
use foveate::burn::optim::momentum::MomentumConfig;
use foveate::burn::optim::{GradientsParams, SgdConfig};
use foveate::burn::tensor::{Device, Distribution, Int, Tensor};
use foveate::models::Architecture::{self, GoogLeNet, ResNet18, SqueezeNet1_1, Vgg16};
use foveate::models::{CganConfig, DcganConfig, GanConfig, Network};

/// What a row does, on 224x224 images where nothing else is said.
#[derive(Clone, Copy)]
enum Work {
    /// The forward pass of a batch.
    Forward(Architecture, usize),
    /// The forward pass of one image, and the gradient of a class' score at its pixels; no
    /// gradients of the weights.
    InputGradient(Architecture),
    /// A training step for a batch: cross entropy of 1,000 classes, SGD with momentum.
    Training(Architecture, usize),
    /// A step of domain-adversarial training, 28x28, for this many images of each domain.
    Dann(usize),
    /// An epoch of 16 steps of `foveate::adapt` with the practical's network, 28x28, for this many images
    /// of each domain a step: bytes to weights.
    Adapt(usize),
    /// Four iterations of `foveate::generate` with networks of this width, 32x32, on this many images each.
    Gan { width: usize, batch: usize, conditional: bool },
    /// An attribution of one image under SqueezeNet 1.1.
    Explain(explain::Method),
    /// The product of two square matrices.
    Product(usize),
}

/// The rows; `peers/pytorch.py` has the same names.
const ROWS: [(&str, Work); 25] = [
    ("vgg16-forward-1", Work::Forward(Vgg16, 1)),
    ("vgg16-forward-8", Work::Forward(Vgg16, 8)),
    ("vgg16-gradient-1", Work::InputGradient(Vgg16)),
    ("resnet18-forward-1", Work::Forward(ResNet18, 1)),
    ("resnet18-forward-8", Work::Forward(ResNet18, 8)),
    ("resnet18-gradient-1", Work::InputGradient(ResNet18)),
    ("squeezenet1_1-forward-1", Work::Forward(SqueezeNet1_1, 1)),
    ("squeezenet1_1-forward-8", Work::Forward(SqueezeNet1_1, 8)),
    ("squeezenet1_1-gradient-1", Work::InputGradient(SqueezeNet1_1)),
    ("squeezenet1_1-training-32", Work::Training(SqueezeNet1_1, 32)),
    ("googlenet-forward-1", Work::Forward(GoogLeNet, 1)),
    ("googlenet-forward-8", Work::Forward(GoogLeNet, 8)),
    ("dann-training-64", Work::Dann(64)),
    ("adapt-training-64", Work::Adapt(64)),
    ("gan32-training-128", Work::Gan { width: 32, batch: 128, conditional: false }),
    ("gan128-training-128", Work::Gan { width: 128, batch: 128, conditional: false }),
    ("cgan128-training-128", Work::Gan { width: 128, batch: 128, conditional: true }),
    ("squeezenet1_1-saliency-1", Work::Explain(explain::Method::Saliency)),
    ("squeezenet1_1-integrated-50", Work::Explain(explain::Method::IntegratedGradients)),
    ("squeezenet1_1-smoothgrad-50", Work::Explain(explain::Method::SmoothGrad)),
    ("squeezenet1_1-gradcam-1", Work::Explain(explain::Method::GradCam)),
    ("squeezenet1_1-occlusion-1", Work::Explain(explain::Method::Occlusion)),
    ("product-512", Work::Product(512)),
    ("product-1024", Work::Product(1024)),
    ("product-2048", Work::Product(2048)),
];

/// Times one row on one device.
#[derive(Parser)]
struct Arguments {
    /// The row; without it, their names are printed
    row: Option<String>,
    /// ndarray, flex, wgpu, wgpu:N, wgpu:cpu or auto
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "flex")]
    device: String,
    /// burn's own layers instead of foveate's (forward passes and gradients)
    #[arg(long)]
    stock: bool,
    /// Repetitions that are not counted; the first draws the weights
    #[arg(long, default_value_t = 2)]
    warm_up: usize,
    /// Repetitions that are counted
    #[arg(long, default_value_t = 10)]
    repetitions: usize,
    /// No repetition starts later than this many seconds after the first
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let Some(name) = &arguments.row else {
        ROWS.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(());
    };
    let row = ROWS.iter().find(|(row, _)| row == name);
    let (_, work) = row.with_context(|| format!("no row is named `{name}`"))?;
    let device = foveate::device(&arguments.device)?.device;
    let start_mib = memory::peak();
    let mut repeat = work.prepare(&device, arguments.stock)?;

    for _ in 0..arguments.warm_up {
        repeat();
    }
    let mut milliseconds = Vec::new();
    let start = Instant::now();
    while milliseconds.len() < arguments.repetitions
        && (milliseconds.is_empty() || start.elapsed().as_secs_f64() < arguments.seconds)
    {
        let start = Instant::now();
        repeat();
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
    }
    report(name, &arguments, &milliseconds, start_mib);
    Ok(())
}

/// The line that `compare.py` reads.
fn report(row: &str, arguments: &Arguments, milliseconds: &[f64], start_mib: f64) {
    let device = format!("{}{}", arguments.device, if arguments.stock { "-stock" } else { "" });
    let threads = env::var("RAYON_NUM_THREADS").ok().and_then(|number| number.parse().ok());
    let threads = threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let mut sorted = milliseconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (minimum, middle) = (sorted[0], sorted.len() / 2);
    let median = (sorted[middle] + sorted[(sorted.len() - 1) / 2]) / 2.0;
    let ms: Vec<String> = milliseconds.iter().map(|ms| format!("{ms:.3}")).collect();
    let fields = [
        ("row", format!("{row:?}")),
        ("device", format!("{device:?}")),
        ("threads", threads.to_string()),
        ("median_ms", format!("{median:.3}")),
        ("min_ms", format!("{minimum:.3}")),
        ("ms", format!("[{}]", ms.join(", "))),
        ("start_mib", format!("{start_mib:.1}")),
        ("peak_mib", format!("{:.1}", memory::peak())),
    ];
    let fields = fields.map(|(name, value)| format!("{name:?}: {value}"));
    println!("{{{}}}", fields.join(", "));
}

/// Does the work once, and waits for it.
type Repeat = Box<dyn FnMut()>;

impl Work {
    /// Everything that is not timed.
    fn prepare(self, device: &Device, stock: bool) -> Result<Repeat> {
        let measured = matches!(self, Self::Forward(..) | Self::InputGradient(..));
        anyhow::ensure!(measured || !stock, "this row has no stock variant");
        let normal = Distribution::Normal(0.0, 1.0);
        let tracked = device.clone().autodiff();
        Ok(match self {
            Self::Forward(architecture, batch) => {
                let network = network(architecture, stock, device);
                let images = Tensor::random([batch, 3, 224, 224], normal, device);
                Box::new(move || {
                    network(images.clone()).into_data();
                })
            }
            Self::InputGradient(architecture) => {
                let network = network(architecture, stock, &tracked);
                let image = Tensor::<4>::random([1, 3, 224, 224], normal, &tracked);
                Box::new(move || {
                    let image = image.clone().require_grad();
                    let score = network(image.clone()).slice([0..1, 0..1]);
                    let gradient = image.grad(&score.backward());
                    gradient.expect("the image is tracked").into_data();
                })
            }
            Self::Training(architecture, batch) => {
                let mut network = Some(architecture.init(&tracked));
                let images = Tensor::random([batch, 3, 224, 224], normal, &tracked);
                let classes = Tensor::<1, Int>::arange(0..batch as i64, &tracked) * 31;
                let loss = CrossEntropyLossConfig::new().init(&tracked);
                // PyTorch's momentum: burn dampens it by default.
                let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
                let mut optimizer = SgdConfig::new().with_momentum(Some(momentum)).init();
                Box::new(move || {
                    let before = network.take().expect("every step gives a network");
                    let loss = loss.forward(before.forward(images.clone()), classes.clone());
                    let gradients = GradientsParams::from_grads(loss.backward(), &before);
                    network = Some(optimizer.step(1e-3, before, gradients));
                    finish(loss);
                })
            }
            Self::Dann(batch) => {
                let mut training = dann::Training::new(batch, &tracked);
                Box::new(move || finish(training.step()))
            }
            Self::Adapt(batch) => Box::new(dann::epoch(batch, device)),
            Self::Gan { width, batch, conditional } => {
                let dcgan = DcganConfig::new().with_ngf(width).with_ndf(width);
                let config = match conditional {
                    true => GanConfig::Cgan(CganConfig::new().with_width(width)),
                    false => GanConfig::Dcgan(dcgan),
                };
                Box::new(gan::iterations(config, batch, device))
            }
            Self::Explain(method) => explain::prepare(method, device),
            Self::Product(size) => {
                let left = Tensor::<2>::random([size, size], normal, device);
                let right = Tensor::<2>::random([size, size], normal, device);
                let device = device.clone();
                Box::new(move || {
                    // Held until the device has computed it.
                    let _product = left.clone().matmul(right.clone());
                    device.sync().expect("the device computes");
                })
            }
        })
    }
}

/// A network for inference: its weights are plain on an autodiff device, too.
fn network(architecture: Architecture, stock: bool, device: &Device) -> stock::Forward {
    if stock {
        return stock::network(architecture, device);
    }
    let network = architecture.init(device).valid();
    Box::new(move |images| network.forward(images))
}

/// Waits for a training step: its loss, and the weights behind it.
fn finish(loss: Tensor<1>) {
    let device = loss.device();
    let loss: f32 = loss.into_scalar();
    assert!(loss.is_finite(), "the loss is {loss}");
    device.sync().expect("the device computes");
}

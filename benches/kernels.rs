//! The kernels of foveate-kernels alone, on layers of VGG16, ResNet18, SqueezeNet and a DCGAN, in
//! multiply-adds a second (an element of criterion's throughput is one of the plain formula's
//! multiply-adds: Winograd does with fewer).
//!
//! ```text
//! cargo bench --all-features --bench kernels                    # everything
//! cargo bench --all-features --bench kernels -- 3x3             # some layers
//! cargo bench --all-features --bench kernels -- weight          # one direction
//! ```
//!
//! `RAYON_NUM_THREADS` and `FOVEATE_ISA` limit threads and instruction set. A guard of speed: the
//! assembly in `simd/x86.rs` exists since a compiler's loop here ran at half its speed.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foveate_kernels::{Activation, Algorithm, Conv2d, Isa, Plan};

/// A layer: batch, channels in and out, pixels of a side, kernel, stride, padding.
const LAYERS: [(&str, [usize; 7]); 14] = [
    ("vgg16 3x3 3-64", [1, 3, 64, 224, 3, 1, 1]),
    ("vgg16 3x3 64-64", [1, 64, 64, 224, 3, 1, 1]),
    ("vgg16 3x3 128-128", [1, 128, 128, 112, 3, 1, 1]),
    ("vgg16 3x3 256-256", [1, 256, 256, 56, 3, 1, 1]),
    ("vgg16 3x3 512-512 at 28", [1, 512, 512, 28, 3, 1, 1]),
    ("vgg16 3x3 512-512 at 14", [1, 512, 512, 14, 3, 1, 1]),
    ("vgg16 3x3 512-512 at 14, batch 8", [8, 512, 512, 14, 3, 1, 1]),
    ("resnet18 7x7 3-64, stride 2", [1, 3, 64, 224, 7, 2, 3]),
    ("resnet18 3x3 64-128, stride 2", [1, 64, 128, 56, 3, 2, 1]),
    ("resnet18 3x3 512-512 at 7", [1, 512, 512, 7, 3, 1, 1]),
    ("squeezenet 1x1 128-16", [1, 128, 16, 55, 1, 1, 0]),
    ("squeezenet 1x1 512-1000", [1, 512, 1000, 13, 1, 1, 0]),
    ("dcgan 4x4 32-64, stride 2, batch 128", [128, 32, 64, 16, 4, 2, 1]),
    ("dcgan 4x4 1-32, stride 2, batch 128", [128, 1, 32, 32, 4, 2, 1]),
];

fn layers(criterion: &mut Criterion) {
    for (name, [batch, channels_in, channels_out, side, kernel, stride, padding]) in LAYERS {
        let spec = Conv2d {
            batch,
            channels_in,
            channels_out,
            input: [side; 2],
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
            dilation: [1; 2],
            groups: 1,
        };
        // Values change the time only where they are subnormal.
        let values = |n: usize| -> Vec<f32> { (0..n).map(|i| (i % 17) as f32 - 8.0).collect() };
        let (mut input, mut weight) = (values(spec.input_len()), values(spec.weight_len()));
        let mut output = values(spec.output_len());

        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        let multiply_adds = spec.output_len() * channels_in * kernel * kernel;
        group.throughput(Throughput::Elements(multiply_adds as u64));
        let winograd = matches!((kernel, stride), (3, 1) | (4, 2)) && channels_in >= 16;
        let algorithms = if winograd {
            vec![Algorithm::Direct, Algorithm::Winograd2, Algorithm::Winograd4]
        } else {
            vec![Algorithm::Direct]
        };
        for algorithm in algorithms {
            let plan = Plan { isa: Isa::best(), algorithm };
            group.bench_function(format!("forward/{algorithm:?}"), |bencher| {
                bencher.iter(|| {
                    plan.conv2d(&spec, &input, &weight, None, Activation::Relu, &mut output);
                });
            });
            group.bench_function(format!("input gradient/{algorithm:?}"), |bencher| {
                bencher.iter(|| {
                    let none = Activation::None;
                    plan.conv_transpose2d(&spec, &output, &weight, None, none, &mut input);
                });
            });
        }
        group.bench_function("weight gradient", |bencher| {
            bencher.iter(|| {
                Plan::default().conv2d_weight_gradient(&spec, &input, &output, &mut weight);
            });
        });
        group.finish();
    }
}

criterion_group!(benches, layers);
criterion_main!(benches);

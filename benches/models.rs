//! Forward pass of every network on every backend of this build, batch 1 and 8, 224x224, in
//! images a second.
//!
//! ```text
//! cargo bench --all-features --bench models                 # everything
//! cargo bench --all-features --bench models -- resnet18     # one network
//! cargo bench --all-features --bench models -- flex/8       # one backend and batch
//! ```
//!
//! `FOVEATE_DEVICE` limits the devices to one. Weights are random: they do not change the time.

use std::env;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use foveate::burn::tensor::{Distribution, Tensor};
use foveate::models::{Architecture, Network};
use foveate::{compiled, device};

const NETWORKS: [Architecture; 5] = [
    Architecture::SqueezeNet1_1,
    Architecture::ResNet18,
    Architecture::GoogLeNet,
    Architecture::GoogLeNetPublished,
    Architecture::Vgg16,
];

fn forward(criterion: &mut Criterion) {
    let devices = match env::var("FOVEATE_DEVICE") {
        Ok(name) => vec![name],
        Err(_) => compiled().into_iter().map(String::from).collect(),
    };
    for architecture in NETWORKS {
        let mut group = criterion.benchmark_group(architecture.name());
        group.sample_size(10).warm_up_time(Duration::from_secs(1));
        for name in &devices {
            let chosen = match device(name) {
                Ok(chosen) => chosen,
                Err(error) => {
                    eprintln!("left out: {error}");
                    continue;
                }
            };
            // The first forward pass draws the weights.
            let network = architecture.init(&chosen.device);
            for batch in [1, 8] {
                group.throughput(Throughput::Elements(batch as u64));
                let shape = [batch, 3, 224, 224];
                let normal = Distribution::Normal(0.0, 1.0);
                let input = Tensor::<4>::random(shape, normal, &chosen.device);
                // The logits are read back: a GPU has then finished its work.
                let forward = || network.forward(input.clone()).into_data();
                forward();
                group.bench_function(BenchmarkId::new(name, batch), |bencher| {
                    bencher.iter(forward);
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, forward);
criterion_main!(benches);

//! candle: its own ResNet; VGG and SqueezeNet of its layers, since its VGG takes one image only.

use anyhow::{Result, bail};
use candle_core::{D, DType, Device, Module, Tensor};
use candle_nn::{Conv2dConfig, Func, VarBuilder, VarMap};
use candle_transformers::models::resnet::resnet18;

fn main() -> Result<()> {
    foveate_peers::run("candle", |row| {
        let device = Device::Cpu;
        let weights = VarMap::new();
        let weights = VarBuilder::from_varmap(&weights, DType::F32, &device);
        let network = match row.network.as_str() {
            "vgg16" => vgg16(weights)?,
            "resnet18" => resnet18(1000, weights)?,
            "squeezenet1_1" => squeezenet1_1(weights)?,
            other => bail!("no {other} here"),
        };
        let images = Tensor::from_vec(row.images(), &row.shape(), &device)?;
        Ok(move || {
            // Detached, since the weights are variables.
            let logits = network.forward(&images)?.detach();
            assert_eq!(logits.dims()[1], 1000);
            Ok(())
        })
    })
}

fn conv(
    [i, o]: [usize; 2],
    kernel: usize,
    stride: usize,
    weights: VarBuilder,
) -> Result<candle_nn::Conv2d> {
    let padding = if stride == 1 { kernel / 2 } else { 0 };
    let config = Conv2dConfig { stride, padding, ..Default::default() };
    Ok(candle_nn::conv2d(i, o, kernel, config, weights)?)
}

fn vgg16(weights: VarBuilder) -> Result<Func<'static>> {
    let mut blocks = Vec::new();
    let mut inputs = 3;
    for (outputs, convolutions) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
        let mut block = Vec::new();
        for _ in 0..convolutions {
            let name = format!("{}.{}", blocks.len(), block.len());
            block.push(conv([inputs, outputs], 3, 1, weights.pp(name))?);
            inputs = outputs;
        }
        blocks.push(block);
    }
    let fc1 = candle_nn::linear(512 * 7 * 7, 4096, weights.pp("fc1"))?;
    let fc2 = candle_nn::linear(4096, 4096, weights.pp("fc2"))?;
    let fc3 = candle_nn::linear(4096, 1000, weights.pp("fc3"))?;
    Ok(Func::new(move |images| {
        let mut hidden = images.clone();
        for block in &blocks {
            for conv in block {
                hidden = hidden.apply(conv)?.relu()?;
            }
            hidden = hidden.max_pool2d(2)?;
        }
        hidden.flatten_from(1)?.apply(&fc1)?.relu()?.apply(&fc2)?.relu()?.apply(&fc3)
    }))
}

fn squeezenet1_1(weights: VarBuilder) -> Result<Func<'static>> {
    let first = conv([3, 64], 3, 2, weights.pp("first"))?;
    let fires = [
        (64, 16, 64),
        (128, 16, 64),
        (128, 32, 128),
        (256, 32, 128),
        (256, 48, 192),
        (384, 48, 192),
        (384, 64, 256),
        (512, 64, 256),
    ];
    let mut layers = Vec::new();
    for (i, (inputs, squeeze, expand)) in fires.into_iter().enumerate() {
        let weights = weights.pp(i);
        layers.push([
            conv([inputs, squeeze], 1, 1, weights.pp("squeeze"))?,
            conv([squeeze, expand], 1, 1, weights.pp("expand1x1"))?,
            conv([squeeze, expand], 3, 1, weights.pp("expand3x3"))?,
        ]);
    }
    let last = conv([512, 1000], 1, 1, weights.pp("last"))?;
    Ok(Func::new(move |images| {
        let mut hidden = images.apply(&first)?.relu()?.max_pool2d_with_stride(3, 2)?;
        for (i, [squeeze, expand1, expand3]) in layers.iter().enumerate() {
            // At 224x224 the windows fit: no partial one is left out.
            if i == 2 || i == 4 {
                hidden = hidden.max_pool2d_with_stride(3, 2)?;
            }
            let squeezed = hidden.apply(squeeze)?.relu()?;
            let expanded = [squeezed.apply(expand1)?.relu()?, squeezed.apply(expand3)?.relu()?];
            hidden = Tensor::cat(&expanded, 1)?;
        }
        hidden.apply(&last)?.relu()?.mean(D::Minus1)?.mean(D::Minus1)
    }))
}

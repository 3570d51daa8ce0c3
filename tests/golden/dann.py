"""Golden file for domain-adversarial training: three steps of SGD with momentum on DANN's networks for
digits, in f64, as the PyTorch ports of DANN write them. Losses of every step; every 61st value of every
parameter and running statistic afterwards.

    pip install torch==2.15.0 safetensors==0.8.0 numpy
    python dann.py

The normalised network has no dropout here. Weights come from `hashed`, as in the Rust test.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

BATCH, STEPS, LAMBDA, RATE = 8, 3, 0.7, 0.01
torch.set_default_dtype(torch.float64)


def hashed(count, seed):
    """Numbers in [-1, 1) from their places."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x85EBCA77)
        x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE3D)
        x = x ^ (x >> np.uint32(16))
    return torch.from_numpy(x.astype(np.float64) / 2**31 - 1)


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        return -ctx.factor * gradient, None


class Dann(nn.Module):
    def __init__(self, normalised):
        super().__init__()
        norm1 = lambda n: [nn.BatchNorm1d(n)] if normalised else []
        norm2 = lambda n: [nn.BatchNorm2d(n)] if normalised else []
        drop = [nn.Identity()] if normalised else []
        relu, pool = nn.ReLU, lambda: nn.MaxPool2d(2)
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 5, padding=2), *norm2(32), relu(), pool(),
            nn.Conv2d(32, 48, 5, padding=2), *norm2(48), relu(), pool(), *drop,
        )
        self.classifier = nn.Sequential(
            nn.Linear(2352, 100), *norm1(100), relu(), *drop,
            nn.Linear(100, 100), *norm1(100), relu(),
            nn.Linear(100, 10),
        )
        self.domain = nn.Sequential(nn.Linear(2352, 100), *norm1(100), relu(), nn.Linear(100, 1))


def batch(seed):
    """Random bytes, normalised by 0.3 and 0.35."""
    values = torch.floor((hashed(BATCH * 3 * 28 * 28, seed) + 1) * 128)
    return (values.view(BATCH, 3, 28, 28) / 255 - 0.3) / 0.35


golden = {}
for normalised in (False, True):
    case = "normalised" if normalised else "plain"
    model = Dann(normalised)
    for number, (name, parameter) in enumerate(model.named_parameters()):
        fan = parameter[0].numel() if parameter.dim() > 1 else 100
        values = hashed(parameter.numel(), number).view_as(parameter) / fan**0.5
        if parameter.dim() == 1 and normalised and name.endswith("weight"):
            values = values + 1
        parameter.data = values
    optimiser = torch.optim.SGD(model.parameters(), RATE, momentum=0.9)
    source, target = batch(1000), batch(2000)
    labels = torch.arange(BATCH) * 3 % 10
    losses = []
    for _ in range(STEPS):
        features = model.features(torch.cat([source, target])).flatten(1)
        classes = F.cross_entropy(model.classifier(features[:BATCH]), labels)
        logits = model.domain(Reverse.apply(features, LAMBDA))
        from_source, from_target = logits[:BATCH], logits[BATCH:]
        domains = F.binary_cross_entropy_with_logits(
            from_source, torch.zeros_like(from_source)
        ) + F.binary_cross_entropy_with_logits(from_target, torch.ones_like(from_target))
        optimiser.zero_grad()
        (classes + domains).backward()
        optimiser.step()
        losses += [classes.item(), domains.item()]
    golden[f"{case}/losses"] = torch.tensor(losses)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            golden[f"{case}/{name}"] = tensor.detach().flatten()[::61].clone()
save_file(
    {name: tensor.float().contiguous() for name, tensor in golden.items()},
    Path(__file__).parent / "dann.safetensors",
)

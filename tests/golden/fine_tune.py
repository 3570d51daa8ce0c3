"""Golden file for fine-tuning: three steps of PyTorch's optimisers on the narrow networks beside
networks.py, in f64. Losses before each step; a few weights and running statistics afterwards.

    pip install torch==2.15.0 torchvision==0.29.2 safetensors==0.8.0
    python fine_tune.py

Frozen layers are in evaluation, trained ones in training, without dropout.
"""

import sys
from pathlib import Path

import torch
import torch.nn as nn
import torchvision.models as M
from safetensors.torch import save_file
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

here = Path(__file__).parent
sys.path.insert(0, str(here / "networks"))
from networks import CLASSES, narrow  # noqa: E402

STEPS, PICTURES, SIDE = 3, 8, 64


def network(name):
    model = getattr(M, name)()
    narrow(model, 8)
    model.load_state_dict(torch.load(here / f"networks/{name}.pth"))
    return model.double()


def batch():
    """Grey values (7 x + 13 y + x y + 31 i + 57 c) mod 256 of picture i; label 3 i mod 10."""
    i, c, y, x = torch.meshgrid(*(torch.arange(n) for n in (PICTURES, 3, SIDE, SIDE)), indexing="ij")
    pixels = ((7 * x + 13 * y + x * y + 31 * i + 57 * c) % 256).double() / 255
    mean = torch.tensor([0.485, 0.456, 0.406]).double().view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).double().view(1, 3, 1, 1)
    return (pixels - mean) / std, (3 * torch.arange(PICTURES)) % CLASSES


# name -> network, modules that are frozen, optimiser, schedule, label smoothing, tensors kept(, weights of the classes)
SQUEEZENET, RESNET = "squeezenet1_1", "resnet18"
CASES = {
    "sgd": (
        SQUEEZENET,
        [],
        lambda p: SGD(p, 0.02, momentum=0.9, weight_decay=0.01),
        None,
        0.1,
        ["features.0.weight", "features.7.expand3x3.bias", "classifier.1.weight"],
    ),
    "adam": (
        SQUEEZENET,
        [f"features.{i}" for i in range(9)],
        lambda p: Adam(p, 1e-3, weight_decay=0.01),
        lambda o: StepLR(o, 1, 0.5),
        0.0,
        ["features.9.squeeze.weight", "features.12.expand1x1.bias", "classifier.1.bias"],
    ),
    "nesterov": (
        RESNET,
        [],
        lambda p: SGD(p, 0.02, momentum=0.8, weight_decay=0.001, nesterov=True),
        lambda o: CosineAnnealingLR(o, STEPS),
        0.0,
        ["conv1.weight", "bn1.running_mean", "bn1.running_var", "layer3.0.downsample.1.weight"]
        + ["layer4.1.bn2.running_var", "layer4.1.bn2.bias", "fc.weight"],
    ),
    "head": (
        RESNET,
        ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"],
        lambda p: Adam(p, 0.01, betas=(0.8, 0.99), eps=1e-6),
        None,
        0.0,
        ["layer4.1.bn2.running_var", "fc.weight", "fc.bias"],
    ),
    "adamw": (
        SQUEEZENET,
        [],
        lambda p: AdamW(p, 1e-3, weight_decay=0.1),
        None,
        0.1,
        ["features.9.squeeze.weight", "features.12.expand1x1.bias", "classifier.1.bias"],
        torch.arange(1, CLASSES + 1).double() / 4,
    ),
}

inputs, labels = batch()
golden = {}
for case, (name, frozen, optimiser, schedule, smoothing, kept, *weights) in CASES.items():
    model = network(name).train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    for module in frozen:
        model.get_submodule(module).requires_grad_(False).eval()
    optimiser = optimiser([p for p in model.parameters() if p.requires_grad])
    schedule = schedule(optimiser) if schedule else None
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), labels, *weights, label_smoothing=smoothing)
        loss.backward()
        optimiser.step()
        if schedule:
            schedule.step()
        losses.append(loss.item())
    print(case, losses)
    golden[f"{case}/losses"] = torch.tensor(losses)
    state = model.state_dict()
    golden |= {f"{case}/{tensor}": state[tensor].float().contiguous() for tensor in kept}
save_file(golden, here / "fine_tune.safetensors")

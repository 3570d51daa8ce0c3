"""The narrow SqueezeNet 1.1 of ../networks as training programs and people save it.

    pip install torch==2.15.0 torchvision==0.29.2 safetensors==0.8.0
    python weights.py
"""

import argparse
import os
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

HERE = Path(__file__).parent
state = load_file(HERE / "../networks/squeezenet1_1_float32.safetensors")


def under(prefix):
    return {prefix + name: tensor for name, tensor in state.items()}


class Code:
    def __reduce__(self):
        return os.system, ("touch foveate_ran_code",)


def adam():
    """An optimizer after a step: it keeps tensors of its own."""
    parameter = nn.Parameter(torch.ones(3))
    optimizer = torch.optim.Adam([parameter])
    parameter.sum().backward()
    optimizer.step()
    return optimizer.state_dict()


files = {
    "dataparallel": under("module."),
    "compiled": under("_orig_mod."),
    "lightning_prefix": under("model."),
    "averaged": {"n_averaged": torch.tensor(7)} | under("module."),
    "checkpoint": {"epoch": 3, "state_dict": under("module."), "optimizer": adam(), "best": 0.5},
    "model_state_dict": {"model_state_dict": state, "loss": 0.1},
    "with_arguments": {"model": state, "args": argparse.Namespace(lr=0.1, name="x")},
    "with_loss": under("model.") | {"loss.weight": torch.ones(3)},
    "twice": {"model": {"features.0.weight": state["features.0.weight"]}, "ema": state, "net": dict(state)},
    "list": list(state.values()),
    "one_tensor": torch.ones(3),
    "arguments": argparse.Namespace(lr=0.1),
    "code_beside": {"state_dict": {"features.0.weight": torch.ones(2)}, "hook": Code()},
}
for name, content in files.items():
    # A dictionary that stands in two places would be empty in the second to the reader; tensors may be shared.
    torch.save(content, HERE / f"{name}.pth")

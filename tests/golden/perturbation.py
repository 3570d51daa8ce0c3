"""Golden file for the perturbation methods and the measures of tests/explain/attribution/perturbation.rs and
tests/explain/metrics: captum's values for SqueezeNet 1.1 on the first two pictures of val_25. The model
takes pixels in [0, 1] and normalises inside.

    pip install torch==2.15.0 torchvision captum==0.9.0 torchcam==0.5.0 safetensors numpy
    python perturbation.py FOLDER   # the folder that FOVEATE_DATA names
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from captum.attr import FeatureAblation, Occlusion, Saliency
from captum.metrics import infidelity, sensitivity_max
from safetensors.torch import load_file, save_file
from torchcam.metrics import DeletionInsertionMetric

data = Path(sys.argv[1])
archive = np.load(data / "imagenet/val_25/imagenet_val_25.npz", allow_pickle=True)
x = torch.from_numpy(archive["X"][:2]).permute(0, 3, 1, 2).contiguous().float() / 255
target = torch.from_numpy(archive["y"][:2]).long()
net = torchvision.models.squeezenet1_1()
net.load_state_dict(load_file(data / "weights/squeezenet1_1/squeezenet1_1.safetensors"))
mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


class FromPixels(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net((x - mean) / std)


model = FromPixels().eval()
out = {}

# Windows that are cut off at the border, and of another height than width. In captum, the first
# dimension is the channels: all of them at once.
arguments = {"sliding_window_shapes": (3, 60, 50), "strides": (3, 35, 30)}
out["occlusion"] = Occlusion(model).attribute(x, target=target, **arguments)[:, :1]
out["occlusion_mean"] = Occlusion(model).attribute(x, target=target, baselines=mean.expand_as(x), **arguments)[:, :1]

# Segments: 4 x 7 blocks of a checkerboard with a diagonal cut, numbered with gaps.
i, j = torch.meshgrid(torch.arange(224), torch.arange(224), indexing="ij")
segments = (i // 56) * 7 + j // 32 + 100 * (i + j > 224)
out["ablation"] = FeatureAblation(model).attribute(x, target=target, feature_mask=segments)[:, :1]

# Average drop: what torch-cam computes of a map already of the picture's size.
cam = out["occlusion"].clamp(min=0)
cam = (cam - cam.amin((2, 3), keepdim=True)) / (cam.amax((2, 3), keepdim=True) - cam.amin((2, 3), keepdim=True))
with torch.no_grad():
    whole = model(x).softmax(1)[torch.arange(2), target]
    shown = net(cam * ((x - mean) / std)).softmax(1)[torch.arange(2), target]
out["confidence_whole"], out["confidence_shown"] = whole, shown
out["drop"] = F.relu(whole - shown) / (whole + 1e-7)


# Perturbation k of pixel p of the input [n, 3, 224, 224], counted through.
def perturbation(k):
    p = torch.arange(x.numel(), dtype=torch.float64)
    return (0.02 * torch.sin(p * (0.37 + 0.11 * k))).float().view_as(x)


# Flat backgrounds hold equal values, and which of them a max pooling's gradient goes to is left to
# rounding: no two pixels are equal in what follows.
x = x + perturbation(5)
saliency = Saliency(model).attribute(x.clone().requires_grad_(), target=target, abs=False).detach()
for normalise in (False, True):

    def perturb(x):
        # captum repeats each picture four times in a row.
        noise = torch.stack([perturbation(k) for k in range(4)], 1).flatten(0, 1)
        return noise, x - noise

    name = "infidelity_normalised" if normalise else "infidelity"
    out[name] = infidelity(model, perturb, x, saliency, target=target, n_perturb_samples=4, normalize=normalise)


def perturbed(x):
    return x + torch.stack([perturbation(k) for k in range(4)], 1).flatten(0, 1)


def explain(x, target):
    x = (x[0] if isinstance(x, tuple) else x).detach().contiguous().requires_grad_()
    with torch.enable_grad():
        return (Saliency(model).attribute(x, target=target).contiguous(),)


out["sensitivity_max"] = sensitivity_max(explain, x, perturbed, n_perturb_samples=4, target=target)

# Deletion to 0 and insertion from the mean colour, in 32 equal steps, by torch-cam's own curves. The
# map holds every whole number below 224 * 224 once: a gradient's near ties would decide the order.
importance = (torch.arange(224 * 224) * 7919 % (224 * 224)).expand(2, -1)
ranks = importance.argsort(dim=1, descending=True, stable=True).argsort(dim=1)


class Extractor:
    """As much of a torch-cam extractor as the curves need."""

    def __init__(self):
        self.model = model

    def _hooks_off(self):
        return torch.no_grad()


metric = DeletionInsertionMetric(Extractor(), lambda logits: logits.softmax(1), steps=32)
with torch.no_grad():
    first = model(x).softmax(1)[torch.arange(2), target]
for name, baseline in (("deletion", torch.zeros_like(x)), ("insertion", mean.expand_as(x))):
    curves = metric._compute_curves(x, baseline, ranks, target, first)
    curve = curves[1] if name == "deletion" else curves[2]
    out[name] = curve
    out[name + "_area"] = torch.trapezoid(curve, curves[0], dim=1)

# Every seventh pixel of every seventh row.
out = {name: (t[..., ::7, ::7] if t.dim() == 4 else t).detach().float().contiguous() for name, t in out.items()}
save_file(out, Path(__file__).with_suffix(".safetensors"))
for name, t in out.items():
    print(name, tuple(t.shape), t.flatten()[:4])

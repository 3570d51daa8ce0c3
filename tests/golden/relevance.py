"""Golden file for layer-wise relevance propagation through batch norm: zennit's maps of the narrow ResNet18
and the narrow GoogLeNet of networks.py, and of a small network with transposed convolutions and a tanh.

    pip install torch==2.15.0 torchvision==0.29.2 zennit==0.5.1 safetensors==0.8.0 numpy
    python relevance.py

`composite` is zennit's `EpsilonPlus` as it comes, `epsilon` its `Epsilon` rule in every layer with weights, each with
the canonizers that merge batch norms (and, for ResNet, make modules of the sums). Relevance is that of the network's
input, starting from the logit of the predicted class, in f64. zennit 0.5.1 leaves a merged batch norm its epsilon,
which divides by sqrt(1 + epsilon) once more (GoogLeNet's logits are 6.5e-3 off): here it is 0. torchvision's `transform_input` is no module, and
zennit would multiply relevance by its factors: it is done outside here, so that the relevance is that of its output.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision import models
from zennit.canonizers import CompositeCanonizer, SequentialMergeBatchNorm
from zennit.composites import EpsilonPlus, LayerMapComposite, layer_map_base
from zennit.rules import Epsilon
from zennit.torchvision import ResNetBasicBlockCanonizer
from zennit.types import Convolution

here = Path(__file__).parent
sys.path.insert(0, str(here / "networks"))
from networks import narrow, representable, seed_weights  # noqa: E402


class Merge(SequentialMergeBatchNorm):
    """Of which nothing is left in the batch norm."""

    def register(self, linears, batch_norm):
        super().register(linears, batch_norm)
        self.eps, batch_norm.eps = batch_norm.eps, 0.0

    def remove(self):
        super().remove()
        self.batch_norm.eps = self.eps


def relevance(model, x, composite):
    x = x.clone().requires_grad_()
    with composite.context(model) as modified:
        logits = modified(x)
        classes = logits.argmax(1)
        start = torch.zeros_like(logits).scatter(1, classes[:, None], logits.detach().gather(1, classes[:, None]))
        (maps,) = torch.autograd.grad(logits, x, start)
    return logits.detach(), maps


def epsilon(canonizer):
    rule = Epsilon(epsilon=1e-6)
    return LayerMapComposite(layer_map_base() + [(Convolution, rule), (nn.Linear, rule)], canonizers=[canonizer])


def decoder():
    """Transposed convolutions and every activation."""
    return nn.Sequential(
        nn.ConvTranspose2d(3, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(8, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6), nn.Tanh(),
        nn.Conv2d(6, 5, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(20, 7),
        nn.BatchNorm1d(7), nn.Tanh(), nn.Linear(7, 10),
    )


def seeded(model, generator):
    seed_weights(model, generator)
    for m in model.modules():
        if isinstance(m, nn.ConvTranspose2d):
            m.weight.data = representable(torch.randn(m.weight.shape, generator=generator) * 0.2)
        if isinstance(m, nn.BatchNorm1d):
            m.running_mean = representable(torch.randn(m.running_mean.shape, generator=generator) * 0.1)
            m.running_var = representable(0.5 + torch.rand(m.running_var.shape, generator=generator))
    return model


networks = load_file(here / "networks/networks.safetensors")
golden = {}

resnet = models.resnet18()
narrow(resnet, 8)
resnet.load_state_dict(torch.load(here / "networks/resnet18.pth"))

googlenet = models.googlenet(weights=None, init_weights=False, aux_logits=True, transform_input=False)
narrow(googlenet, 8)
googlenet.aux1.fc1 = googlenet.aux2.fc1 = nn.Linear(1, 1)
googlenet.load_state_dict(torch.load(here / "networks/googlenet.pth"))
# The input of GoogLeNet that follows transform_input.
x = networks["googlenet/input"].double()
std, mean = torch.tensor([0.229, 0.224, 0.225]).double(), torch.tensor([0.485, 0.456, 0.406]).double()
transformed = x * (std / 0.5).view(3, 1, 1) + ((mean - 0.5) / 0.5).view(3, 1, 1)

generator = torch.Generator().manual_seed(17)
small = seeded(decoder(), generator)
for name, tensor in small.state_dict().items():
    place, field = name.split(".")
    if tensor.is_floating_point():
        # The flatten at place 9 is no layer there.
        golden[f"decoder/layers.{int(place) - (int(place) > 9)}.{field}"] = tensor.clone()
golden["decoder/input"] = torch.randn(2, 3, 8, 9, generator=generator)

for name, model, x, canonizer in [
    ("resnet18", resnet, networks["resnet18/input"].double(), CompositeCanonizer([Merge(), ResNetBasicBlockCanonizer()])),
    ("googlenet", googlenet, transformed, Merge()),
    ("decoder", small, golden["decoder/input"].double(), Merge()),
]:
    model = model.double().eval()
    for rule, composite in [("composite", EpsilonPlus(canonizers=[canonizer])), ("epsilon", epsilon(canonizer))]:
        logits, maps = relevance(model, x, composite)
        golden[f"{name}/{rule}"] = maps
        print(name, rule, "sums", maps.flatten(1).sum(1).tolist(), "scores", logits.amax(1).tolist())
        if name != "decoder":
            f32 = relevance(model.float(), x.float(), composite)[1].double()
            print("    f32 is", ((f32 - maps).norm() / maps.norm()).item(), "off")
            model.double()
    golden[f"{name}/logits"] = logits

save_file({n: t.float().contiguous() for n, t in golden.items()}, Path(__file__).with_suffix(".safetensors"))

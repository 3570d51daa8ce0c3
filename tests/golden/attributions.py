"""Golden file for foveate::explain: attributions of four pictures of val_25 under SqueezeNet 1.1 and
the published GoogLeNet, by captum, torch-cam and pytorch-grad-cam. Models take pixels in [0, 1] and
normalise them; the target is the predicted class. Of large maps every 37th value is kept.

    pip install torch==2.15.0 torchvision==0.29.2 captum==0.9.0 torchcam==0.5.0 grad-cam==1.5.7 safetensors==0.8.0
    python attributions.py FOLDER   # the folder that FOVEATE_DATA names

Grad-CAM++ is pytorch-grad-cam's: torch-cam 0.5.0 divides a copy, and so leaves the divisor of the
paper's equation 19 out. LRP is captum's, which knows no local response normalisation: SqueezeNet alone.

In f32, as users run it: where a ReLU's input is nearly 0, or two values of a max-pooling window are
nearly equal, rounding decides, and these libraries' own maps in f64 differ from the ones here by up to
2.2e-2 (SqueezeNet's integrated gradients), 1.1e-2 (its saliency).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from captum import attr
from pytorch_grad_cam import GradCAMPlusPlus
from safetensors.torch import load_file, save_file
from torch import nn
from torchcam.methods import CAM, GradCAM, LayerCAM, XGradCAM
from torchvision import models

data = Path(sys.argv[1])


class Normalised(nn.Module):
    """From pixels to logits."""

    def __init__(self, network):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.network = network

    def forward(self, pixels):
        return self.network((pixels - self.mean) / self.std)


def conv(inputs, outputs, kernel, stride=1, padding=0):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU())


class Inception(nn.Module):
    def __init__(self, inputs, one, reduce3, three, reduce5, five, projection):
        super().__init__()
        self.branch1 = conv(inputs, one, 1)
        self.branch2 = nn.Sequential(conv(inputs, reduce3, 1), conv(reduce3, three, 3, padding=1))
        self.branch3 = nn.Sequential(conv(inputs, reduce5, 1), conv(reduce5, five, 5, padding=2))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(inputs, projection, 1))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


def googlenet_published(state):
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    lrn = lambda: nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)
    layers = dict(
        conv1=conv(3, 64, 7, 2, 3), pool1=pool(), lrn1=lrn(), conv2=conv(64, 64, 1),
        conv3=conv(64, 192, 3, padding=1), lrn2=lrn(), pool2=pool(),
        inception3a=Inception(192, 64, 96, 128, 16, 32, 32),
        inception3b=Inception(256, 128, 128, 192, 32, 96, 64), pool3=pool(),
        inception4a=Inception(480, 192, 96, 208, 16, 48, 64),
        inception4b=Inception(512, 160, 112, 224, 24, 64, 64),
        inception4c=Inception(512, 128, 128, 256, 24, 64, 64),
        inception4d=Inception(512, 112, 144, 288, 32, 64, 64),
        inception4e=Inception(528, 256, 160, 320, 32, 128, 128), pool4=pool(),
        inception5a=Inception(832, 256, 160, 320, 32, 128, 128),
        inception5b=Inception(832, 384, 192, 384, 48, 128, 128),
        avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(1024, 1000),
    )
    network = nn.Sequential()
    for name, layer in layers.items():
        network.add_module(name, layer)
    plain = lambda name: name.replace(".0.weight", ".weight").replace(".0.bias", ".bias")
    names = {plain(name): name for name in network.state_dict()}
    network.load_state_dict({names.get(k, k): v for k, v in state.items()})
    return network


def squeezenet(state):
    network = models.squeezenet1_1()
    network.load_state_dict(state)
    return network


def weights(file):
    return {name: value.float() for name, value in load_file(data / "weights" / file).items()}


archive = np.load(data / "imagenet/val_25/imagenet_val_25.npz")
pixels = torch.tensor(archive["X"][[0, 5, 10, 15]].transpose(0, 3, 1, 2) / 255.0).float()
golden = {}
for name, network, layer in [
    ("squeezenet", squeezenet(weights("squeezenet1_1/squeezenet1_1.safetensors")), "features.12"),
    ("googlenet", googlenet_published(weights("googlenet_bvlc/googlenet_bvlc_f16.safetensors")), "inception5b"),
]:
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    model = Normalised(network).eval()
    module = network.get_submodule(layer)
    with torch.no_grad():
        classes = model(pixels).argmax(1)
    golden[f"{name}.classes"] = classes.float()

    def keep(method, maps):
        maps = maps.detach()
        golden[f"{name}.{method}"] = (maps.flatten()[::37] if maps.numel() > 20000 else maps).float().contiguous()

    keep("saliency", attr.Saliency(model).attribute(pixels.clone(), target=classes))
    keep("input_x_gradient", attr.InputXGradient(model).attribute(pixels.clone(), target=classes))
    integrated = attr.IntegratedGradients(model)
    for rule, steps in [("gausslegendre", 10), ("riemann_middle", 4), ("riemann_trapezoid", 4), ("riemann_left", 4), ("riemann_right", 4)]:
        maps = integrated.attribute(pixels, target=classes, n_steps=steps, method=rule, internal_batch_size=4)
        keep(f"integrated_gradients.{rule}", maps)
    keep("guided_backprop", attr.GuidedBackprop(model).attribute(pixels.clone(), target=classes))
    keep("deconvnet", attr.Deconvolution(model).attribute(pixels.clone(), target=classes))
    guided = attr.GuidedGradCam(model, module)
    keep("guided_grad_cam", guided.attribute(pixels.clone(), target=classes, interpolate_mode="bilinear"))
    if name == "squeezenet":
        # Normalised outside: captum's LRP knows modules alone. A dropout would be passed by.
        normalised = ((pixels - model.mean) / model.std).requires_grad_()
        keep("lrp_epsilon", attr.LRP(network).attribute(normalised, target=classes))

    cams = dict(grad_cam=GradCAM, x_grad_cam=XGradCAM, layer_cam=LayerCAM)
    for method, kind in cams.items():
        with kind(network, layer) as cam:
            scores = network((pixels - model.mean) / model.std)
            keep(method, cam(classes.tolist(), scores, normalized=False)[0].clamp(min=0))
    if name == "googlenet":
        with CAM(network, layer, fc_layer="fc") as cam:
            scores = network((pixels - model.mean) / model.std)
            keep("cam", cam(classes.tolist(), scores, normalized=False)[0].clamp(min=0))
    holder = {}
    hooks = [module.register_forward_hook(lambda _, __, a: (holder.update(a=a), a.register_hook(lambda g: holder.update(g=g)))[0])]
    model(pixels).gather(1, classes[:, None]).sum().backward()
    hooks[0].remove()
    a, g = holder["a"].detach().numpy(), holder["g"].numpy()
    plus = GradCAMPlusPlus(model, [module])
    # The map of (a / k, k g) is that of (a, g), without the 1e-6 added to the divisor.
    a, g = a * 1e-6, g * 1e6
    w = plus.get_cam_weights(None, None, None, a, g)
    keep("grad_cam_plus_plus", torch.tensor((w[:, :, None, None] * a).sum(1)).clamp(min=0))

save_file(golden, Path(__file__).with_suffix(".safetensors"))

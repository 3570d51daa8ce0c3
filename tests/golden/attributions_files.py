"""Golden file for explanations from the JPEG file on: SqueezeNet 1.1 on photographs, decoded by Pillow, prepared by
torchvision, explained by captum in f32; the target is the predicted class. Of maps every 291st value is kept, of logits
every 7th. Beside each stands how far the same in f64 is from it, relative in L2.

    pip install torch==2.15.0 torchvision==0.29.2 captum==0.9.0 safetensors==0.8.0 pillow==13.0.0
    python attributions_files.py FOLDER [STEP]   # the folder that FOVEATE_DATA names; every STEP-th picture of
                                                 # samples_100, 10 where it is not given, and all of photos
"""

import sys
from pathlib import Path

import torch
from captum import attr
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision import models, transforms

data = Path(sys.argv[1])
step = int(sys.argv[2]) if len(sys.argv) > 2 else 10


class Normalized(nn.Module):
    """From pixels to logits."""

    def __init__(self, network):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.network = network

    def forward(self, pixels):
        return self.network((pixels - self.mean) / self.std)


network = models.squeezenet1_1()
network.load_state_dict(load_file(data / "weights/squeezenet1_1/squeezenet1_1.safetensors"))
for module in network.modules():
    if isinstance(module, nn.ReLU):
        module.inplace = False
model = Normalized(network).eval()
prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
layer = network.get_submodule("features.12")

samples = sorted((data / "imagenet/samples_100/images").glob("*.jpg"))[::step]


def explained(pixels):
    """Logits and maps, of the values kept."""
    with torch.no_grad():
        logits = model(pixels)
    target = logits.argmax(1)
    normalized = ((pixels - model.mean) / model.std).requires_grad_()
    maps = {
        "saliency": attr.Saliency(model).attribute(pixels.clone(), target=target),
        "input_x_gradient": attr.InputXGradient(model).attribute(pixels.clone(), target=target),
        "integrated_gradients": attr.IntegratedGradients(model).attribute(
            pixels, target=target, n_steps=8, internal_batch_size=4
        ),
        "guided_backprop": attr.GuidedBackprop(model).attribute(pixels.clone(), target=target),
        "deconvnet": attr.Deconvolution(model).attribute(pixels.clone(), target=target),
        "lrp_epsilon": attr.LRP(network).attribute(normalized, target=target),
        "occlusion": attr.Occlusion(model).attribute(
            pixels, (3, 64, 64), (3, 40, 40), target=target, perturbations_per_eval=8
        )[:, :1],
    }
    kept = {name: map.detach().flatten()[::291] for name, map in maps.items()}
    cam = attr.LayerGradCam(model, layer)
    cam = cam.attribute(pixels.clone(), target=target, relu_attributions=True)
    return kept | {"logits": logits.flatten()[::7], "grad_cam": cam.detach().flatten()}


golden = {}
for file in samples + sorted((data / "photos").glob("*.jpg")):
    pixels = prepare(Image.open(file).convert("RGB"))[None]
    single = explained(pixels.to(model.float().mean.dtype))
    double = explained(pixels.to(model.double().mean.dtype))
    for method, values in single.items():
        name = f"{file.relative_to(data).as_posix()}.{method}"
        golden[name] = values.contiguous()
        # How far PyTorch is from itself: what ties, of ReLUs and of max pooling, decide.
        golden[f"{name}.own"] = ((values - double[method]).norm() / double[method].norm()).float().reshape(1)

save_file(golden, Path(__file__).with_suffix(".safetensors"))

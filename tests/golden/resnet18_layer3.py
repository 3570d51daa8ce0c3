"""Golden file for the folded, partial ResNet18: the mean over each of layer3's 256 maps, of the
first picture of val_25, by PyTorch.

    pip install torch==2.15.0 safetensors==0.8.0 numpy
    python resnet18_layer3.py FOLDER   # the folder that FOVEATE_DATA names
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

data = Path(sys.argv[1])
w = load_file(data / "weights/resnet18_partial/resnet18_bnfolded_without_layer4_3x3.safetensors")
w = {n: t.double() for n, t in w.items()}
x = np.load(data / "imagenet/val_25/imagenet_val_25.npz", allow_pickle=True)["X"][:1]
mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
x = ((torch.from_numpy(x).double() / 255 - mean) / std).permute(0, 3, 1, 2)


def conv(x, name, **options):
    return F.conv2d(x, w[name + ".weight"], w[name + ".bias"], **options)


x = F.max_pool2d(conv(x, "conv1", stride=2, padding=3).relu(), 3, 2, 1)
for stage in (1, 2, 3):
    for block in (0, 1):
        name = f"layer{stage}.{block}"
        stride = 2 if stage > 1 and block == 0 else 1
        shortcut = conv(x, name + ".downsample.0", stride=stride) if stride == 2 else x
        y = conv(x, name + ".conv1", stride=stride, padding=1).relu()
        x = (conv(y, name + ".conv2", padding=1) + shortcut).relu()
save_file({"layer3": x.mean((2, 3)).float().contiguous()}, Path(__file__).with_suffix(".safetensors"))

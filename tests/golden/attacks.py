"""Golden file for the attacks: FGSM and PGD by captum on SqueezeNet 1.1 and the first picture of
val_25 that it names rightly. Of the change, every 8th pixel down and across is kept.

captum leaves values alone whose gradient is below 1e-6: turned off (zero_thresh), as no paper has it.
Its L2 attack takes steps of the sign: no reference for ours.

    pip install torch==2.15.0 torchvision captum==0.9.0 safetensors==0.8.0 numpy
    python attacks.py FOLDER   # the folder that FOVEATE_DATA names
"""

import sys
from pathlib import Path

import numpy as np
import torch
from captum.robust import FGSM, PGD
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy
from torchvision.models import squeezenet1_1

data = Path(sys.argv[1])
network = squeezenet1_1()
network.load_state_dict(load_file(data / "weights/squeezenet1_1/squeezenet1_1.safetensors"))
network.eval().requires_grad_(False)
mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def model(pixels):
    return network((pixels - mean) / std)


def loss(logits, classes):
    return cross_entropy(logits, classes, reduction="none")


archive = np.load(data / "imagenet/val_25/imagenet_val_25.npz")
pictures = torch.tensor(archive["X"]).permute(0, 3, 1, 2).float() / 255
found = model(pictures).argmax(1)
picture = int((found == torch.tensor(archive["y"])).nonzero()[0])
pixels, true = pictures[picture : picture + 1], found[picture : picture + 1]
target = torch.tensor([281])

fgsm = FGSM(model, loss, 0.0, 1.0)
fgsm.zero_thresh = 0.0
pgd = PGD(model, loss, 0.0, 1.0)
pgd.fgsm.zero_thresh = 0.0
results = {
    "fgsm": fgsm.perturb(pixels, 2 / 255, true),
    "fgsm_targeted": fgsm.perturb(pixels, 2 / 255, target, targeted=True),
    "pgd": pgd.perturb(pixels, 2 / 255, 1.5 / 255, 2, true),
    "pgd_targeted": pgd.perturb(pixels, 2 / 255, 1.5 / 255, 2, target, targeted=True),
}
tensors = {"picture": torch.tensor([float(picture)]), "class": true.float()}
for name, adversarial in results.items():
    tensors[f"{name}.change"] = (adversarial - pixels)[:, :, ::8, ::8].contiguous()
    tensors[f"{name}.logits"] = model(adversarial)
save_file(tensors, Path(__file__).with_suffix(".safetensors"))

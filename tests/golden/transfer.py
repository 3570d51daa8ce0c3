"""Golden features: four layers of a narrow VGG16 with the seeded weights of networks/, each row divided
by its Euclidean length; `classifier.1` is the practical's relu6, `classifier.4` its relu7.

    pip install torch==2.15.0 torchvision==0.29.2 safetensors==0.8.0 numpy
    python transfer.py
"""

import sys
from pathlib import Path

import torch
import torchvision
from safetensors.torch import load_file, save_file

here = Path(__file__).parent
sys.path.insert(0, str(here / "networks"))
from networks import features, narrow  # noqa: E402

model = torchvision.models.vgg16()
narrow(model, 32)
model.load_state_dict(load_file(here / "networks/vgg16.safetensors"))
model = model.double().eval()

pictures = torch.randint(0, 256, (4, 3, 64, 48), generator=torch.Generator().manual_seed(0)).float()
mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
x = (pictures.double() / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1)
rows = {"pictures": pictures}
with torch.no_grad():
    _, got = features(model, ["features", "features.23", "classifier.1", "classifier.4"], x)
for layer, a in got.items():
    pools = {"": a.flatten(1)} if a.dim() == 2 else {"": a.flatten(1), ":pooled": a.mean((2, 3))}
    for pool, row in pools.items():
        rows[layer + pool] = torch.nn.functional.normalize(row).float().contiguous()
save_file(rows, here / "transfer.safetensors")

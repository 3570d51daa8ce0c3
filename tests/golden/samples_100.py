"""Golden file for SqueezeNet 1.1 on samples_100: the first five classes of each picture by PyTorch
and Pillow, from the JPEG files that are there. (labels.csv beside the pictures holds predictions on
the larger originals: 65 and 87 right, where PyTorch on these files has 64 and 85.)

    pip install torch==2.15.0 torchvision==0.29.2 safetensors==0.8.0 pillow==13.0.0
    python samples_100.py FOLDER   # the folder that FOVEATE_DATA names
"""

import csv
import sys
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file
from torchvision import models, transforms

data = Path(sys.argv[1])
model = models.squeezenet1_1()
model.load_state_dict(load_file(data / "weights/squeezenet1_1/squeezenet1_1.safetensors"))
model.eval()
preprocess = transforms.Compose([
    transforms.Resize(256),
    transforms.CenterCrop(224),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])
with torch.no_grad(), open(Path(__file__).with_suffix(".csv"), "w") as out:
    for row in csv.DictReader(open(data / "imagenet/samples_100/labels.csv")):
        picture = Image.open(data / "imagenet/samples_100/images" / row["file"]).convert("RGB")
        five = model(preprocess(picture)[None])[0].topk(5).indices.tolist()
        print(row["file"], row["class_index"], *five, sep=",", file=out)

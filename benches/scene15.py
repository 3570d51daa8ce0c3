"""Accuracies of `07_scene15 --part networks layers` by torchvision and scikit-learn, on the same weights and pictures.

    pip install torch==2.15.0 torchvision==0.29.2 scikit-learn==1.9.1 safetensors==0.8.0
    python benches/scene15.py FOLDER [FEATURES ...]   # the folder that FOVEATE_DATA names

FEATURES go by the example's names; all four if there are none.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from sklearn.svm import LinearSVC
from torchvision import datasets, models, transforms

ALL = ["vgg16_features:features", "vgg16_features:features:pooled", "vgg16_features:features.23:pooled", "squeezenet1_1:features:pooled"]

data = Path(sys.argv[1])
preprocess = transforms.Compose([
    transforms.Resize((224, 224)),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])


def layers(network, layer):
    """The network up to a layer."""
    if network == "squeezenet1_1":
        model, file = models.squeezenet1_1(), "squeezenet1_1/squeezenet1_1.safetensors"
    else:
        model, file = models.vgg16(), "vgg16_features/vgg16_features_f16.safetensors"
    state = {name: value.float() for name, value in load_file(data / "weights" / file).items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all(name.startswith("classifier.") for name in missing), (missing, unexpected)
    _, _, last = layer.partition(".")
    features = model.features.eval()
    return features[: int(last) + 1] if last else features


@torch.no_grad()
def rows(network, pooled, part):
    folder = datasets.ImageFolder(data / "scene15" / part, preprocess)
    found, labels = [], []
    for pictures, classes in torch.utils.data.DataLoader(folder, batch_size=32):
        activations = network(pictures)
        found.append(activations.mean((2, 3)) if pooled else activations.flatten(1))
        labels.append(classes)
    return torch.nn.functional.normalize(torch.cat(found)).numpy(), torch.cat(labels).numpy()


for name in sys.argv[2:] or ALL:
    network, layer, *pooled = name.split(":")
    network = layers(network, layer)
    (x, y), (test, truth) = (rows(network, bool(pooled), part) for part in ("train", "test"))
    print(f"{name}: {100 * LinearSVC(C=1.0).fit(x, y).score(test, truth):.2f} %", flush=True)

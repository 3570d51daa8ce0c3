"""PyTorch at the work of benches/rows: one row in a process of its own, one line of JSON.

    pip install torch==2.15.0 torchvision==0.29.2 captum==0.9.0
    python benches/peers/pytorch.py vgg16-forward-1
    python benches/peers/pytorch.py                    # the names of the rows

RAYON_NUM_THREADS sets the threads, as it does for foveate.
"""

import argparse
import functools
import json
import os
import re
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as M

NETWORKS = {
    "vgg16": M.vgg16,
    "resnet18": M.resnet18,
    "squeezenet1_1": M.squeezenet1_1,
    "googlenet": lambda: M.googlenet(aux_logits=False, init_weights=False),
}


def forward(name, batch):
    network = NETWORKS[name]().eval()
    pictures = torch.randn(batch, 3, 224, 224)

    def repeat():
        with torch.inference_mode():
            network(pictures)

    return repeat


def gradient(name, batch):
    network = NETWORKS[name]().eval().requires_grad_(False)
    picture = torch.randn(batch, 3, 224, 224)

    def repeat():
        tracked = picture.clone().requires_grad_()
        network(tracked)[0, 0].backward()
        return tracked.grad

    return repeat


def training(name, batch):
    network = NETWORKS[name]().train()
    pictures = torch.randn(batch, 3, 224, 224)
    classes = torch.arange(batch) * 31
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)

    def repeat():
        optimizer.zero_grad()
        loss = F.cross_entropy(network(pictures), classes)
        loss.backward()
        optimizer.step()
        return loss.item()

    return repeat


class ReverseGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, features):
        return features.view_as(features)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * -0.5


def dann(name, batch):
    """The network and step of https://github.com/fungtion/DANN."""
    features = nn.Sequential(
        nn.Conv2d(3, 64, 5), nn.BatchNorm2d(64), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(64, 50, 5), nn.BatchNorm2d(50), nn.Dropout2d(), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Linear(800, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Dropout(),
        nn.Linear(100, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Linear(100, 10),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Linear(800, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Linear(100, 2)
    )
    network = nn.ModuleList([features, classifier, discriminator])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    source, target = torch.randn(2, batch, 3, 28, 28)
    labels = torch.arange(batch) % 10
    zeros, ones = torch.zeros(batch, dtype=torch.long), torch.ones(batch, dtype=torch.long)

    def predict(pictures):
        hidden = features(pictures)
        return classifier(hidden), discriminator(ReverseGradient.apply(hidden))

    def repeat():
        optimizer.zero_grad()
        classes, from_source = predict(source)
        _, from_target = predict(target)
        loss = F.cross_entropy(classes, labels)
        loss = loss + F.cross_entropy(from_source, zeros) + F.cross_entropy(from_target, ones)
        loss.backward()
        optimizer.step()
        return loss.item()

    return repeat


def adapt(name, batch):
    """An epoch of 16 steps with the practical's network, from bytes, as a loader without workers."""
    features = nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 48, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Linear(2352, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10)
    )
    discriminator = nn.Sequential(nn.Linear(2352, 100), nn.ReLU(), nn.Linear(100, 1))
    network = nn.ModuleList([features, classifier, discriminator])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    source, target = torch.randint(256, (2, 16 * batch, 3, 28, 28), dtype=torch.uint8)
    labels = torch.arange(16 * batch) % 10

    def normalised(pictures):
        return (pictures.float() / 255 - 0.3) / 0.33

    def repeat():
        order, others = torch.randperm(16 * batch), torch.randperm(16 * batch)
        for step in range(0, 16 * batch, batch):
            chosen, other = order[step : step + batch], others[step : step + batch]
            hidden = features(normalised(torch.cat([source[chosen], target[other]])))
            classes = F.cross_entropy(classifier(hidden[:batch]), labels[chosen])
            logits = discriminator(ReverseGradient.apply(hidden))
            loss = F.binary_cross_entropy_with_logits
            domains = loss(logits[:batch], torch.zeros(batch, 1))
            domains = domains + loss(logits[batch:], torch.ones(batch, 1))
            optimizer.zero_grad()
            (classes + domains).backward()
            optimizer.step()
            classes.item(), domains.item()

    return repeat


def dcgan(name, batch):
    """The layout and step of PyTorch's example, one channel of 32x32."""
    conditional, width = re.fullmatch(r"(c?)dcgan(\d+)", name).groups()
    classes, width = 10 if conditional else 0, int(width)

    def up(i, o, stride, padding):
        return nn.ConvTranspose2d(i, o, 4, stride, padding, bias=False)

    def down(i, o, stride, padding):
        return nn.Conv2d(i, o, 4, stride, padding, bias=False)

    generator = nn.Sequential(
        up(100 + classes, 4 * width, 1, 0), nn.BatchNorm2d(4 * width), nn.ReLU(),
        up(4 * width, 2 * width, 2, 1), nn.BatchNorm2d(2 * width), nn.ReLU(),
        up(2 * width, width, 2, 1), nn.BatchNorm2d(width), nn.ReLU(),
        up(width, 1, 2, 1), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        down(1 + classes, width, 2, 1), nn.LeakyReLU(0.2),
        down(width, 2 * width, 2, 1), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2),
        down(2 * width, 4 * width, 2, 1), nn.BatchNorm2d(4 * width), nn.LeakyReLU(0.2),
        down(4 * width, 1, 1, 0),
    )  # fmt: skip
    adam = [
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
        for network in (discriminator, generator)
    ]
    real = torch.rand(batch, 1, 32, 32) * 2 - 1
    one_hot = F.one_hot(torch.arange(batch) % 10, 10).float()[:, :classes, None, None]
    bce = F.binary_cross_entropy_with_logits

    def with_classes(x, size):
        return torch.cat([x, one_hot.expand(-1, -1, size, size)], 1) if classes else x

    def repeat():
        fake = generator(with_classes(torch.randn(batch, 100, 1, 1), 1))
        discriminator.zero_grad()
        from_real = discriminator(with_classes(real, 32))
        from_fake = discriminator(with_classes(fake.detach(), 32))
        loss = bce(from_real, torch.ones_like(from_real))
        loss = loss + bce(from_fake, torch.zeros_like(from_fake))
        loss.backward()
        adam[0].step()

        generator.zero_grad()
        from_fake = discriminator(with_classes(fake, 32))
        generator_loss = bce(from_fake, torch.ones_like(from_fake))
        generator_loss.backward()
        adam[1].step()
        return loss.item() + generator_loss.item()

    return repeat


def product(name, size):
    left, right = torch.randn(2, size, size)
    return lambda: left @ right


def explain(method, name, size):
    """captum's methods, 50 steps eight at a time (`size` steps), windows of 32 pixels every 16."""
    from captum import attr

    network = NETWORKS[name]().eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False  # captum's hooks
    picture = torch.rand(1, 3, 224, 224)
    eight = {"internal_batch_size": 8}
    methods = {
        "saliency": lambda: attr.Saliency(network).attribute(tracked, target=0),
        "integrated": lambda: attr.IntegratedGradients(network).attribute(
            tracked, target=0, n_steps=size, **eight
        ),
        "smoothgrad": lambda: attr.NoiseTunnel(attr.Saliency(network)).attribute(
            tracked, target=0, nt_samples=size, nt_samples_batch_size=8, stdevs=0.15
        ),
        "gradcam": lambda: attr.LayerAttribution.interpolate(
            attr.LayerGradCam(network, network.features[12]).attribute(tracked, target=0),
            (224, 224),
            interpolate_mode="bilinear",
        ),
        "occlusion": lambda: attr.Occlusion(network).attribute(
            picture, (3, 32, 32), (3, 16, 16), target=0, perturbations_per_eval=8
        ),
    }
    tracked = picture.clone().requires_grad_()
    return methods[method]


ROWS = {f"{name}-forward-{batch}": forward for name in NETWORKS for batch in (1, 8)}
ROWS |= {f"{name}-gradient-1": gradient for name in ("vgg16", "resnet18", "squeezenet1_1")}
ROWS |= {"squeezenet1_1-training-32": training, "dann-training-64": dann}
ROWS |= {"adapt-training-64": adapt}
ROWS |= {f"{name}-training-128": dcgan for name in ("dcgan32", "dcgan128", "cdcgan128")}
EXPLANATIONS = {"saliency": 1, "integrated": 50, "smoothgrad": 50, "gradcam": 1, "occlusion": 1}
ROWS |= {
    f"squeezenet1_1-{method}-{size}": functools.partial(explain, method)
    for method, size in EXPLANATIONS.items()
}
ROWS |= {f"product-{size}": product for size in (512, 1024, 2048)}


def peak():
    """MiB of resident memory, at the most so far (Linux)."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row", nargs="?", choices=ROWS, help="without it, the names are printed")
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60, help="no repetition starts later")
    arguments = parser.parse_args()
    if not arguments.row:
        return print("\n".join(ROWS))

    torch.set_num_threads(int(os.environ.get("RAYON_NUM_THREADS", os.cpu_count())))
    start_mib = peak()
    name, *_, size = arguments.row.split("-")
    repeat = ROWS[arguments.row](name, int(size))
    for _ in range(arguments.warm_up):
        repeat()
    milliseconds = []
    begin = time.perf_counter()
    while len(milliseconds) < arguments.repetitions:
        if milliseconds and time.perf_counter() - begin > arguments.seconds:
            break
        start = time.perf_counter()
        repeat()
        milliseconds.append((time.perf_counter() - start) * 1e3)
    line = {
        "row": arguments.row,
        "device": "pytorch",
        "threads": torch.get_num_threads(),
        "median_ms": round(statistics.median(milliseconds), 3),
        "min_ms": round(min(milliseconds), 3),
        "ms": [round(ms, 3) for ms in milliseconds],
        "start_mib": round(start_mib, 1),
        "peak_mib": round(peak(), 1),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()

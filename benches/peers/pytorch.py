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


class Branches(nn.Module):
    """What sees the input, what sees the label, and what comes behind both."""

    def __init__(self, input, label, main):
        super().__init__()
        self.input, self.label, self.main = nn.Sequential(*input), nn.Sequential(*label), nn.Sequential(*main)

    def forward(self, x, labels):
        hidden = self.input(x)
        if len(self.label):
            hot = F.one_hot(labels, 10).float()[:, :, None, None].expand(-1, -1, *x.shape[2:])
            hidden = torch.cat([hidden, self.label(hot)], 1)
        return self.main(hidden)


def gan(name, batch):
    """Four iterations of PyTorch's DCGAN example, one channel of 32x32; with a branch for the label."""
    conditional, width = re.fullmatch(r"(c?)gan(\d+)", name).groups()
    width = int(width)

    def up(i, o, stride=2, padding=1):
        return nn.ConvTranspose2d(i, o, 4, stride, padding, bias=False)

    def rise(i, o, *place):
        return [up(i, o, *place), nn.BatchNorm2d(o), nn.ReLU()]

    def down(i, o, stride=2, padding=1):
        return nn.Conv2d(i, o, 4, stride, padding, bias=False)

    def fall(i, o):
        return [down(i, o), nn.BatchNorm2d(o), nn.LeakyReLU(0.2)]

    top = [*rise(4 * width, 2 * width), *rise(2 * width, width), up(width, 1), nn.Tanh()]
    end = [*fall(width, 2 * width), *fall(2 * width, 4 * width), down(4 * width, 1, 1, 0)]
    if conditional:
        ends = [rise(inputs, 2 * width, 1, 0) for inputs in (100, 10)]
        starts = [[down(inputs, width // 2), nn.LeakyReLU(0.2)] for inputs in (1, 10)]
    else:
        ends = [rise(100, 4 * width, 1, 0), []]
        starts = [[down(1, width), nn.LeakyReLU(0.2)], []]
    generator, discriminator = Branches(*ends, top), Branches(*starts, end)
    adam = [
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
        for network in (discriminator, generator)
    ]
    pictures = torch.randint(0, 256, (4 * batch, 1, 32, 32), dtype=torch.uint8)
    classes = torch.arange(4 * batch) % 10
    bce = F.binary_cross_entropy_with_logits

    def repeat():
        for chosen in torch.randperm(4 * batch).split(batch):
            real, real_labels = pictures[chosen].float() / 127.5 - 1, classes[chosen]
            labels = torch.randint(0, 10, (batch,))
            fake = generator(torch.randn(batch, 100, 1, 1), labels)
            discriminator.zero_grad()
            from_real = discriminator(real, real_labels)
            from_fake = discriminator(fake.detach(), labels)
            loss = bce(from_real, torch.ones_like(from_real))
            loss = loss + bce(from_fake, torch.zeros_like(from_fake))
            loss.backward()
            adam[0].step()

            generator.zero_grad()
            after = discriminator(fake, labels)
            generator_loss = bce(after, torch.ones_like(after))
            generator_loss.backward()
            adam[1].step()
            for logits in (from_real, from_fake, after):
                logits.sigmoid().mean().item()
            loss.item(), generator_loss.item()

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
ROWS |= {f"{name}-training-128": gan for name in ("gan32", "gan128", "cgan128")}
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

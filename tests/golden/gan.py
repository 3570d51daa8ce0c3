"""Golden file for adversarial training: two iterations of the DCGAN and of conditional ones, in f64, in the
order of PyTorch's DCGAN example (the discriminator's step on real and on generated pictures, then the
generator's on the same noise). Losses and probabilities of every iteration; every 13th value of every
parameter and running statistic afterwards (61st of the DCGAN for 64x64). And what the fully connected pair
gives, without dropout: pictures, logits, and the logits' gradients by the noise.

    pip install torch==2.15.0 safetensors==0.8.0 numpy
    python gan.py

Weights and pictures come from `hashed`, noise and labels from ChaCha8, as in the Rust test.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from chacha8 import seed, words
from safetensors.torch import save_file

BATCH, ITERATIONS, LATENT, WIDTH, CLASSES, RATES = 8, 2, 16, 8, 10, (2e-4, 1e-4)
NOISE, LABELS = 2, 3
torch.set_default_dtype(torch.float64)


def hashed(count, seed):
    """Numbers in [-1, 1) from their places."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x85EBCA77)
        x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE3D)
        x = x ^ (x >> np.uint32(16))
    return torch.from_numpy(x.astype(np.float64) / 2**31 - 1)


def up(inputs, outputs, stride=2, padding=1):
    return nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False)


def down(inputs, outputs, stride=2, padding=1):
    return nn.Conv2d(inputs, outputs, 4, stride, padding, bias=False)


def rise(inputs, outputs, *place):
    return [up(inputs, outputs, *place), nn.BatchNorm2d(outputs), nn.ReLU()]


def fall(inputs, outputs):
    return [down(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]


class Network(nn.Module):
    """Branches for the input and for the label, and what comes behind both."""

    def __init__(self, name, branch, label, main):
        super().__init__()
        self.name = name
        if branch:
            setattr(self, name, nn.Sequential(*branch))
        if label:
            self.label = nn.Sequential(*label)
        self.main = nn.Sequential(*main)

    def forward(self, x, labels):
        hidden = getattr(self, self.name)(x) if hasattr(self, self.name) else x
        if hasattr(self, "label"):
            hot = F.one_hot(labels, CLASSES).double()[:, :, None, None]
            hot = hot.expand(-1, -1, *x.shape[2:])
            hidden = torch.cat([hidden, self.label(hot)], 1)
        return self.main(hidden)


def generator(conditional, size=32):
    d = WIDTH
    if not conditional:
        widest = d * size // 8
        main = rise(LATENT, widest, 1, 0)
        while widest > d:
            main += rise(widest, widest // 2)
            widest //= 2
        return Network("noise", [], [], [*main, up(d, 1), nn.Tanh()])
    main = [*rise(4 * d, 2 * d), *rise(2 * d, d), up(d, 1), nn.Tanh()]
    return Network("noise", rise(LATENT, 2 * d, 1, 0), rise(CLASSES, 2 * d, 1, 0), main)


def discriminator(conditional, branches, size=32):
    d = WIDTH
    leaky = nn.LeakyReLU(0.2)
    rest = []
    for halvings in range((size // 8).bit_length() - 1):
        rest += fall(d << halvings, d << halvings + 1)
    rest.append(down(d * size // 8, 1, 1, 0))
    if not branches:
        return Network("picture", [], [], [down(1, d), leaky, *rest])
    if not conditional:
        return Network("picture", [down(1, d), leaky], [], rest)
    return Network("picture", [down(1, d // 2), leaky], [down(CLASSES, d // 2), leaky], rest)


def fill(model, first):
    for number, (name, parameter) in enumerate(model.named_parameters(), first):
        fan = parameter[0].numel() if parameter.dim() > 1 else 100
        values = hashed(parameter.numel(), number).view_as(parameter) / fan**0.5
        if parameter.dim() == 1 and name.endswith("weight"):
            values = values + 1
        parameter.data = values


def entropy(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


LOSSES = {
    "non-saturating": (
        lambda real, fake, target: entropy(real, target) + entropy(fake, 0.0),
        lambda fake: entropy(fake, 1.0),
    ),
    "hinge": (
        lambda real, fake, _: F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
        lambda fake: -fake.mean(),
    ),
}

# case: size, generator with labels, discriminator with labels, with branches, loss, real, D's steps, average
CASES = {
    "dcgan": (32, False, False, False, "non-saturating", 0.9, 1, None),
    "dcgan64": (64, False, False, False, "non-saturating", 0.9, 1, None),
    "cgan": (32, True, True, True, "non-saturating", 1.0, 1, None),
    "unconditional": (32, True, False, True, "hinge", 1.0, 2, 0.2),
}

key = seed(1)
stream = lambda purpose, iteration, turn: purpose << 60 | iteration << 32 | turn
real_labels = torch.arange(BATCH) * 3 % CLASSES
golden = {}
for case, (size, labelled, judged, branches, loss, target, turns, decay) in CASES.items():
    real = torch.floor((hashed(BATCH * size * size, 1000) + 1) * 128).view(BATCH, 1, size, size) / 127.5 - 1
    G, D = generator(labelled, size), discriminator(judged, branches, size)
    fill(G, 0)
    fill(D, 100)
    average = {name: tensor.clone() for name, tensor in G.state_dict().items()}
    adam = lambda model, rate: torch.optim.Adam(model.parameters(), rate, (0.5, 0.999), 1e-8)
    optimisers = adam(D, RATES[0]), adam(G, RATES[1])
    of_discriminator, of_generator = LOSSES[loss]
    numbers = []
    for iteration in range(ITERATIONS):
        for turn in range(turns):
            drawn = words(BATCH * LATENT, key, stream(NOISE, iteration, turn))
            noise = torch.tensor([(word >> 8) / 2**23 - 1 for word in drawn]).view(BATCH, LATENT, 1, 1)
            drawn = words(BATCH, key, stream(LABELS, iteration, turn))
            labels = torch.tensor([word * CLASSES >> 32 for word in drawn])
            fake = G(noise, labels)
            D.zero_grad()
            logits = D(real, real_labels), D(fake.detach(), labels)
            d_loss = of_discriminator(*logits, target)
            d_loss.backward()
            optimisers[0].step()
        G.zero_grad()
        after = D(fake, labels)
        g_loss = of_generator(after)
        g_loss.backward()
        optimisers[1].step()
        if decay:
            old = min(decay, (2 + iteration) / (11 + iteration))
            for name, tensor in G.state_dict().items():
                average[name] = old * average[name] + (1 - old) * tensor
        means = [torch.sigmoid(part).mean().item() for part in (*logits, after)]
        numbers += [d_loss.item(), g_loss.item(), *means]
    golden[f"{case}/numbers"] = torch.tensor(numbers)
    for part, state in (("generator", average if decay else G.state_dict()), ("discriminator", D.state_dict())):
        for name, tensor in state.items():
            if "num_batches" not in name:
                every = 61 if size == 64 else 13
                golden[f"{case}/{part}.{name}"] = tensor.detach().flatten()[::every].clone()


class Maxout(nn.Module):
    """The largest of so many neighbours (Goodfellow et al. 2013)."""

    def __init__(self, pieces):
        super().__init__()
        self.pieces = pieces

    def forward(self, x):
        return x.view(len(x), -1, self.pieces).amax(2)


class Dense(nn.Module):
    """Mirza and Osindero's, section 4.1, without dropout; the middle layers stand where there is dropout."""

    def __init__(self, name, branch, label, main):
        super().__init__()
        self.name = name
        setattr(self, name, nn.Sequential(*branch))
        self.label, self.main = nn.Sequential(*label), nn.Sequential(*main)

    def forward(self, x, labels):
        hot = F.one_hot(labels, CLASSES).double()
        return self.main(torch.cat([getattr(self, self.name)(x), self.label(hot)], 1))


def relu(inputs, units):
    return [nn.Linear(inputs, units), nn.ReLU(), nn.Identity()]


def maxout(inputs, units, pieces):
    return [nn.Linear(inputs, units * pieces), Maxout(pieces), nn.Identity()]


G = Dense("noise", relu(LATENT, 200), relu(CLASSES, 1000), [*relu(1200, 1200), nn.Linear(1200, 1024), nn.Tanh()])
D = Dense("picture", maxout(1024, 240, 5), maxout(CLASSES, 50, 5), [*maxout(290, 240, 4), nn.Linear(240, 1)])
fill(G, 0)
fill(D, 100)
noise = hashed(BATCH * LATENT, 2000).view(BATCH, LATENT).requires_grad_()
pictures = G(noise, real_labels)
logits = D(pictures, real_labels)
logits.sum().backward()
golden |= {"dense/pictures": pictures.detach(), "dense/logits": logits.detach(), "dense/noise": noise.grad}
save_file(
    {name: tensor.float().contiguous() for name, tensor in golden.items()},
    Path(__file__).parent / "gan.safetensors",
)

"""Golden files for the networks: narrow torchvision networks with seeded weights, their logits and
three intermediate layers.

    pip install torch==2.15.0 torchvision==0.29.2 safetensors==0.8.0 numpy
    python networks.py

Channel counts are divided (torchvision's own code runs on them unchanged), so that the files stay
small. Weights are rounded to bfloat16 values that float16 holds too: every format holds them
exactly. The published GoogLeNet is not in torchvision; its golden is the one beside its weights.
"""

import torch
import torch.nn as nn
import torchvision.models as M
from safetensors.torch import save_file

# name -> (constructor, divisor of the channels, three layers, format of the weights)
NETWORKS = {
    "vgg11": (M.vgg11, 32, ["features.2", "features", "classifier.1"], "safetensors"),
    "vgg13": (M.vgg13, 32, ["features.4", "features", "classifier.4"], "pth"),
    "vgg16": (M.vgg16, 32, ["features.16", "avgpool", "classifier.1"], "safetensors"),
    "vgg19": (M.vgg19, 32, ["features.0", "features.36", "classifier.4"], "pth"),
    "squeezenet1_0": (M.squeezenet1_0, 8, ["features.2", "features.7", "features"], "safetensors"),
    "squeezenet1_1": (M.squeezenet1_1, 8, ["features.3", "features.8", "classifier.1"], "pth"),
    "resnet18": (M.resnet18, 8, ["bn1", "layer2", "avgpool"], "pth"),
    "resnet34": (M.resnet34, 16, ["layer1.0", "layer3.5", "layer4"], "safetensors"),
    "googlenet": (M.googlenet, 8, ["conv1", "inception4a", "inception5b"], "pth"),
}
CLASSES = 10


def representable(x):
    """The nearest bfloat16 value; tiny ones, which float16 would round, become 0."""
    x = x.bfloat16().float()
    return torch.where(x.abs() < 2.0**-14, torch.zeros_like(x), x)


def narrow(model, k):
    """Divides every hidden channel count by k, in place."""
    heads = {"fc", "classifier.6"} | ({"classifier.1"} if isinstance(model, M.SqueezeNet) else set())
    for name, m in list(model.named_modules()):
        parent = model.get_submodule(name.rpartition(".")[0])
        leaf = name.rpartition(".")[2]
        out = CLASSES if name in heads else None
        if isinstance(m, nn.Conv2d):
            i = 3 if m.in_channels == 3 else m.in_channels // k
            new = nn.Conv2d(i, out or m.out_channels // k, m.kernel_size, m.stride, m.padding, bias=m.bias is not None)
        elif isinstance(m, nn.BatchNorm2d):
            new = nn.BatchNorm2d(m.num_features // k, eps=m.eps)
        elif isinstance(m, nn.Linear):
            new = nn.Linear(m.in_features // k, out or m.out_features // k)
        else:
            continue
        setattr(parent, leaf, new)


def seed_weights(model, generator):
    for m in model.modules():
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            fan_in = m.weight[0].numel()
            m.weight.data = torch.randn(m.weight.shape, generator=generator) * (2 / fan_in) ** 0.5
            if m.bias is not None:
                m.bias.data = torch.randn(m.bias.shape, generator=generator) * 0.1
        elif isinstance(m, nn.BatchNorm2d):
            m.weight.data = 0.5 + torch.rand(m.weight.shape, generator=generator)
            m.bias.data = torch.randn(m.bias.shape, generator=generator) * 0.1
            m.running_mean = torch.randn(m.running_mean.shape, generator=generator) * 0.1
            m.running_var = 0.5 + torch.rand(m.running_var.shape, generator=generator)
    for t in list(model.parameters()) + list(model.buffers()):
        if t.is_floating_point():
            t.data = representable(t.data)


def features(model, layers, x):
    got = {}  # copies: the ReLUs work in place
    for layer in layers:
        model.get_submodule(layer).register_forward_hook(lambda _, __, y, layer=layer: got.update({layer: y.clone()}))
    logits = model(x)
    return logits, got


def main():
    golden = {}
    for seed, (name, (make, k, layers, kind)) in enumerate(NETWORKS.items()):
        generator = torch.Generator().manual_seed(seed)
        if name == "googlenet":
            model = make(weights=None, init_weights=False, aux_logits=True, transform_input=True)
            narrow(model, k)
            # The official file has the auxiliary heads, too; they do not run in evaluation.
            model.aux1.fc1 = model.aux2.fc1 = nn.Linear(1, 1)
        else:
            model = make(weights=None)
            narrow(model, k)
        seed_weights(model, generator)
        model.eval()
        state = {n: t.contiguous() for n, t in model.state_dict().items()}
        if kind == "pth":
            torch.save(state, f"{name}.pth")
        else:
            save_file({n: t.half() if t.is_floating_point() else t for n, t in state.items()}, f"{name}.safetensors")
        if name == "squeezenet1_1":  # one small network in every format
            torch.save(state, "squeezenet1_1_legacy.pth", _use_new_zipfile_serialization=False)
            for dtype in (torch.float32, torch.float16, torch.bfloat16):
                save_file({n: t.to(dtype) for n, t in state.items()}, f"squeezenet1_1_{str(dtype)[6:]}.safetensors")

        # An odd height that differs from the width, so that the ceil modes and strides show.
        x = torch.randn(2, 3, 51, 40, generator=generator)
        with torch.no_grad():
            # The reference is float64; the input is what float32 holds.
            logits, got = features(model.double(), layers, x.double())
        golden[f"{name}/input"] = x
        golden[f"{name}/logits"] = logits.float()
        for layer, y in got.items():
            golden[f"{name}/{layer}"] = (y[:, :, None, None] if y.dim() == 2 else y).float()
        print(name, logits.abs().max().item(), sum(p.numel() for p in model.parameters()))
    save_file({n: t.contiguous() for n, t in golden.items()}, "networks.safetensors")


if __name__ == "__main__":
    main()

"""Golden file for the validators: scores of pytorch-adapt on outputs of a classifier that knows one
half of the digits of scikit-learn and is asked about the other, noisy and shifted, in f32 logits.

    pip install torch numpy==2.4 scikit-learn==1.9.0 safetensors==0.8.0
    pip install --no-deps pytorch-adapt==0.0.83 pytorch-metric-learning==1.6.3 torchmetrics lightning-utilities
    python validators.py
"""

from pathlib import Path

import numpy as np
import torch
from pytorch_adapt.validators import EntropyValidator, IMValidator, SNDValidator
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

torch.set_num_threads(1)
x, y = load_digits(return_X_y=True)
noise = np.random.default_rng(0)
source, target = x[:400], x[400:700] + noise.normal(2, 3, (300, 64))
tensors = {"source.labels": y[200:400].astype(np.float32)}

# From one that is sure of nothing to one that is sure of everything.
for name, c in {"unsure": 1e-5, "fair": 1e-3, "sure": 10.0}.items():
    model = LogisticRegression(C=c, max_iter=2000).fit(source[:200], y[:200])
    tensors[f"{name}.source"] = model.decision_function(source[200:]).astype(np.float32)
    tensors[f"{name}.target"] = model.decision_function(target).astype(np.float32)
# One that has collapsed to a class, with probabilities that vanish beside 1.
collapsed = np.zeros((300, 10), np.float32)
collapsed[:, 3] = 800
tensors |= {"collapsed.source": collapsed[:200], "collapsed.target": collapsed}

for name in ["unsure", "fair", "sure", "collapsed"]:
    # In f64: their f32 differs from it by 1e-5.
    logits = torch.tensor(tensors[f"{name}.target"]).double()
    seen = {"target_train": {"logits": logits, "preds": logits.softmax(1)}}
    labels = torch.tensor(tensors["source.labels"]).long()
    held_out = torch.tensor(tensors[f"{name}.source"]).double()
    scores = {
        "entropy": EntropyValidator()(**seen),
        "snd": SNDValidator()(**seen),
        "snd.0.5": SNDValidator(T=0.5)(**seen),
        "im": IMValidator()(**seen),
        "source-risk": -torch.nn.functional.cross_entropy(held_out, labels).item(),
    }
    print(name, scores)
    tensors |= {f"{name}.{k}": np.array([v]) for k, v in scores.items()}
tensors = {key: np.ascontiguousarray(value) for key, value in tensors.items()}
save_file(tensors, Path(__file__).with_suffix(".safetensors"))

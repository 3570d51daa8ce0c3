"""Golden file for tests/generate/metrics: the metrics of torch-fidelity and prdc on the same features. Pixels of
scikit-learn's digits, whose distances are often equal; features as behind a ReLU, one column dead;
samples of which half are copies.

    pip install torch==2.15.0 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 safetensors==0.8.0
    pip install --no-deps torch-fidelity==0.4.0 prdc==0.2
    python metrics.py
"""

from pathlib import Path

import numpy as np
import torch
from prdc import compute_prdc
from safetensors.numpy import save_file
from scipy.linalg import sqrtm
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

torch.set_num_threads(1)
random = np.random.default_rng(7)
out = {}


def put(name, **numbers):
    print(name, numbers)
    out.update({f"{name}.{key}": np.array([value], np.float64) for key, value in numbers.items()})


def kid_of_all(x, y):
    xx, yy, xy = ((a @ b.T / a.shape[1] + 1) ** 3 for a, b in [(x, x), (y, y), (x, y)])
    within = sum((k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (xx, yy))
    return within - 2 * xy.mean()


def case(name, a, b):
    a, b = a.astype(np.float32), b.astype(np.float32)
    out[f"{name}.a"], out[f"{name}.b"] = a, b
    x, y = (torch.tensor(f).double() for f in (a, b))
    stats = [fid_features_to_statistics(f) for f in (x, y)]
    fid = fid_statistics_to_metric(*stats, verbose=False)["frechet_inception_distance"]
    s1, s2 = (s["sigma"] for s in stats)
    difference = stats[0]["mu"] - stats[1]["mu"]
    root = sqrtm(s1 @ s2).real.trace()
    put(name, fid=fid, fid_sqrtm=difference @ difference + np.trace(s1 + s2) - 2 * root)
    # Without subsets: all rows in one, and the formula for different numbers of rows.
    size = min(len(a), len(b))
    common = dict(verbose=False, rng_seed=2020)
    whole = kid_features_to_metric(x[:size], y[:size], kid_subsets=1, kid_subset_size=size, **common)
    put(name, kid=whole["kernel_inception_distance_mean"], kid_all=kid_of_all(x.numpy(), y.numpy()))
    parts = kid_features_to_metric(x, y, kid_subsets=100, kid_subset_size=100, **common)
    put(name, kid_mean=parts["kernel_inception_distance_mean"],
        kid_deviation=parts["kernel_inception_distance_std"])
    for k in (1, 3, 5):
        put(name, **{f"{key}.{k}": value for key, value in compute_prdc(a, b, k).items()})


digits, labels = load_digits(return_X_y=True)
pooled = digits.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16)
case("digits", pooled[:200], pooled[300:460])

mix = random.normal(size=(20, 20)) * np.logspace(0, -2, 20)
relu = np.maximum(random.normal(size=(400, 20)) @ mix.T + 0.5 * random.normal(size=20), 0)
relu[:, 5] = 0
noise = random.normal(size=(180, 20)) * (relu[220:] > 0)
relu[220:] = np.maximum(1.1 * relu[220:] + 0.2 * noise, 0)
case("relu", relu[:220], relu[220:])

copies = pooled[:120].copy()
copies[60:] += random.normal(0, 2, size=(60, 16))
case("copies", pooled[:120], copies)

# A classifier's answers, some of them 0; as logits of the very f32 probabilities.
model = LogisticRegression(C=1.0, max_iter=2000).fit(digits[:800], labels[:800])
probabilities = model.predict_proba(digits[800:1205] + random.normal(0, 3, (405, 64)))
probabilities = np.where(probabilities < 1e-12, 0, probabilities).astype(np.float32)
out["probabilities"] = probabilities
logits = torch.tensor(probabilities).double().clamp(min=1e-300).log()
for splits in (1, 10):
    score = isc_features_to_metric(logits, splits, shuffle=False)
    put(f"inception.{splits}", mean=score["inception_score_mean"],
        deviation=score["inception_score_std"])
shuffled = [isc_features_to_metric(logits, 10, rng_seed=seed) for seed in range(200)]
means = [score["inception_score_mean"] for score in shuffled]
put("inception.shuffled", mean=np.mean(means), deviation=np.std(means))

save_file({key: np.ascontiguousarray(value) for key, value in out.items()},
          Path(__file__).with_suffix(".safetensors"))

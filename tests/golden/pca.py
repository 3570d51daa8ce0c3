"""Golden file for tests/transfer/pca.rs: scikit-learn's PCA, svd_solver="full", in f64 on f32 rows, and for
tests/transfer/evaluation.rs its confusion matrix, recall and precision.

    pip install scikit-learn==1.9.1 safetensors numpy
    python pca.py
"""

import numpy as np
from safetensors.numpy import save_file
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix, precision_score, recall_score

random = np.random.default_rng(5)
out = {}


def case(name, train, components):
    train = train.astype(np.float32)
    test = (train[:5] + random.normal(size=(5, train.shape[1]))).astype(np.float32)
    pca = PCA(components, svd_solver="full").fit(train.astype(np.float64))
    out[f"{name}/train"], out[f"{name}/test"] = train, test
    out[f"{name}/mean"], out[f"{name}/components"] = pca.mean_, pca.components_
    out[f"{name}/variance"] = pca.explained_variance_
    out[f"{name}/ratio"] = pca.explained_variance_ratio_
    out[f"{name}/transformed"] = pca.transform(test.astype(np.float64))


def normal(*shape):
    return random.normal(size=shape)


# Standard deviations along the directions from 1 to 0.01, far from the origin.
case("tall", normal(120, 20) * np.logspace(0, -2, 20) @ normal(20, 20) + 5 * normal(20), 20)
case("wide", normal(30, 30) * np.logspace(0, -2, 30) @ normal(30, 200) + 5 * normal(200), 29)
# All variance in six dimensions: those six only.
case("rank_tall", normal(60, 6) @ normal(6, 25) + normal(25), 6)
case("rank_wide", normal(25, 6) @ normal(6, 60) + normal(60), 6)

labels = random.integers(0, 7, 400)
predicted = np.where(random.random(400) < 0.6, labels, random.integers(0, 7, 400))
predicted[predicted == 3] = 4  # a class never predicted
out["labels"], out["predicted"] = labels, predicted
out["confusion"] = confusion_matrix(labels, predicted)
out["recall"] = recall_score(labels, predicted, average=None)
out["precision"] = precision_score(labels, predicted, average=None, zero_division=0)

save_file({k: np.ascontiguousarray(v, dtype=np.float32) for k, v in out.items()}, "pca.safetensors")

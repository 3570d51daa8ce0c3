"""Golden file for the linear learners: scikit-learn's LinearSVC, LogisticRegression and
SVC(kernel="linear"), one-vs-rest, on small problems, solved far beyond their default tolerances.

    pip install scikit-learn==1.9.0 safetensors==0.8.0 numpy
    python linear_models.py
"""

from functools import partial
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC, LinearSVC

# rows, columns, classes, their shares, the values of C
PROBLEMS = {
    "tall": (120, 20, 4, None, [0.01, 1, 100]),
    "wide": (60, 300, 3, None, [0.01, 1, 100]),
    "uneven": (90, 12, 3, [0.8, 0.15, 0.05], [1]),
    "two": (70, 10, 2, None, [1]),
}
TEST = 40


def one_vs_rest(learner, x, y):
    """Weights and biases of one fit a class."""
    fits = [learner().fit(x, np.where(y == k, 1, -1)) for k in np.unique(y)]
    assert all(np.all(fit.n_iter_ < fit.max_iter) for fit in fits if fit.max_iter > 0)
    return np.vstack([fit.coef_ for fit in fits]), np.concatenate([fit.intercept_ for fit in fits])


tensors = {}
for name, (rows, columns, classes, weights, cs) in PROBLEMS.items():
    x, y = make_classification(
        rows + TEST, columns, n_informative=6, n_redundant=2, n_classes=classes, weights=weights,
        n_clusters_per_class=1, class_sep=0.7, flip_y=0.05, random_state=3,
    )
    x = (x / np.sqrt((x**2).sum(1, keepdims=True))).astype(np.float32)
    tensors |= {f"{name}.features": x, f"{name}.labels": y.astype(np.float32)}
    x, y, test = x[:rows].astype(np.float64), y[:rows], x[rows:].astype(np.float64)
    assert len(np.unique(y)) == classes
    for c in cs:
        svc = partial(LinearSVC, C=c, dual=True, tol=1e-10, max_iter=10_000_000)
        hinge = partial(SVC, C=c, kernel="linear", tol=1e-10)
        # Newton: L-BFGS stops at about 1e-6 for want of digits.
        logistic = LogisticRegression(C=c, solver="newton-cg", tol=1e-12, max_iter=100_000).fit(x, y)
        coefficients, intercepts = logistic.coef_, logistic.intercept_
        if classes == 2:  # one row: half for each class
            coefficients = np.vstack([-coefficients, coefficients]) / 2
            intercepts = np.concatenate([-intercepts, intercepts]) / 2
        learned = {"svc": one_vs_rest(svc, x, y), "hinge": one_vs_rest(hinge, x, y)}
        learned["logistic"] = coefficients, intercepts
        whole = {"svc": svc().fit(x, y), "logistic": logistic}
        for learner, (w, b) in learned.items():
            scores = test @ w.T + b
            answers = scores.argmax(1)
            if learner in whole:
                theirs = whole[learner].decision_function(test)
                ours = scores if classes > 2 else scores[:, 1] * (2 if learner == "logistic" else 1)
                assert np.abs(theirs - ours).max() < 1e-6 * np.abs(ours).max()
                assert np.array_equal(whole[learner].predict(test), answers)
            key = f"{name}.{c:g}.{learner}"
            tensors[f"{key}.weights"] = w.astype(np.float32)
            tensors[f"{key}.bias"] = b.astype(np.float32)
            tensors[f"{key}.scores"] = scores.astype(np.float32)
            tensors[f"{key}.answers"] = answers.astype(np.float32)
# safetensors writes transposed arrays as they lie in memory.
tensors = {key: np.ascontiguousarray(value) for key, value in tensors.items()}
save_file(tensors, Path(__file__).with_suffix(".safetensors"))

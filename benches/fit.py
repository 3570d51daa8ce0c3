"""LinearSVC, PCA and logistic regression: foveate beside scikit-learn, on VGG16's features of 15-Scene.

    pip install scikit-learn==1.9.1 numpy
    python benches/fit.py [--rounds 3] [--linfa]

Each measurement is a process of its own, in turn, on the same bytes; seconds are those of the fit
alone, the least of all rounds; memory is the process's peak, and that before the fit. Agreement is the
share of the 2,985 test pictures that both give the same answer.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TASKS = [("svc", 4096), ("svc", 25088), ("logistic", 4096), ("pca128", 4096), ("pca1024", 4096), ("pca128", 25088), ("pca1024", 25088)]


def peer(task, columns, folder):
    """What `fit.rs` does, by scikit-learn with its defaults."""
    import numpy as np
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    read = lambda name: np.fromfile(folder / f"{name}{columns}.f32", "<f4").reshape(-1, columns)
    x, y = read("train"), np.fromfile(folder / "train.u32", "<u4")
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    before, start = peak(), time.perf_counter()
    if task.startswith("pca"):
        model = PCA(int(task[3:]), random_state=0).fit(x)
        extra = f"{model.explained_variance_ratio_.sum():.6f}"
    else:
        model = (LinearSVC() if task == "svc" else LogisticRegression(max_iter=1000)).fit(x, y)
        extra = "-"
    print(f"{time.perf_counter() - start:.3f} {before} {peak()} {extra}")
    if extra == "-":
        model.predict(read("test")).astype("<u4").tofile(folder / f"sk_{task}{columns}.u32")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--linfa", action="store_true", help="linfa-svm too: minutes")
    parser.add_argument("--python", default=sys.executable, help="one that has scikit-learn")
    args = parser.parse_args()
    build = ["cargo", "bench", "--all-features", "--no-run", "--message-format=json", "--bench", "fit"]
    lines = subprocess.run(build, check=True, capture_output=True, text=True).stdout.splitlines()
    made = [json.loads(line) for line in lines if '"executable":"' in line]
    binary = [m["executable"] for m in made if m["target"]["name"] == "fit"][0]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, "write", folder], check=True)
        run = lambda *words: subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
        labels = lambda name: Path(folder, name + ".u32").read_bytes()
        same = lambda a, b: sum(a[i : i + 4] == b[i : i + 4] for i in range(0, len(a), 4)) / (len(a) // 4) * 100
        print("| fit, 1,500 rows | columns | scikit-learn, s | foveate, s | ratio | MiB (before), scikit-learn | MiB (before), foveate | agreement | accuracy, both |")
        print("|---|---|---|---|---|---|---|---|---|")
        for task, columns in TASKS + [("linfa", 4096)] * args.linfa:
            theirs, ours = [], []
            for _ in range(1 if task == "linfa" else args.rounds):
                if task != "linfa":
                    theirs.append(run(args.python, __file__, "peer", task, str(columns), folder))
                ours.append(run(binary, task, str(columns), folder))
            best, peer_best = min(ours, key=lambda r: float(r[0])), min(theirs or [["nan", 0, 0, "-"]], key=lambda r: float(r[0]))
            if best[3] == "-":
                found, other, truth = labels(f"{task}{columns}"), labels(f"sk_{'svc' if task == 'linfa' else task}{columns}"), labels("test")
                agreement = f"{same(found, other):.2f} %"
                accuracy = f"{same(other, truth):.2f}, {same(found, truth):.2f} %"
            else:
                agreement, accuracy = "", f"variance {peer_best[3]}, {best[3]}"
            ratio = float(peer_best[0]) / float(best[0])
            print(f"| {task} | {columns} | {peer_best[0]} | {best[0]} | {ratio:.2f} | {peer_best[2]} ({peer_best[1]}) | {best[2]} ({best[1]}) | {agreement} | {accuracy} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["peer"]:
        peer(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()

"""PyTorch's time over foveate's for the rows of benches/rows, in turn, as a Markdown table.

    python benches/compare.py                                  # every row, flex and ndarray
    python benches/compare.py --rows 'vgg16-*' --threads 1 2
    python benches/compare.py --devices flex flex-stock --peers candle rten tract --onnx FOLDER

Each measurement is a process of its own; a round runs every competitor once, one after the other,
so that what slows the machine slows them all. Times are medians over the repetitions of all rounds.
Needs cargo, and a Python with torch and torchvision (`--python`); `--onnx` names the folder that
peers/export_onnx.py wrote.
"""

import argparse
import datetime
import fnmatch
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

BENCHES = pathlib.Path(__file__).resolve().parent
PEERS = ("candle", "rten", "tract")


def cargo(*arguments, folder=BENCHES.parent):
    """The executables that cargo builds, by name."""
    command = ["cargo", *arguments, "--message-format=json"]
    lines = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True, text=True)
    artifacts = [json.loads(line) for line in lines.stdout.splitlines() if line.startswith("{")]
    built = [artifact for artifact in artifacts if artifact.get("executable")]
    return {artifact["target"]["name"]: artifact["executable"] for artifact in built}


def commands(arguments):
    """How each competitor is started, less the row, and the names of the rows."""
    rows = cargo("bench", "--all-features", "--bench", "rows", "--no-run")["rows"]
    started = {"pytorch": [arguments.python, BENCHES / "peers/pytorch.py"]}
    for device in arguments.devices:
        bare, *how = device.split("-")
        asked = [f"FOVEATE_ALGORITHM={a}" for a in ("exact", "fastest") if a in how]
        stock = ["--stock"] if "stock" in how else []
        started[device] = [*(["env", *asked] if asked else []), rows, "--device", bare, *stock]
    if arguments.peers:
        # Its folder has a Cargo configuration of its own.
        target = ["--target-dir", arguments.peers_target] if arguments.peers_target else []
        built = cargo("build", "--release", *target, folder=BENCHES / "peers/rust")
        onnx = ["--onnx", arguments.onnx] if arguments.onnx else []
        started |= {peer: [built[peer], *onnx] for peer in arguments.peers}
    names = subprocess.run([rows], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    return started, names


def limited(threads):
    """A function that keeps a process to as many processors as it has threads (Linux)."""

    def limit():
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])

    return limit


def measure(name, command, row, threads, arguments):
    """The competitor's answer, or None: not every one does every row."""
    libraries = ("RAYON", "OMP", "MKL", "MATMUL", "RTEN")
    environment = os.environ | {f"{library}_NUM_THREADS": str(threads) for library in libraries}
    limits = [f"--{limit}={getattr(arguments, limit)}" for limit in ("repetitions", "seconds")]
    done = subprocess.run(
        [*map(str, command), row, *limits, f"--warm-up={arguments.warm_up}"],
        env=environment,
        preexec_fn=limited(threads),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if line), "killed")
        print(f"  {name} left out: {reason}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def pooled(answers):
    """The rounds of one competitor at one row as one."""
    times = [ms for answer in answers for ms in answer["ms"]]
    return {
        "ms": statistics.median(times),
        "min": min(times),
        "rounds": [answer["median_ms"] for answer in answers],
        "start": max(answer["start_mib"] for answer in answers),
        "peak": max(answer["peak_mib"] for answer in answers),
    }


def digits(number):
    """Three significant digits, and never an exponent."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def markdown(results, competitors):
    """The table: times and ratios, then memory."""
    several = len({threads for _, threads in results}) > 1
    head = ["row", *(["threads"] if several else []), "PyTorch ms"]
    head += [cell for name in competitors[1:] for cell in (f"{name} ms", "ratio")]
    head += [f"{name} MiB" for name in competitors]
    lines = [head, ["---"] * len(head)]
    for (row, threads), result in results.items():
        torch = result.get("pytorch")
        cells = [row, *([str(threads)] if several else []), digits(torch["ms"]) if torch else ""]
        for found in map(result.get, competitors[1:]):
            ratio = f"{torch['ms'] / found['ms']:.2f}" if torch and found else ""
            cells += [digits(found["ms"]) if found else "", ratio]
        for found in map(result.get, competitors):
            cells.append(f"{found['peak']:.0f} ({found['start']:.0f})" if found else "")
        lines.append(cells)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def scaling(results, competitors):
    """How many times faster each competitor is on more threads than on the fewest."""
    counts = sorted({threads for _, threads in results})
    head = ["row", *(f"{name}, {n} threads" for n in counts[1:] for name in competitors)]
    lines = [head, ["---"] * len(head)]
    for row in dict.fromkeys(row for row, _ in results):
        fewest, cells = results[row, counts[0]], [row]
        for n in counts[1:]:
            for name in competitors:
                pair = fewest.get(name), results[row, n].get(name)
                cells.append(f"{pair[0]['ms'] / pair[1]['ms']:.2f}" if all(pair) else "")
        lines.append(cells)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def rates(results, competitors):
    """GFLOP/s of the matrix products."""
    lines = []
    for (row, threads), result in results.items():
        if row.startswith("product-"):
            work = 2e-6 * int(row.split("-")[1]) ** 3
            found = [f"{n} {work / result[n]['ms']:.0f}" for n in competitors if n in result]
            lines.append(f"{row}, threads {threads}, GFLOP/s: " + ", ".join(found))
    return "\n\n".join(lines)


def machine():
    """Date, processor, commit, and how busy it is: more than a little load, and times are void."""
    processor = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        found = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        processor = found[0] if found else processor
    git = ["git", "-C", BENCHES, "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor,
        "cores": os.cpu_count(),
        "commit": commit,
        "load": round(os.getloadavg()[0], 2),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", default=["*"], help="names or patterns")
    parser.add_argument("--devices", nargs="*", default=["flex", "ndarray"], help="or flex-stock, flex-exact, flex-fastest")
    parser.add_argument("--peers", nargs="*", default=[], choices=PEERS)
    parser.add_argument("--peers-target", help="cargo's target folder for the peers")
    parser.add_argument("--threads", nargs="+", type=int, default=[os.cpu_count()])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=10, help="in each round, at the most")
    parser.add_argument("--seconds", type=float, default=20, help="for a round's repetitions")
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--python", default=sys.executable, help="one with torch and torchvision")
    parser.add_argument("--onnx", help="the folder that peers/export_onnx.py wrote")
    parser.add_argument("--json", help="file for the numbers of every repetition")
    arguments = parser.parse_args()

    started, names = commands(arguments)
    here = machine()
    names = [n for n in names if any(fnmatch.fnmatch(n, rows) for rows in arguments.rows)]
    answers, results = [], {}
    for row in names:
        for threads in arguments.threads:
            found = {name: [] for name in started}
            for i in range(arguments.rounds):
                print(f"{row}, threads {threads}, round {i + 1}", file=sys.stderr)
                for name, command in started.items():
                    if i and not found[name]:
                        continue
                    answer = measure(name, command, row, threads, arguments)
                    found[name] += [answer] if answer else []
            answers += [answer for several in found.values() for answer in several]
            results[row, threads] = {name: pooled(some) for name, some in found.items() if some}
            if arguments.json:
                numbers = {"machine": here, "answers": answers}
                pathlib.Path(arguments.json).write_text(json.dumps(numbers, indent=1))

    print(", ".join(f"{name} {value}" for name, value in here.items()), end="\n\n")
    print(markdown(results, list(started)))
    print("\nRatio: PyTorch's time over theirs. MiB: peak of resident memory (before the work).")
    if len(arguments.threads) > 1:
        print("\n" + scaling(results, list(started)))
    print("\n" + rates(results, list(started)))


if __name__ == "__main__":
    main()

"""Training of variants of one network at equal images, as docs/recipes.md and docs/ablations.md compare them.

    python docs/studies/study.py recipes train --data critters64.zip --out runs/critters --jobs 12
    python docs/studies/study.py recipes table --out runs/critters

`train` trains and evaluates what is not finished, every variant with the first seed before the next seed, and goes on
where it was stopped, by run and by step. All it starts are `hitzoo train`s. recipes.py and ablations.py say what the
variants are.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ablations import ablations
from recipes import recipes

BATCH = 64
NETWORK = "hit-ti-shapes64"
METRICS = "[random_conv_frechet, random_conv_pr, efficientnet_frechet]"
SAMPLES = 3900  # of both kinds: as many as the smaller of the two data sets has pictures

STUDIES = {"recipes": recipes, "ablations": ablations}


def shared(images: int) -> dict[str, str]:
    """Return what all variants have in common."""
    steps = images // BATCH
    return {
        "training.batch_size": str(BATCH),
        "training.steps": str(steps),
        "training.ema": "{half_life: 10000, ramp: 0.05, start_step: 0, recalibrate: 2000}",
        "data.flip": "false",
        "evaluation": f"{{metrics: {METRICS}, samples: {SAMPLES}, real_samples: {SAMPLES}, every: {steps}}}",
    }


def folder_of(variant: str, seed: int) -> str:
    """Return the name of a run's folder: `official-bCR-0`, `attention-2-2-0`."""
    words = "".join(letter if letter.isalnum() else " " for letter in variant).split()
    return "-".join([*words, str(seed)])


def train(options: argparse.Namespace) -> None:
    """Train and evaluate every variant with every seed."""
    options.out.mkdir(parents=True, exist_ok=True)
    variants = STUDIES[options.study](options.images)
    runs = [(variant, seed) for seed in options.seeds for variant in reversed(variants)]  # the longest come first
    with ThreadPoolExecutor(options.jobs) as jobs:
        list(jobs.map(lambda run: train_one(options, *run), runs))  # so that an error of one is raised in the end


def train_one(options: argparse.Namespace, variant: str, seed: int) -> None:
    """Train and evaluate one variant with one seed, or go on with it; nothing where it is finished."""
    run = options.out / folder_of(variant, seed)
    if numbers(run, options.images):
        return
    where = ["--device", options.device, "--precision", options.precision, "--log-every", 50]
    where += ["--sample-every", options.images // BATCH // 4, "--checkpoint-every", 1000, "--keep", 1]
    where += ["--workers", options.workers] if options.workers is not None else []
    if (run / "run.json").exists():
        words = ["--resume", run, *where]
    else:
        words = [NETWORK, "--seed", seed, "--data", options.data, "--out", run, *where]
        changes = shared(options.images) | STUDIES[options.study](options.images)[variant]
        words += [word for path, value in changes.items() for word in ("--set", f"{path}={value}")]
    with run.with_suffix(".log").open("a", encoding="utf-8") as log:
        done = subprocess.run([sys.executable, "-m", "hitzoo", "train", *map(str, words)], stdout=log, stderr=log)
    found = numbers(run, options.images)
    print(f"{run.name}: {found or f'ended with code {done.returncode}, see {log.name}'}", flush=True)


def numbers(run: Path, images: int) -> dict[str, float]:
    """Return the metrics of a run after all of its images; none while it is unfinished."""
    found: dict[str, float] = {}
    if (lines := run / "metrics.jsonl").exists():
        for line in lines.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record.get("step") == images // BATCH:
                found |= {name.removeprefix("eval/"): record[name] for name in record if name.startswith("eval/")}
    return found


def table(options: argparse.Namespace) -> None:
    """Print the mean and the range over seeds, a row per variant."""
    rows = {
        variant: [found for seed in options.seeds if (found := _finished(options, variant, seed))]
        for variant in STUDIES[options.study](options.images)
    }
    names = list(dict.fromkeys(name for found in rows.values() for one in found for name in one))
    print("| variant | seeds |", *(f"{name} |" for name in names))
    print("|---|---|" + "---|" * len(names))
    for variant, found in rows.items():
        if found:
            spreads = (f"{_spread([one[name] for one in found])} |" for name in names)
            print(f"| {variant} | {len(found)} |", *spreads)


def _finished(options: argparse.Namespace, variant: str, seed: int) -> dict[str, float]:
    return numbers(options.out / folder_of(variant, seed), options.images)


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3g} ({min(values):.3g}–{max(values):.3g})"


def main() -> None:
    """Read the words of the command line and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=list(STUDIES))
    parser.add_argument("verb", choices=["train", "table"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=64_000, help="images of each run's training")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=1, help="runs at once")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="float32")
    options = parser.parse_args()
    if options.verb == "train" and options.data is None:
        parser.error("train needs --data")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    {"train": train, "table": table}[options.verb](options)


if __name__ == "__main__":
    main()

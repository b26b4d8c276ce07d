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
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ablations import HALF_LIFE, ablations
from recipes import recipes

METRICS = "[random_conv_frechet, random_conv_pr, efficientnet_frechet]"


@dataclass(frozen=True)
class Study:
    """Variants by their names, as what they write into a spec, and what all of them have in common."""

    variants: Callable[[int], dict[str, dict[str, str]]]
    network: str
    batch: int
    images: int  # of each run's training, unless the command line says another number
    samples: int  # and as many pictures that they are measured against
    half_life: int  # of the averaged weights, in images
    latents: int  # for the statistics of the averaged generator's batch norms

    def steps(self, images: int) -> int:
        """Return the steps of a run."""
        return images // self.batch

    def shared(self, images: int) -> dict[str, str]:
        """Return what every variant writes into the spec."""
        steps, number = self.steps(images), self.samples
        average = f"half_life: {self.half_life}, ramp: 0.05, start_step: 0, recalibrate: {self.latents}"
        return {
            "training.batch_size": str(self.batch),
            "training.steps": str(steps),
            "training.ema": f"{{{average}}}",
            "data.flip": "false",
            "evaluation": f"{{metrics: {METRICS}, samples: {number}, real_samples: {number}, every: {steps}}}",
        }


STUDIES = {
    # 3,900 samples, because the smaller of the two data sets has little more pictures
    "recipes": Study(recipes, "hit-ti-shapes64", 64, 64_000, samples=3900, half_life=10_000, latents=2000),
    "ablations": Study(ablations, "hit-ti-fashion32", 16, 10_000, samples=2000, half_life=HALF_LIFE, latents=1000),
}


def folder_of(variant: str, seed: int) -> str:
    """Return the name of a run's folder: `official-bCR-0`, `attention-2-2-0`."""
    words = "".join(letter if letter.isalnum() else " " for letter in variant).split()
    return "-".join([*words, str(seed)])


def train(options: argparse.Namespace) -> None:
    """Train and evaluate every variant with every seed."""
    options.out.mkdir(parents=True, exist_ok=True)
    variants = STUDIES[options.study].variants(options.images)
    runs = [(variant, seed) for seed in options.seeds for variant in reversed(variants)]  # the longest come first
    with ThreadPoolExecutor(options.jobs) as jobs:
        list(jobs.map(lambda run: train_one(options, *run), runs))  # so that an error of one is raised in the end


def train_one(options: argparse.Namespace, variant: str, seed: int) -> None:
    """Train and evaluate one variant with one seed, or go on with it; nothing where it is finished."""
    study, run = STUDIES[options.study], options.out / folder_of(variant, seed)
    steps = study.steps(options.images)
    if numbers(run, steps):
        return
    where = ["--device", options.device, "--precision", options.precision, "--log-every", 50]
    where += ["--sample-every", -(-steps // 4), "--checkpoint-every", 1000, "--keep", 1]
    where += ["--workers", options.workers] if options.workers is not None else []
    if (run / "run.json").exists():
        words = ["--resume", run, *where]
    else:
        words = [study.network, "--seed", seed, "--data", options.data, "--out", run, *where]
        changes = study.shared(options.images) | study.variants(options.images)[variant]
        words += [word for path, value in changes.items() for word in ("--set", f"{path}={value}")]
    with run.with_suffix(".log").open("a", encoding="utf-8") as log:
        done = subprocess.run([sys.executable, "-m", "hitzoo", "train", *map(str, words)], stdout=log, stderr=log)
    found = numbers(run, steps)
    print(f"{run.name}: {found or f'ended with code {done.returncode}, see {log.name}'}", flush=True)


def numbers(run: Path, steps: int) -> dict[str, float]:
    """Return the metrics of a run after all of its steps; none while it is unfinished."""
    found: dict[str, float] = {}
    if (lines := run / "metrics.jsonl").exists():
        for line in lines.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record.get("step") == steps:
                found |= {name.removeprefix("eval/"): record[name] for name in record if name.startswith("eval/")}
    return found


def table(options: argparse.Namespace) -> None:
    """Print the mean and the range over seeds, a row per variant."""
    rows = {
        variant: [found for seed in options.seeds if (found := _finished(options, variant, seed))]
        for variant in STUDIES[options.study].variants(options.images)
    }
    names = list(dict.fromkeys(name for found in rows.values() for one in found for name in one))
    print("| variant | seeds |", *(f"{name} |" for name in names))
    print("|---|---|" + "---|" * len(names))
    for variant, found in rows.items():
        if found:
            spreads = (f"{_spread([one[name] for one in found])} |" for name in names)
            print(f"| {variant} | {len(found)} |", *spreads)


def _finished(options: argparse.Namespace, variant: str, seed: int) -> dict[str, float]:
    return numbers(options.out / folder_of(variant, seed), STUDIES[options.study].steps(options.images))


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3g} ({min(values):.3g}–{max(values):.3g})"


def main() -> None:
    """Read the words of the command line and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=list(STUDIES))
    parser.add_argument("verb", choices=["train", "table"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, help="images of each run's training, if not as many as in its page")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=1, help="runs at once")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="float32")
    options = parser.parse_args()
    if options.verb == "train" and options.data is None:
        parser.error("train needs --data")
    options.images = options.images or STUDIES[options.study].images
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    {"train": train, "table": table}[options.verb](options)


if __name__ == "__main__":
    main()

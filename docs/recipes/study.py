"""Training of one network by several recipes at equal images, as docs/recipes.md compares them.

    python docs/recipes/study.py train --data critters64.zip --out runs/critters --jobs 12
    python docs/recipes/study.py table --out runs/critters

`train` trains and evaluates what is not finished, every recipe with the first seed before the next seed, and goes on
where it was stopped, by run and by step. All it starts are `hitzoo train`s.
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

BATCH, RATE = 64, 4e-4
NETWORK = "hit-ti-shapes64"
METRICS = "[random_conv_frechet, random_conv_pr, efficientnet_frechet]"
SAMPLES = 3900  # of both kinds: as many as the smaller of the two data sets has pictures

_R1 = "{kind: r1, weight: 0.4}"
_BCR = "{kind: bcr, weight: 10, augment: [color, translation, cutout]}"
_DIFFAUGMENT = "{kind: diffaugment, policy: [color, translation, cutout]}"


def official() -> dict[str, str]:
    """Return the loss, penalty and optimizer of the HiT paper, without bCR."""
    optimizer = f"{{kind: adam, form: keras, learning_rate: {RATE}, betas: [0.0, 0.99]}}"
    return {"loss": "non_saturating", "regularizers": f"[{_R1}]", "optimizer": optimizer}


def r3gan(images: int) -> dict[str, str]:
    """Return R3GAN's loss, penalties and annealing, without its augmentation."""
    penalties = ", ".join(f"{{kind: {kind}, weight: {_annealed(1, 0.1, images)}}}" for kind in ("r1", "r2"))
    rate, betas = _annealed(RATE, RATE / 4, images), f"[0.0, {_annealed(0.9, 0.99, images)}]"
    return {
        "loss": "relativistic",
        "regularizers": f"[{penalties}]",
        "optimizer": f"{{kind: adam, form: torch, learning_rate: {rate}, betas: {betas}}}",
    }


def projected() -> dict[str, str]:
    """Return the recipe `small-data`, the generator's rate twice the discriminator's."""
    optimizer = f"learning_rate: {RATE}, betas: [0.0, 0.99], generator: {{learning_rate: {2 * RATE}}}"
    return {
        "loss": "hinge",
        "regularizers": "[]",
        "optimizer": f"{{kind: adam, form: torch, {optimizer}}}",
        "augment": _DIFFAUGMENT,
        "discriminator": "{family: projected, backbone: tf_efficientnet_lite0, input_size: 128, channels: 32}",
    }


def recipes(images: int) -> dict[str, dict[str, str]]:
    """Return the words of every recipe's training that are not the spec's own."""
    return {
        "official": official(),
        "official + bCR": official() | {"regularizers": f"[{_R1}, {_BCR}]"},
        "R3GAN": r3gan(images),
        "R3GAN + SAN": r3gan(images) | {"san": "true"},
        "R3GAN + DiffAugment": r3gan(images) | {"augment": _DIFFAUGMENT},
        "projected": projected(),
    }


_ELSEWHERE = {"san": "discriminator.san", "discriminator": "discriminator"}  # other words stand under `training`


def shared(images: int) -> dict[str, str]:
    """Return what all recipes have in common."""
    steps = images // BATCH
    return {
        "training.batch_size": str(BATCH),
        "training.steps": str(steps),
        "training.ema": "{half_life: 10000, ramp: 0.05, start_step: 0, recalibrate: 2000}",
        "data.flip": "false",
        "evaluation": f"{{metrics: {METRICS}, samples: {SAMPLES}, real_samples: {SAMPLES}, every: {steps}}}",
    }


def _annealed(first: float, last: float, images: int) -> str:
    return f"{{from: {first:.6g}, to: {last:.6g}, images: {images}, shape: cosine}}"


def folder_of(recipe: str, seed: int) -> str:
    """Return the name of a run's folder: `official-bCR-0`."""
    return f"{'-'.join(recipe.replace('+', ' ').split())}-{seed}"


def train(options: argparse.Namespace) -> None:
    """Train and evaluate every recipe with every seed."""
    options.out.mkdir(parents=True, exist_ok=True)
    runs = [(recipe, seed) for seed in options.seeds for recipe in reversed(recipes(options.images))]  # longest first
    with ThreadPoolExecutor(options.jobs) as jobs:
        list(jobs.map(lambda run: train_one(options, *run), runs))  # so that an error of one is raised in the end


def train_one(options: argparse.Namespace, recipe: str, seed: int) -> None:
    """Train and evaluate one recipe with one seed, or go on with it; nothing where it is finished."""
    run = options.out / folder_of(recipe, seed)
    if numbers(run, options.images):
        return
    where = ["--device", options.device, "--precision", options.precision, "--log-every", 50]
    where += ["--sample-every", options.images // BATCH // 4, "--checkpoint-every", 1000, "--keep", 1]
    where += ["--workers", options.workers] if options.workers is not None else []
    if (run / "run.json").exists():
        words = ["--resume", run, *where]
    else:
        words = [NETWORK, "--seed", seed, "--data", options.data, "--out", run, *where]
        for key, value in recipes(options.images)[recipe].items():
            words += ["--set", f"{_ELSEWHERE.get(key, f'training.{key}')}={value}"]
        for path, value in shared(options.images).items():
            words += ["--set", f"{path}={value}"]
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
    """Print the mean and the range over seeds, a row per recipe."""
    runs = {
        recipe: [options.out / folder_of(recipe, seed) for seed in options.seeds] for recipe in recipes(options.images)
    }
    rows = {recipe: [found for run in of if (found := numbers(run, options.images))] for recipe, of in runs.items()}
    names = list(dict.fromkeys(name for found in rows.values() for one in found for name in one))
    print("| recipe | seeds |", *(f"{name} |" for name in names))
    print("|---|---|" + "---|" * len(names))
    for recipe, found in rows.items():
        if found:
            spreads = (f"{_spread([one[name] for one in found])} |" for name in names)
            print(f"| {recipe} | {len(found)} |", *spreads)


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3g} ({min(values):.3g}–{max(values):.3g})"


def main() -> None:
    """Read the words of the command line and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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

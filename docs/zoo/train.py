"""Train models of the zoo again: make the data that their records name, train as their specs say, go on where stopped.

    python docs/zoo/train.py hit-ti-critters64 hit-ti-faces64 --jobs 2 -- --precision bf16 --for 8h

What follows `--` goes to every `hitzoo train`. Data go into data/, runs into runs/zoo/. Fashion-MNIST is not made but
downloaded (docs/datasets.md): `--fashion FOLDER` says where it is.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hitzoo.zoo.cards import Card, cards


def made(card: Card, folder: Path) -> Path:
    """Make the data of a record in a folder, where they are not there yet, and return their place."""
    assert card.data is not None, "who calls it has looked"
    words = shlex.split(card.data.command)
    place = folder / next(word for word in words if word.endswith(".zip"))
    if not place.exists():
        hitzoo(*(str(place) if word == place.name else word for word in words[1:]))
    return place


def train(card: Card, data: Path, out: Path, words: list[str]) -> None:
    """Train, or go on; what it says goes into a file beside the run."""
    run = out / card.name
    begun = [str(run)] if (run / "run.json").exists() else [card.spec, "--data", str(data), "--out", str(run)]
    with run.with_suffix(".log").open("a", encoding="utf-8") as log:
        done = hitzoo("train", *begun, "--resume", *words, log=log.fileno())
    print(f"{card.name}: code {done}, see {log.name}", flush=True)


def hitzoo(*words: str, log: int | None = None) -> int:
    """Run a verb and return its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "hitzoo", *words], stdout=log, stderr=log, check=log is None
    ).returncode


def main() -> None:
    """Read the words of the command line and do what they say."""
    known = {name: card for name, card in cards().items() if card.data and card.data.command}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(known)}, hit-ti-fashion32")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at once")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=Path("runs/zoo"), help="folder of the runs")
    parser.add_argument("--fashion", type=Path, help="folder or zip of Fashion-MNIST")
    own, passed = _divided(sys.argv[1:])
    options = parser.parse_args(own)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    options.data.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [cards()[name] for name in options.models or known]
    places = [options.fashion if card.name == "hit-ti-fashion32" else made(card, options.data) for card in chosen]
    with ThreadPoolExecutor(options.jobs) as jobs:
        list(jobs.map(lambda pair: train(*pair, options.out, passed), zip(chosen, places, strict=True)))


def _divided(words: list[str]) -> tuple[list[str], list[str]]:
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


if __name__ == "__main__":
    main()

"""Train models of the zoo again: make the data that their records name, train by their specs, resume what was stopped.

    python docs/zoo/train.py hit-ti-critters64 hit-ti-faces64 --jobs 2 -- --precision bf16 --for 8h

What follows `--` goes to every `hitzoo train`. Data sets go into data/, runs into runs/zoo/. Fashion-MNIST cannot be
made here: `--fashion FOLDER` says where it is (docs/datasets.md).
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

_FASHION = "-fashion32"


def made(card: Card, folder: Path) -> Path:
    """Make the data of a record in a folder, unless they are there, and return their place."""
    assert card.data is not None, "who calls it has looked"
    words = shlex.split(card.data.command)
    name = next(word for word in words if word.endswith(".zip"))
    if not (folder / name).exists():
        run(*(str(folder / name) if word == name else word for word in words[1:]))
    return folder / name


def train(card: Card, data: Path, out: Path, words: list[str]) -> int:
    """Train, or resume, and return the exit code; its output goes to a file beside the run."""
    folder = out / card.name
    begun = (folder / "run.json").exists()
    first = ["--resume", str(folder)] if begun else [card.spec, "--data", str(data), "--out", str(folder)]
    with folder.with_suffix(".log").open("a", encoding="utf-8") as log:
        code = run("train", *first, *words, log=log.fileno())
    print(f"{card.name}: code {code}, see {log.name}", flush=True)
    return code


def run(*words: str, log: int | None = None) -> int:
    """Run a verb of hitzoo and return its exit code; without a log a failure is raised."""
    return subprocess.run(
        [sys.executable, "-m", "hitzoo", *words], stdout=log, stderr=log, check=log is None
    ).returncode


def main() -> int:
    """Read the words of the command line, do what they say, and return the worst exit code."""
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    known = {
        name: card for name, card in cards().items() if name.endswith(_FASHION) or (card.data and card.data.command)
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", choices=list(known), metavar="MODEL", help=f"of {', '.join(known)}")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at once")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=Path("runs/zoo"), help="folder of the runs")
    parser.add_argument("--fashion", type=Path, help="Fashion-MNIST, for its models")
    options = parser.parse_args(sys.argv[1:at])
    if options.fashion is None and any(name.endswith(_FASHION) for name in options.models):
        parser.error("models of Fashion-MNIST need --fashion FOLDER")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for folder in (options.data, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    chosen = [known[name] for name in options.models]
    places = [options.fashion if card.name.endswith(_FASHION) else made(card, options.data) for card in chosen]
    with ThreadPoolExecutor(options.jobs) as jobs:
        codes = jobs.map(lambda pair: train(*pair, options.out, sys.argv[at + 1 :]), zip(chosen, places, strict=True))
        return max(codes)


if __name__ == "__main__":
    sys.exit(main())

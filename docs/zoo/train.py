"""Train models of the zoo again: make the data that their records name, train by their specs, resume what was stopped.

    python docs/zoo/train.py hit-ti-critters64 hit-ti-faces64 --jobs 2 -- --precision bf16 --for 8h

What follows `--` goes to every `hitzoo train`. Data sets go into data/, runs into runs/zoo/. Fashion-MNIST, which
no command makes, is looked for in data/fashion (docs/datasets.md). Autoencoders are trained by their records' commands.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hitzoo.families.load import load_spec
from hitzoo.zoo.cards import Card, cards

HITZOO = [sys.executable, "-m", "hitzoo"]


def is_trainable(card: Card) -> bool:
    """True where the record names data, or the spec has its own."""
    spec = load_spec(card.spec)
    return spec.encoder is None and bool(data_of(card) or spec.data.source)


def data_of(card: Card) -> str:
    """Return what a record's data are called: the file that its command makes, or what it was trained on."""
    made = shlex.split(card.data.command) if card.data else []
    if made:
        return next(word for word in made if word.endswith(".zip"))
    words = shlex.split(card.provenance.get("command", ""))
    return words[words.index("--data") + 1] if "--data" in words else ""


def made(card: Card, folder: Path) -> list[str]:
    """Make the data of a record in a folder, unless they are there, and return the option that names them."""
    if not (name := data_of(card)):
        return []
    if card.data and card.data.command and not (folder / name).exists():
        subprocess.run([*HITZOO, *shlex.split(card.data.command)[1:]], cwd=folder, check=True)
    return ["--data", str(folder / name)]


def train(card: Card, data: list[str], out: Path, words: list[str]) -> int:
    """Train, or resume, and return the exit code; its output goes to a file beside the run."""
    folder = out / card.name
    begun = (folder / "run.json").exists()
    first = ["--resume", str(folder)] if begun else [card.spec, *data, "--out", str(folder)]
    with folder.with_suffix(".log").open("a", encoding="utf-8") as log:
        code = subprocess.run([*HITZOO, "train", *first, *words], stdout=log, stderr=log).returncode
    print(f"{card.name}: code {code}, see {log.name}", flush=True)
    return code


def main() -> int:
    """Read the words of the command line, do what they say, and return the worst exit code."""
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    known = {name: card for name, card in cards().items() if is_trainable(card)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", choices=list(known), metavar="MODEL", help=f"of {', '.join(known)}")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at once")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=Path("runs/zoo"), help="folder of the runs")
    options = parser.parse_args(sys.argv[1:at])
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for folder in (options.data, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    chosen = [known[name] for name in options.models]
    data = [made(card, options.data) for card in chosen]
    with ThreadPoolExecutor(options.jobs) as jobs:
        codes = jobs.map(lambda pair: train(*pair, options.out, sys.argv[at + 1 :]), zip(chosen, data, strict=True))
        return max(map(abs, codes))  # a training that was killed has a negative one


if __name__ == "__main__":
    sys.exit(main())

"""Put a trained run into zoo/: its weights, and a record with what they measure and how they were made.

    python docs/zoo/bundle.py runs/critters --name hit-ti-critters64 --data critters64.zip --hardware "2 CPU cores"

zoo/NAME.yaml is there before, as `spec only` with its data; this adds the rest. Then `python docs/zoo/page.py`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from hitzoo.zoo.cards import read_card
from hitzoo.zoo.run_checkpoints import named_checkpoint

ZOO = Path(__file__).resolve().parents[2] / "zoo"
LARGEST = 8_000_000  # bytes of a bundled model
INDIFFERENT = ("--checkpoint-every", "--for", "--keep", "--log-every", "--sample-every", "--steps", "--workers")


def provenance_of(run: Path, data: Path, hardware: str) -> dict[str, Any]:
    """Return how a run was made, with the command that makes it again: the first session's, on to the last step."""
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    last = json.loads((run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    words, versions = about["sessions"][0]["command"], about["sessions"][0]["versions"]
    return {
        "command": shlex.join(["hitzoo", *again(words[words.index("train") :], data, last["step"])]),
        "seed": about["seed"],
        "steps": last["step"],
        "images": last["images"],
        "hours": float(f"{last['seconds'] / 3600:.2g}"),
        "hardware": hardware,
        "date": about["sessions"][-1]["started"][:10],
        "versions": f"hitzoo {versions['hitzoo']}, torch {versions['torch']}, Python {versions['python']}",
    }


def again(words: list[str], data: Path, steps: int) -> Iterator[str]:
    """Yield the words of a training that change its result; folders of a machine are left out."""
    left = iter(words)
    for word in left:
        if word in INDIFFERENT:
            next(left)
        elif word == "--data":
            next(left)
            yield from (word, data.name)
        else:
            yield Path(word).name if word.startswith("/") else word
    yield from ("--steps", str(steps))


def measured(checkpoint: Path, data: Path) -> Iterator[dict[str, Any]]:
    """Measure a checkpoint as its spec says: each number with four digits, and of what it is."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        words = ["eval", str(checkpoint), "--data", str(data), "--out", str(out)]
        subprocess.run([sys.executable, "-m", "hitzoo", *words], check=True)
        report: Mapping[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    for score in report["scores"]:
        generated, real = score["protocol"]["generated"], score["protocol"]["real"]
        of = f"{generated['images']:,} samples (seeds {generated['seeds']}, truncation 1) against {real['images']:,}"
        yield {
            "metric": score["name"],
            "value": float(f"{score['value']:.4g}"),
            "protocol": f"{of} of the {real['of']:,} training images; not FID",
        }


def main() -> None:
    """Read the words of the command line; write the weights and the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="its newest checkpoint is taken")
    parser.add_argument("--name", required=True)
    parser.add_argument("--data", type=Path, required=True, help="what it was trained on, by the name for others")
    parser.add_argument("--hardware", required=True, help="in a few words")
    options = parser.parse_args()
    record, weights = ZOO / f"{options.name}.yaml", ZOO / f"{options.name}.safetensors"
    card, checkpoint = read_card(record), named_checkpoint(f"{options.run}@newest")
    if card.data is None or checkpoint is None:
        parser.error(f"{record} needs its data, and {options.run} a checkpoint")
    trained = checkpoint / "model.safetensors"
    if trained.stat().st_size > LARGEST:
        parser.error(f"{trained} has {trained.stat().st_size:,} bytes; the wheel takes {LARGEST:,}")
    known = yaml.safe_load(record.read_text(encoding="utf-8"))
    made = known["data"].get("command", "")
    known |= {
        "status": "bundled",
        "license": "Apache-2.0",
        "file": weights.name,
        "sha256": hashlib.sha256(trained.read_bytes()).hexdigest(),
        "size": trained.stat().st_size,
        "measured": list(measured(checkpoint, options.data)),
        "evaluation": " && ".join(filter(None, [made, f"hitzoo eval {options.name} --data {options.data.name}"])),
        "provenance": provenance_of(options.run, options.data, options.hardware),
    }
    shutil.copyfile(trained, weights)
    record.write_text(yaml.safe_dump(known, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")
    read_card(record)


if __name__ == "__main__":
    main()

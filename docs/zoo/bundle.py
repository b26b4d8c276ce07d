"""Put a trained run into zoo/: its weights, and a record with what they measure and how they were made.

    python docs/zoo/bundle.py runs/critters --name hit-ti-critters64 --data critters64.zip --hardware "2 CPU cores"

zoo/NAME.yaml is there before, as `spec only` with its data; this adds the rest. Then `python docs/zoo/page.py --grids`.
Of an autoencoder it would take the decoder alone, and refuses.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from hitzoo.hub.provenance import name_of
from hitzoo.zoo.cards import read_card
from hitzoo.zoo.run_checkpoints import named_checkpoint
from hitzoo.zoo.run_layout import step_of

ZOO = Path(__file__).resolve().parents[2] / "zoo"
LARGEST = 8_000_000  # bytes of a bundled model
DECIDING = ("versions", "device", "precision", "compiled", "batch_per_device", "processes")  # of a session
WITHOUT_EFFECT = ("--checkpoint-every", "--for", "--keep", "--log-every", "--sample-every", "--steps", "--workers")


def newest(run: Path) -> tuple[Path, int]:
    """Return a run's newest checkpoint and its step.

    Raises:
        ValueError: there is none, or not one that can travel with hitzoo.
    """
    checkpoint = named_checkpoint(f"{run}@newest")
    step = step_of(checkpoint.name) if checkpoint else None
    if checkpoint is None or step is None:
        raise ValueError(f"{run} has no checkpoint")
    if (checkpoint / "encoder.safetensors").exists():
        raise ValueError(f"{run} is an autoencoder, of which this would take the decoder alone")
    if (size := (checkpoint / "model.safetensors").stat().st_size) > LARGEST:
        raise ValueError(f"{checkpoint} has {size:,} bytes, more than {LARGEST:,}: publish it (CONTRIBUTING.md)")
    return checkpoint, step


def provenance_of(run: Path, step: int, hardware: str) -> dict[str, Any]:
    """Return how a checkpoint was made, with the command that makes it again: the first session's, to that step.

    Raises:
        ValueError: later sessions went on otherwise, so that the command would not be what made it.
    """
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    reached = next(line for line in map(json.loads, reversed(lines)) if line["step"] == step and "seconds" in line)
    first, *later = about["sessions"]
    if changed := {name for session in later for name in DECIDING if session[name] != first[name]}:
        raise ValueError(f"{run} was continued with another {', '.join(sorted(changed))}")
    words, versions = first["command"], first["versions"]
    return {
        "command": shlex.join(["hitzoo", *again(words[words.index("train") :], step)]),
        "seed": about["seed"],
        "steps": step,
        "images": reached["images"],
        "hours": float(f"{reached['seconds'] / 3600:.3g}"),
        "hardware": hardware,
        "date": about["sessions"][-1]["started"][:10],
        "versions": f"hitzoo {versions['hitzoo']}, torch {versions['torch']}, Python {versions['python']}",
    }


def again(words: list[str], step: int) -> Iterator[str]:
    """Yield the words of a training that change its result, with names of files that mean something elsewhere."""
    left = iter(words)
    for word in left:
        option, _, value = word.partition("=")
        if option in WITHOUT_EFFECT:
            if not value:
                next(left)
        elif word == "--data":
            yield from (word, Path(next(left)).name)
        elif word == "--out":
            yield from (word, f"runs/{Path(next(left)).name}")
        elif word != "--resume":
            yield str(name_of(word))
    yield from ("--steps", str(step))


def measured(checkpoint: Path, data: Path) -> Iterator[dict[str, Any]]:
    """Measure a checkpoint as its spec says: each number with four digits, and of what it is."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        words = ["eval", str(checkpoint), "--data", str(data), "--out", str(out)]
        subprocess.run([sys.executable, "-m", "hitzoo", *words], check=True)
        scores = json.loads(out.read_text(encoding="utf-8"))["scores"]
    for number, score in enumerate(scores):
        protocol = score["protocol"]
        made, real = protocol["generated"], protocol["real"]
        of = f"{made['images']:,} samples (seeds {made['seeds']}, truncation 1) against {real['images']:,} of the"
        of = f"as {scores[0]['name']}" if number else f"{of} {real['of']:,} training images"
        neighbours = f", {protocol['neighbours']} neighbours" if "neighbours" in protocol else ""
        yield {
            "metric": score["name"],
            "value": float(f"{score['value']:.4g}"),
            "protocol": f"{of}; {protocol['features']['network']}{neighbours}"
            + ("; not FID" if score["name"].endswith("frechet") else ""),
        }


def main() -> None:
    """Read the words of the command line; write the weights and the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="its newest checkpoint is taken")
    parser.add_argument("--name", required=True)
    parser.add_argument("--data", type=Path, required=True, help="what it is measured on, by the name for others")
    parser.add_argument("--hardware", required=True, help="in a few words")
    options = parser.parse_args()
    record, weights = ZOO / f"{options.name}.yaml", ZOO / f"{options.name}.safetensors"
    if not record.exists():
        parser.error(f"{record} is missing: write it first, with status `spec only` and its data")
    if read_card(record).data is None:
        parser.error(f"{record} has no data: say what it was trained on, and under which licence")
    try:
        checkpoint, step = newest(options.run)
        provenance = provenance_of(options.run, step, options.hardware)
    except ValueError as error:
        parser.error(str(error))
    trained = checkpoint / "model.safetensors"
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
        "provenance": provenance,
    }
    shutil.copyfile(trained, weights)
    record.write_text(yaml.safe_dump(known, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")
    read_card(record)


if __name__ == "__main__":
    main()

"""Runs as training leaves them, written by hand: a report reads their files alone."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from hitzoo.families.load import parse_spec
from hitzoo.spec.convert import to_data
from tests.support import TINY_HIT

SPEC = TINY_HIT + "training: {batch_size: 4, steps: 400}\ndata: {source: synthetic, resolution: 8}\n"
SESSION = {
    "started": "2026-11-26T13:46:20+00:00",
    "command": ["/usr/bin/hitzoo", "train", "tiny", "--out", "a b"],
    "host": platform.node(),
    "pid": 0,  # no process has it
    "versions": {"python": "3.11.7", "torch": "2.15.0"},
    "device": "cuda:0",
    "device_name": "A Card",
    "processes": 1,
    "precision": "bf16",
    "compiled": True,
    "batch_per_device": 4,
}


def lines(count: int = 20, **further: float) -> list[dict[str, Any]]:
    """Records of every tenth step, 4 images each; a loss falls from 1 and is 1/k in the k-th."""
    return [
        {
            "step": 10 * k,
            "images": 40 * k,
            "seconds": float(k),
            "images_per_second": 40.0,
            "loss/generator": 1.0 / k,
            "d_real": 0.5,
            "d_fake": -0.25,
            **further,
        }
        for k in range(1, count + 1)
    ]


def write_run(
    folder: Path,
    records: Iterable[Mapping[str, Any]] = (),
    *,
    grids: Iterable[int] = (),
    about: Mapping[str, Any] | None = None,
    side: int = 14,
) -> Path:
    """Write a run's folder: `run.json`, `metrics.jsonl`, and grids of one colour each, a little redder every step."""
    folder.mkdir(parents=True)
    spec = to_data(parse_spec(SPEC))
    known = {"name": spec["name"], "seed": 7, "spec": spec, "sessions": [SESSION], **(about or {})}
    (folder / "run.json").write_text(json.dumps(known))
    written = "".join(json.dumps(record) + "\n" for record in records)
    if written:
        (folder / "metrics.jsonl").write_text(written)
    (folder / "samples").mkdir()
    for place, step in enumerate(grids):
        Image.new("RGB", (side, side), (min(255, 20 * place), 80, 80)).save(folder / "samples" / f"step-{step:08d}.png")
    if grids:
        Image.new("RGB", (side, side), (0, 0, 200)).save(folder / "samples" / "real.png")
    return folder

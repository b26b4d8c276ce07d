"""Folders of runs as training writes them, of made-up numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Value = Callable[[int], float]


def write_run(
    folder: Path, seed: int = 0, *, records: int = 100, training: Any = None, samples: int = 1000, **series: Value
) -> Path:
    """Write the folder of a run of 32,000 images in records of 320, with the given series by images."""
    name = folder.name
    folder.mkdir(parents=True)
    recipe = {"batch_size": 32, "loss": "hinge", "steps": 9, **(training or {})}
    about = {
        "name": name,
        "made_from": "tiny",
        "seed": seed,
        "generator_plan": "g",
        "discriminator_plan": "d",
        "spec": {"name": name, "training": recipe, "evaluation": {"samples": samples}},
        "sessions": [
            {
                "started": "2026-11-26T10:00:00+00:00",
                "versions": {"hitzoo": "0.1.0", "torch": "2.15.0", "numpy": "2"},
                "device_name": "a CPU",
                "data": {"fingerprint": "synthetic-1-65536"},
            }
        ],
    }
    (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
    chosen = series or {"loss/discriminator": lambda images: 1.0 + 0.01 * (images // 320 % 3) + 0.001 * seed}
    lines = [
        {"step": 10 * index, "images": 320 * index, **{key: of(320 * index) for key, of in chosen.items()}}
        for index in range(1, records + 1)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metrics.jsonl").write_text(text, encoding="utf-8")
    return folder

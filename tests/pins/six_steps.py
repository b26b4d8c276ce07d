"""Six steps of five recipes, as the digest and the size of every tensor of their checkpoints."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import torch
from safetensors.torch import load_file

from tests.processes.start import Starter

HERE = Path(__file__).parent
RECIPES = {
    "r1 and bcr": [],
    "r1": ["training.regularizers=[{kind: r1, weight: 1.0}]"],
    "layer norm, hinge, no penalty": [
        "generator.norm=layer",
        "training.loss=hinge",
        "training.regularizers=[]",
        "discriminator.minibatch_std=2",
    ],
    "adam with both moments": ["training.optimizer.betas=[0.5, 0.9]"],
    "torch's adam": ["training.optimizer.form=torch", "training.regularizers=[{kind: r1, weight: 1.0, interval: 4}]"],
}


def machine() -> str:
    """Return what the last bits of a result depend on: the processor's kind and torch's version."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{models[0] if models else platform.processor()}, {capability}, torch {torch.__version__.split('+')[0]}"


def digests(start: Starter, recipe: str, folder: Path) -> dict[str, list[object]]:
    """Train a recipe in `folder` and return the digests of its checkpoint."""
    overrides = [word for value in RECIPES[recipe] for word in ("--set", value)]
    words = ["train", HERE / "tiny.yaml", "--out", folder, "--seed", 3, "--device", "cpu", "--threads", 1, *overrides]
    process = start(*words, cwd=HERE, env=os.environ | {"OMP_NUM_THREADS": "1"})
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    (checkpoint,) = (folder / "checkpoints").iterdir()
    return digests_of(checkpoint)


def digests_of(checkpoint: Path) -> dict[str, list[object]]:
    """Return, for each tensor by file and name, the head of its sha256 and its root mean square."""
    found: dict[str, list[object]] = {}
    for file in sorted(checkpoint.rglob("*.safetensors")):
        for name, tensor in sorted(load_file(file).items()):
            digest = hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()[:16]
            size = tensor.double().square().mean().sqrt().item()
            found[f"{file.relative_to(checkpoint).as_posix()} {name}"] = [digest, round(size, 6)]
    return found

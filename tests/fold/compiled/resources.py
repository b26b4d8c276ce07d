"""A launch compiled for a card, and what it takes of it by the compiler's own report."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hitzoo.fold.triton.tiling import smaller
from tests.fold.compiled.cards import Card
from tests.fold.compiled.launches import Launch


@dataclass(frozen=True)
class Resources:
    """Of a program, bytes of `shared` and `columns` of tensor memory; of a thread, `registers` and bytes `spilled`.

    A thread's spilled bytes are its stack in memory, which no kernel of ours has for anything else.
    """

    shared: int
    columns: int
    registers: int
    spilled: int
    ptx: str


def compile_for(launch: Launch, card: Card, folder: Path) -> Resources:
    """Compile it; `folder` is for files on the way."""
    from triton import knobs
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    from hitzoo.fold.triton.device import mlp_kernel, stage_kernel

    kernel: Any = getattr({"mlp_kernel": mlp_kernel, "stage_kernel": stage_kernel}[launch.kernel], launch.kernel)
    types = dict(launch.types)
    source = ASTSource(
        fn=kernel,
        signature={name: types.get(name, "constexpr") for name in kernel.arg_names},
        constexprs=dict(launch.constants),
        attrs={(i,): [["tt.divisibility", 16]] for i, name in enumerate(kernel.arg_names) if name in types},
    )
    compiled = compile(source, target=GPUTarget("cuda", card.arch, 32), options=dict(launch.options))
    cubin = folder / "kernel.cubin"
    cubin.write_bytes(compiled.asm["cubin"])
    command = [knobs.nvidia.cuobjdump.path, "--dump-resource-usage", str(cubin)]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Resources(
        shared=compiled.metadata.shared,
        columns=getattr(compiled.metadata, "tmem_size", None) or 0,
        registers=_number("REG", report),
        spilled=_number("STACK", report),
        ptx=compiled.asm["ptx"],
    )


def compile_as_launched(launch: Launch, card: Card, folder: Path) -> tuple[Launch, Resources]:
    """Compile it with its tile, or with the first smaller one that the card has the memory for, as `attempts` does."""
    while True:
        found = compile_for(launch, card, folder)
        less = smaller(launch.shape)
        if (found.shared <= card.device.shared and found.columns <= card.columns) or less is None:
            return launch, found
        launch = launch.with_tile(less)


def _number(word: str, report: str) -> int:
    found = re.search(rf"\b{word}:(\d+)", report)
    assert found, report
    return int(found[1])

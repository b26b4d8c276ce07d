"""The launches that a fast network makes on a card, recorded without one: its forward pass on the meta device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from unittest import mock

import torch

from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.fold import fold
from hitzoo.families.load import load_spec
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.triton.tiling import Tile
from hitzoo.spec.shipped import shipped_specs
from tests.fold.compiled.cards import Card

OPTIONS = ("num_warps", "num_stages", "enable_fp_fusion")
POINTERS = {torch.bfloat16: "*bf16", torch.float32: "*fp32", torch.float16: "*fp16"}
WORDS = ("count", "programs")  # 32-bit arguments that are no compile-time constants


@dataclass(frozen=True)
class Launch:
    """A kernel and all that it is compiled for; `types` are those of its arguments in memory."""

    kernel: str
    types: tuple[tuple[str, str], ...]
    constants: tuple[tuple[str, Any], ...]
    options: tuple[tuple[str, Any], ...]

    def __getitem__(self, constant: str) -> Any:
        return dict(self.constants)[constant]

    def has(self, argument: str) -> bool:
        """True if a tensor is given for it."""
        return argument in dict(self.types)

    @property
    def dtype(self) -> str:
        return dict(self.types)["x"].removeprefix("*")

    @property
    def ends(self) -> bool:
        """True if it ends in the image."""
        return self.has("skip") or self.has("collapsed")

    @property
    def tile(self) -> str:
        return f"{self['ROWS']}×{self['CHUNK']}{' kept' if self['KEPT'] else ''}"

    @property
    def shape(self) -> Tile:
        """Its tile as it was chosen, but for the programs, of which the compiler knows nothing."""
        options = dict(self.options)
        return Tile(
            rows=self["ROWS"],
            chunk=self["CHUNK"],
            kept=self["KEPT"],
            warps=options["num_warps"],
            stages=options["num_stages"],
            programs=1,
        )

    def with_tile(self, tile: Tile) -> Launch:
        """The same work with rows and chunk of another tile."""
        other = dict(self.constants) | {"ROWS": tile.rows, "CHUNK": tile.chunk, "KEPT": tile.kept}
        return replace(self, constants=tuple(other.items()))


class Recorder:
    """Stands for a kernel, and keeps what it is launched with."""

    def __init__(self, kernel: Any, launches: list[Launch]) -> None:
        self.kernel, self.launches = kernel, launches

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        assert len(grid) == 1
        assert 0 < grid[0] < 2**31
        return self.keep

    def keep(self, *arguments: Any, **named: Any) -> None:
        options = {word: named.pop(word) for word in OPTIONS}
        given = dict(zip(self.kernel.arg_names, arguments, strict=False)) | named
        types = {name: POINTERS[value.dtype] for name, value in given.items() if isinstance(value, torch.Tensor)}
        types |= {name: "i32" for name in WORDS if name in given}
        constants = {name: value for name, value in given.items() if name not in types}
        self.launches.append(
            Launch(self.kernel.__name__, *(tuple(each.items()) for each in (types, constants, options)))
        )


@contextmanager
def recording(card: Card) -> Iterator[list[Launch]]:
    """Keep what is launched inside, as it would be on the card, instead of running it."""
    from hitzoo.fold.triton.device import mlp_kernel, stage_kernel

    launches: list[Launch] = []
    with ExitStack() as patches:
        for module in (mlp_kernel, stage_kernel):
            name = module.__name__.rsplit(".", 1)[1]
            recorder = Recorder(getattr(module, name), launches)
            patches.enter_context(mock.patch.object(module, name, recorder))
        for module in ("mlp", "stage", "support"):
            place = f"hitzoo.fold.triton.{module}.device_of"
            patches.enter_context(mock.patch(place, return_value=card.device))
        patches.enter_context(mock.patch("hitzoo.fold.triton.support.supports_device", return_value=True))
        patches.enter_context(mock.patch("hitzoo.fold.triton.attempts._tiles", {}))  # other cards' are not this one's
        yield launches


@cache
def networks() -> dict[str, ModelPlan]:
    """The shipped specs' networks by name, one spec for each generator, of the families that launch kernels of ours."""
    every = map(compile_spec, map(load_spec, sorted(shipped_specs(), reverse=True)))
    plans = {plan.generator_hash: plan for plan in every if plan.generator.family in ("hit", "convnet")}
    return {plan.name: plan for plan in reversed(plans.values())}


def launches_of(plan: ModelPlan, card: Card, dtype: torch.dtype) -> list[Launch]:
    """Every launch of one call of the fast network, in order."""
    with recording(card) as launches, torch.inference_mode():
        _folded(plan.name, dtype)(_inputs(plan))
    return launches


def _inputs(plan: ModelPlan) -> torch.Tensor:
    """What the generator takes: rows, or maps of codes."""
    shape = (plan.codes.width, plan.codes.side, plan.codes.side) if plan.is_autoencoder else (plan.input_width,)
    return torch.empty(2, *shape, device="meta")


@cache
def _folded(name: str, dtype: torch.dtype) -> torch.nn.Module:
    with torch.device("meta"):
        module = build_generator(networks()[name]).eval().requires_grad_(False)
    like = torch.empty(0, dtype=dtype, device="meta")
    return fold(module, Kernels(like, onednn=False, chunk_numel=None, position_cache_numel=1 << 62, triton=True))

from __future__ import annotations

from collections.abc import Callable

import pytest

from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec


def _layout(
    channels: str, depths: str, heads: str, blocks: str, *, latent: int = 512, generator: str = "", rest: str = ""
) -> ModelPlan:
    stages = "\n".join(
        f"    - {{channels: {c}, depth: {d}, heads: {h}, {'attention: none' if b == '-' else f'block_size: {b}'}}}"
        for c, d, h, b in zip(channels.split(), depths.split(), heads.split(), blocks.split(), strict=True)
    )
    head = f"hitzoo: 1\nname: layout\ngenerator:\n  family: hit\n  latent_dim: {latent}\n{generator}"
    return compile_spec(parse_spec(f"{head}  stages:\n{stages}\n{rest}"))


@pytest.fixture
def layout() -> Callable[..., ModelPlan]:
    """The plan of a layout from its row in a table: widths, depths, heads and block sizes, `-` without attention."""
    return _layout

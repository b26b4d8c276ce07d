"""What happens where Triton cannot build a kernel."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hitzoo.families.fold import fold
from hitzoo.fold.kernels import plain_kernels
from hitzoo.fold.triton import build_failure
from tests.fold.triton.test_optimized_network import generator

BROKEN = """
def build(*given, **options):
    raise RuntimeError("Failed to find C compiler.\\nPlease specify one")
"""


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_failure, "_failed", False)


def failing(name: str):
    """A function of a module of that name which cannot do what it is for."""
    place = {"__name__": name}
    exec(BROKEN, place)
    return place["build"]


@pytest.mark.parametrize("which", ["fold.mlp_kernel.fused_mlp", "families.hit.fold.stage_kernel.pixel_stage"])
def test_torchs_own_operations_take_their_place_and_it_is_said_once(
    which: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(f"hitzoo.{which}", failing("triton.runtime.build"))
    monkeypatch.setattr("hitzoo.fold.mlp_kernel.supports_mlp", lambda *_: "mlp_kernel" in which)
    monkeypatch.setattr("hitzoo.families.hit.fold.stage_kernel.supports_stage", lambda *_: True)
    if "mlp_kernel" in which:
        monkeypatch.setattr("hitzoo.families.hit.fold.stage_kernel.supports_stage", lambda *_: False)
    module = generator()
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))
    folded = fold(module, replace(plain_kernels(), triton=True))
    for _ in range(2):
        torch.testing.assert_close(folded(z), module(z), rtol=1e-5, atol=1e-5)
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "Triton cannot build its kernels here (Failed to find C compiler.); torch's own operations take their place"
    ]
    assert build_failure.has_build_failed()


def test_our_own_mistakes_are_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="C compiler"):
        build_failure.run_or_none(failing("hitzoo.fold.triton.mlp"))
    assert not build_failure.has_build_failed()
    assert build_failure.run_or_none(lambda: 3) == 3

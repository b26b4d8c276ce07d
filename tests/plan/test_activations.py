"""What each row of the table says it keeps for the backward pass, against what autograd is given to keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import nn

from hitzoo.families.build import build
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import load_spec
from hitzoo.plan.table import Row
from hitzoo.training.engine.fused_attention import fused_attention
from tests.families.r3gan.variables import tiny as tiny_r3gan
from tests.families.stylegan2_generator.variables import tiny as tiny_stylegan2
from tests.families.transgan.variables import TINY, tiny

BATCH = 8  # a multiple of the groups of the minibatch deviation
KINDS = ("multi_axis", "regional", "dilated", "interleaved", "axial", "global")


def kept_by_parts(network: nn.Module, rows: Iterable[Row], given: torch.Tensor) -> dict[str, int]:
    """Numbers saved for backward while each part of the table runs, every storage once, weights left out."""
    parts = {row.name: network.get_submodule(row.name) for row in rows}
    sizes = dict.fromkeys(parts, 0)
    seen = {tensor.untyped_storage()._cdata for tensor in network.state_dict().values()}
    kept: list[torch.Tensor] = []  # holds the storages, so that no address is given out twice
    current: list[str] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        key = tensor.untyped_storage()._cdata
        if current and key not in seen:
            seen.add(key)
            kept.append(tensor.detach())
            sizes[current[-1]] += tensor.untyped_storage().nbytes() // tensor.element_size()
        return tensor

    def entering(name: str) -> Any:
        return lambda *_: current.append(name)

    for name, part in parts.items():
        part.register_forward_pre_hook(entering(name))
        part.register_forward_hook(lambda *_: (current.pop(), None)[1])
    with fused_attention(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(given)
    return sizes


def check(name: str, *overrides: str, device: str = "meta") -> None:
    check_plan(compile_spec(load_spec(name, overrides)), device)


def check_plan(plan: ModelPlan, device: str, readers: tuple[str, ...] = ("stages.0",)) -> None:
    with torch.device(device):
        networks = build(plan)
        side, channels = plan.generator.resolution, plan.generator.image_channels
        inputs = {
            batch: (
                torch.zeros(batch, plan.input_width),  # no numbers of chance: some stand for a class
                torch.empty(batch, side, side, channels).permute(0, 3, 1, 2),
            )
            for batch in (BATCH, 2 * BATCH)
        }
    rows = (plan.generator.rows(), plan.discriminator.rows())
    for network, listed, which in zip(networks, rows, (0, 1), strict=True):
        small, large = (kept_by_parts(network, listed, inputs[batch][which]) for batch in inputs)
        measured = {row.name: (large[row.name] - small[row.name]) / BATCH for row in listed}
        said = {row.name: row.cost.activations for row in listed}
        assert sum(said.values()) == pytest.approx(sum(measured.values()), rel=1e-3)
        for part in said:
            # the tokens' last map is kept by the first stage that reads them, but is a cost of the tokens
            if part not in ("tokens", *readers):
                assert said[part] == pytest.approx(measured[part], rel=2e-3), part


@pytest.mark.parametrize("name", ["hit-b-ffhq256", "hit-ti-shapes64"])
def test_shipped(name: str) -> None:
    check(name)


def test_convolutions_on_a_real_device() -> None:
    """On the meta device convolutions do not keep maps channels-last, which makes copies that nothing real makes."""
    check("convnet-r1-imagenet128", "generator.channels=[32, 32, 16, 8]", "data.resolution=32", device="cpu")


def test_without_cross_attention() -> None:
    check("hit-imagenet128-ablation-inr")


@pytest.mark.parametrize("share_kv", ["true", "false"])
@pytest.mark.parametrize("kind", KINDS)
def test_attention(kind: str, share_kv: str) -> None:
    stage = f"generator.stages[1]={{channels: 64, heads: 4, depth: 2, attention: {kind}}}"
    check("hit-ti-shapes32", stage, f"generator.heads_share_kv={share_kv}")


@pytest.mark.parametrize("norm", ["layer", "pixel"])
def test_norms_without_statistics_and_the_discriminators_options(norm: str) -> None:
    check(
        "hit-ti-shapes32",
        f"generator.norm={norm}",
        "data.channels=4",
        "discriminator.minibatch_std=0",
        "discriminator.downsample=average",
    )


@pytest.mark.parametrize("config", TINY)
def test_transgan(config: str) -> None:
    """On a real device, where a convolution keeps no copy of an image that is channels-last already.

    A row with a key of noise is kept whole; the discriminators have no keys here.
    """
    readers = ("initial", "stages.1") if config == "celebahq256" else ("initial",)
    check_plan(tiny(config, "discriminator.noise=false"), "cpu", readers)


@pytest.mark.parametrize("noise", ["random", "constant", "none", "random generator.style_mixing=0.9"])
def test_stylegan2(noise: str) -> None:
    """The style is kept by the first stage that takes it."""
    widths = ("generator.channels=[16, 16, 8]", "discriminator.channels=[8, 16, 16]")
    check_plan(tiny_stylegan2(*f"generator.noise={noise}".split(), *widths), "cpu", ("mapping", "stages.0"))


@pytest.mark.parametrize("classes", [0, 3])
def test_r3gan(classes: int) -> None:
    """The first map is kept by the first stage."""
    check_plan(tiny_r3gan(f"generator.classes={classes}", f"discriminator.classes={classes}"), "cpu", ("initial",))

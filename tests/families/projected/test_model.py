"""The projected discriminator: what it computes, what it learns and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.backbones.weights import VARIABLE, find_weights
from hitzoo.errors import WeightsError
from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.projected.mixing import Mixing
from hitzoo.families.projected.model import ProjectedDiscriminator
from hitzoo.plan.ports import Logits
from tests.backbones.random_weights import NAME, write_random_weights
from tests.support import TINY_HIT

SMALL = "discriminator={family: projected, input_size: 32, channels: 4}"


def make(*overrides: str) -> ProjectedDiscriminator:
    torch.manual_seed(0)
    found = build_discriminator(compile_spec(parse_spec(TINY_HIT, "tiny", [SMALL, *overrides])))
    assert isinstance(found, ProjectedDiscriminator)
    return found


def images(count: int = 3, channels: int = 3) -> torch.Tensor:
    return torch.rand(count, channels, 8, 8, generator=torch.Generator().manual_seed(5)) * 2 - 1


def test_each_place_of_each_head_has_a_logit(backbone: Path) -> None:
    network = make("discriminator.input_size=64")
    enlarged = F.interpolate(images(), (64, 64), mode="bilinear")
    maps = network.mixing(network.backbone(enlarged))
    assert [map_.shape[1:] for map_ in maps] == [(4, 16, 16), (8, 8, 8), (16, 4, 4), (32, 2, 2)]
    logits = []
    for head, map_ in zip(network.heads, maps, strict=True):
        for layer in head.hidden:
            map_ = F.leaky_relu(layer(map_), 0.2)
        logits.append(head.logit(map_))
        assert logits[-1].shape == (3, 1, 2, 2)
    torch.testing.assert_close(network(images()), torch.stack(logits, dim=1).reshape(3, 16))
    assert network.plan.gives == Logits(16)


def test_images_are_judged_one_by_one(backbone: Path) -> None:
    network = make()
    torch.testing.assert_close(network(images())[1:2], network(images()[1:2]))


def test_heads_alone_are_trained_and_stored(backbone: Path) -> None:
    network = make()
    assert {name.split(".")[0] for name, _ in network.named_parameters()} == {"heads"}
    assert network.state_dict().keys() == {name for name, _ in network.named_parameters()}
    before = {name: value.clone() for name, value in network.named_buffers()}
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
    network(images()).sum().backward()
    optimizer.step()
    assert all(torch.equal(value, before[name]) for name, value in network.named_buffers())
    assert all(weight.grad is not None for weight in network.parameters())


def test_gradient_reaches_the_images(backbone: Path) -> None:
    given = images().requires_grad_()
    (gradient,) = torch.autograd.grad(make()(given).sum(), given, create_graph=True)
    assert (gradient.square().sum(dim=(1, 2, 3)) > 0).all()
    gradient.square().sum().backward()  # as R1 has it


def test_grey_is_repeated(backbone: Path) -> None:
    grey = images(channels=1)
    torch.testing.assert_close(make("data.channels=1")(grey), make()(grey.repeat(1, 3, 1, 1)))


def test_mixing_is_a_u_net_of_random_convolutions() -> None:
    plan = make_plan()
    mixing = Mixing(plan)
    random = np.random.RandomState(plan.mixing_seed)
    sizes = [(4, 24, 1), (8, 40, 1), (16, 112, 1), (32, 320, 1), (4, 8, 3), (8, 16, 3), (16, 32, 3)]
    ones, threes = [], []
    for outer, inner, size in sizes:
        weight = random.standard_normal((outer, inner, size, size)) / (inner * size**2) ** 0.5
        (ones if size == 1 else threes).append(torch.from_numpy(weight).float())
    maps = [torch.randn(2, inner, 8 >> level, 8 >> level) for level, inner in enumerate((24, 40, 112, 320))]
    wanted = [F.conv2d(0.1 * map_, weight) for map_, weight in zip(maps, ones, strict=True)]
    for level in (2, 1, 0):
        coarser = F.conv2d(wanted[level + 1], threes[level], padding=1)
        wanted[level] = wanted[level] + F.interpolate(coarser, scale_factor=2, mode="bilinear")
    for one, other in zip(mixing(maps), wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_mixing_follows_from_its_seed_alone() -> None:
    def weights(*overrides: str) -> list[torch.Tensor]:
        return list(Mixing(make_plan(*overrides)).buffers())

    torch.manual_seed(1)
    first = weights()
    torch.manual_seed(2)
    assert all(map(torch.equal, first, weights()))
    assert not torch.equal(first[0], weights("discriminator.mixing_seed=1")[0])


def test_mixing_of_none_scales_alone() -> None:
    maps = [torch.randn(1, 2, 2, 2)] * 4
    torch.testing.assert_close(Mixing(make_plan("discriminator.mixing=none"))(maps), [0.1 * map_ for map_ in maps])


def test_weights_that_a_plan_names_are_the_only_ones(backbone: Path, tmp_path: Path, monkeypatch) -> None:
    sha256 = find_weights(NAME).sha256
    make(f"discriminator.weights={sha256}")
    monkeypatch.setenv(VARIABLE, str(write_random_weights(tmp_path / "other.safetensors", seed=1)))
    with pytest.raises(WeightsError, match=f"other weights of {NAME} than are wanted.*wanted {sha256[:12]}"):
        make(f"discriminator.weights={sha256}")


def test_shapes_need_no_weights(monkeypatch) -> None:
    pytest.importorskip("timm")
    monkeypatch.setenv(VARIABLE, "/nowhere")
    with torch.device("meta"):
        assert make()(images().to("meta")).shape == (3, 4)
    with pytest.raises(WeightsError, match="/nowhere, where the weights"):
        make()


@pytest.mark.exhaustive
def test_compiler_sees_one_graph(backbone: Path) -> None:
    network = make()
    compiled: nn.Module = torch.compile(network, backend="eager", fullgraph=True, dynamic=False)
    torch.testing.assert_close(compiled(images()), network(images()))


def test_logits_are_float32_under_autocast(backbone: Path) -> None:
    network = make()
    with torch.autocast("cpu", torch.bfloat16):
        found = network(images())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, network(images()), atol=0.05, rtol=0.1)


def make_plan(*overrides: str):
    return compile_spec(parse_spec(TINY_HIT, "tiny", [SMALL, *overrides])).discriminator

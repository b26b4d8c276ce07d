from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.errors import SpecError
from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.families.fold import fold
from hitzoo.fold.kernels import kernels_for
from tests.families.r3gan.variables import rows, tiny
from tests.support import fill

State = dict[str, torch.Tensor]


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def built(build, *overrides: str) -> nn.Module:
    return fill(build(tiny(*overrides)).double(), scale=0.4).eval()


def filtered(x: torch.Tensor, gain: float) -> torch.Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=x.dtype)
    kernel = gain * torch.outer(taps, taps) / 64
    return torch.cat([F.conv2d(one[:, None], kernel[None, None]) for one in x.unbind(1)], dim=1)


def residual(state: State, name: str, x: torch.Tensor) -> torch.Tensor:
    inside = torch.einsum("oc,bchw->bohw", state[f"{name}.conv1.weight"][:, :, 0, 0], x)
    inside = rectified(inside + state[f"{name}.conv1.bias"][:, None, None])
    weight = state[f"{name}.conv2.weight"]
    width = weight.shape[1]
    groups = [
        F.conv2d(inside[:, first : first + width], weight[first : first + width], padding=1)
        for first in range(0, len(weight), width)
    ]
    inside = rectified(torch.cat(groups, dim=1) + state[f"{name}.conv2.bias"][:, None, None])
    return x + torch.einsum("oc,bchw->bohw", state[f"{name}.conv3.weight"][:, :, 0, 0], inside)


def rectified(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, x, 0.2 * x)


def mixed(state: State, name: str, x: torch.Tensor) -> torch.Tensor:
    weight = state.get(f"{name}.conv.weight")
    return x if weight is None else torch.einsum("oc,bchw->bohw", weight[:, :, 0, 0], x)


def test_generator_is_its_description() -> None:
    generator, z, labels = built(build_generator), drawn(3, 6), torch.tensor([2, 0, 1])
    state = dict(generator.state_dict())
    joined = torch.cat((z, state["initial.classes"].T[labels]), dim=1)
    x = state["initial.basis"] * (joined @ state["initial.linear"].T)[:, :, None, None]
    for stage in range(3):
        if stage:
            x = mixed(state, f"stages.{stage}.transition", x)
            wide = x.new_zeros(*x.shape[:2], 2 * x.shape[2] + 3, 2 * x.shape[3] + 3)
            wide[:, :, 2:-1:2, 2:-1:2] = x
            x = filtered(wide, 4.0)
        for block in range(2):
            x = residual(state, f"stages.{stage}.blocks.{block}", x)
    expected = torch.einsum("oc,bchw->bohw", state["to_image.weight"][:, :, 0, 0], x)
    torch.testing.assert_close(generator(rows(z, labels, 3)), expected, rtol=1e-10, atol=1e-10)


def test_discriminator_is_its_description() -> None:
    critic, images, labels = built(build_discriminator), drawn(3, 3, 16, 16), torch.tensor([2, 0, 1])
    state = dict(critic.state_dict())
    x = torch.einsum("oc,bchw->bohw", state["from_image.weight"][:, :, 0, 0], images)
    for stage in range(3):
        for block in range(2):
            x = residual(state, f"stages.{stage}.blocks.{block}", x)
        if stage < 2:
            x = mixed(state, f"stages.{stage}.transition", filtered(F.pad(x, (1,) * 4), 1.0)[:, :, ::2, ::2])
    features = (x * state["head.basis"][:, 0]).sum(dim=(2, 3)) @ state["head.linear"].T
    by_class = features @ state["head.classes"]
    torch.testing.assert_close(critic(images, labels), by_class[torch.arange(3), labels], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(critic(images), by_class.mean(dim=1), rtol=1e-10, atol=1e-10)


def test_networks_without_classes_have_nothing_of_them() -> None:
    without = ("generator.classes=0", "discriminator.classes=0")
    assert tiny(*without).input_width == 6
    generator, critic = built(build_generator, *without), built(build_discriminator, *without)
    assert not any("classes" in name for name in (*generator.state_dict(), *critic.state_dict()))
    assert critic(generator(drawn(2, 6))).shape == (2,)


def test_new_blocks_change_nothing() -> None:
    """Their last convolution begins at zero, and the rest at a size that follows from the number of blocks."""
    torch.manual_seed(0)
    generator = build_generator(tiny("generator.channels=[256, 64]", "discriminator.channels=[4, 8]"))
    block = generator.stages[0].blocks[0]
    x = drawn(2, 256, 4, 4).float()
    assert torch.equal(block(x), x)
    assert block.conv1.weight.std().item() == pytest.approx((2 / 1.04) ** 0.5 * 4**-0.25 / 16, rel=0.02)
    assert block.conv2.weight.std().item() == pytest.approx((2 / 1.04) ** 0.5 * 4**-0.25 / 6, rel=0.02)


def test_every_weight_has_a_gradient() -> None:
    generator, critic = built(build_generator), built(build_discriminator)
    critic(generator(rows(drawn(3, 6), torch.tensor([2, 0, 1]), 3))).square().sum().backward()
    for network in (generator, critic):
        assert all(weight.grad is not None and weight.grad.any() for weight in network.parameters())


def test_optimized_network_keeps_the_class_in_bfloat16() -> None:
    """A number near the border of two classes would be of another when it is rounded."""
    generator = built(build_generator).float()
    given = torch.cat((drawn(64, 6).float(), torch.linspace(-0.4310, -0.4302, 64)[:, None]), dim=1)
    narrow = fold(generator, kernels_for(torch.bfloat16, torch.device("cpu")))
    with torch.inference_mode():
        images = generator(given)
        assert (narrow(given) - images).abs().max() < 0.1 * images.abs().max()


def test_widths_are_multiples_of_groups() -> None:
    with pytest.raises(SpecError, match=r"groups of 5 channels do not divide the 2·8 = 16 inside a block"):
        tiny("generator.group_width=5")

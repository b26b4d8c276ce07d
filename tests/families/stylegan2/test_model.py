from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from hitzoo.families.build import build, build_discriminator


def images(channels: int = 3, side: int = 32, count: int = 2) -> torch.Tensor:
    random = torch.Generator().manual_seed(3)
    return torch.rand(count, channels, side, side, dtype=torch.float64, generator=random) * 2 - 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_one_logit_an_image(tiny_plan, channels) -> None:
    logits = build_discriminator(tiny_plan(f"data.channels={channels}"))(images(channels, count=5).float())
    assert logits.shape == (5,)
    assert logits.dtype == torch.float32


@pytest.mark.parametrize(("stages", "side"), [(2, 8), (3, 16), (4, 32)])
def test_a_block_per_halving_down_to_four(tiny_plan, stages, side) -> None:
    wanted = [{"channels": 8, "depth": 1, "heads": 2, "attention": "none"}] * stages
    widths = [4, 6, 8, 10][-stages:]
    plan = tiny_plan(f"generator.stages={wanted}", f"discriminator.channels={widths}")
    network = build_discriminator(plan)
    seen: list[tuple[int, ...]] = []
    for block in network.blocks:
        block.register_forward_hook(lambda *arguments: seen.append(tuple(arguments[2].shape[1:])))
    assert network(images(side=side).float()).shape == (2,)
    assert seen == [(width, side >> (k + 1), side >> (k + 1)) for k, width in enumerate(widths[1:])]


def test_the_network_is_stem_blocks_and_head_in_this_order(tiny_plan, filled) -> None:
    network = filled(build_discriminator(tiny_plan("discriminator.downsample=average")))
    state = network.state_dict()

    def conv(name: str, x: torch.Tensor) -> torch.Tensor:
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state.get(f"{name}.bias"), padding=weight.shape[-1] // 2)

    x = F.leaky_relu(conv("stem.conv", images()), 0.2)
    for index in range(3):
        main = F.avg_pool2d(F.leaky_relu(conv(f"blocks.{index}.conv1", x), 0.2), 2)
        main = F.leaky_relu(conv(f"blocks.{index}.conv2", main), 0.2)
        x = (main + conv(f"blocks.{index}.skip", F.avg_pool2d(x, 2))) * 0.5**0.5
    x = F.leaky_relu(conv("head.conv", x), 0.2).permute(0, 2, 3, 1).reshape(2, -1)
    x = F.leaky_relu(x @ state["head.hidden.weight"].T + state["head.hidden.bias"], 0.2)
    expected = (x @ state["head.logit.weight"].T + state["head.logit.bias"])[:, 0]
    torch.testing.assert_close(network(images()), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "overrides",
    [[], ["discriminator.equalized=true"], ["discriminator.minibatch_std=2"], ["discriminator.downsample=average"]],
    ids=["published", "equalized", "minibatch_std", "average"],
)
def test_a_gradient_reaches_every_weight_and_the_image(tiny_plan, filled, overrides) -> None:
    network = filled(build_discriminator(tiny_plan(*overrides)))
    image = images(count=4).requires_grad_()
    (network(image) * torch.tensor([1.0, -2.0, 3.0, 0.5])).sum().backward()
    assert all(weight.grad.abs().max() > 1e-6 for weight in network.parameters())
    assert (image.grad.abs().amax((1, 2, 3)) > 1e-9).all()


def test_kernels_lie_channels_last(tiny_plan) -> None:
    kernels = [w for w in build_discriminator(tiny_plan()).parameters() if w.dim() == 4 and w.shape[-1] == 3]
    assert kernels
    assert all(kernel.is_contiguous(memory_format=torch.channels_last) for kernel in kernels)


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_all_tensors_of_both_networks_can_be_averaged(tiny_plan, norm) -> None:
    for network in build(tiny_plan(f"generator.norm={norm}", "discriminator.minibatch_std=2")):
        state = network.state_dict()
        assert state
        assert {tensor.dtype for tensor in state.values()} == {torch.float32}
        stored = state.keys() - {name for name, _ in network.named_parameters()}
        assert all("running" in name for name in stored)


def test_san_logits_are_those_of_a_unit_direction_and_a_scale(tiny_plan, filled) -> None:
    network = filled(build_discriminator(tiny_plan("discriminator.san=true")))
    layer, features = network.head.logit, []
    layer.register_forward_hook(lambda module, given, _: features.append(given[0]))
    logits, directions = network(images(), directions=True).unbind()
    omega = layer.weight / sum(value**2 for value in layer.weight.tolist()) ** 0.5
    expected = (features[0] + layer.bias) @ omega * layer.scale
    torch.testing.assert_close(logits, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(directions, logits, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(network(images()), logits, rtol=1e-12, atol=1e-12)


def test_san_is_no_part_of_a_network_without_it(tiny_plan) -> None:
    plain, written, san = (tiny_plan(*more) for more in ([], ["discriminator.san=false"], ["discriminator.san=true"]))
    assert plain.discriminator_hash == written.discriminator_hash != san.discriminator_hash
    assert build_discriminator(plain).piecewise_linear
    assert not build_discriminator(san).piecewise_linear

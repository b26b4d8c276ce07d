from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from hitzoo.bench import variants
from hitzoo.bench.variants import SamplingCall, VariantRunner
from hitzoo.layers import onednn_linear
from hitzoo.sampling.initial import initial_generator

CPU = torch.device("cpu")
BY_NAME = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@pytest.fixture
def habits(monkeypatch) -> list[bool]:
    """What the allocator was told."""
    told: list[bool] = []
    monkeypatch.setattr(variants, "keep_freed_memory", told.append)
    return told


@pytest.mark.parametrize("precision", BY_NAME)
def test_plain_is_the_reference_module_as_torch_runs_it(tiny_generator, habits, monkeypatch, precision) -> None:
    seen: list[Any] = []

    def watched(plan, seed) -> nn.Module:
        module = initial_generator(plan, seed)
        module.register_forward_hook(
            lambda _, given, image: seen.append((given[0].dtype, image.dtype, onednn_linear.applies(torch.ones(1))))
        )
        return module

    monkeypatch.setattr(variants, "initial_generator", watched)
    caller = VariantRunner("plain", CPU)
    assert caller.seconds(SamplingCall(plan=tiny_generator().plan, variant="plain", precision=precision, batch=3)) > 0
    assert seen == [(BY_NAME[precision], BY_NAME[precision], False)]
    assert set(habits) == {False}
    assert onednn_linear.applies(torch.ones(1))  # again, afterwards


@pytest.mark.parametrize("precision", BY_NAME)
def test_fast_is_the_network_for_inference(tiny_generator, habits, monkeypatch, precision) -> None:
    asked: list[Any] = []

    def network(module, *, precision, device, keeps_memory, graphs) -> Any:
        assert graphs > 5, "every batch size of a benchmark is captured"
        asked.append((type(module).__name__, module.training, precision, device, keeps_memory))
        return lambda z: asked.append((tuple(z.shape), z.dtype))

    monkeypatch.setattr(variants, "fast_network", network)
    call = SamplingCall(plan=tiny_generator().plan, variant="optimized", precision=precision, batch=3)
    caller = VariantRunner("optimized", CPU)
    caller.seconds(call)
    caller.seconds(call)
    assert asked == [("HiTGenerator", False, precision, CPU, True), *[((3, 6), torch.float32)] * 2]  # built once
    assert set(habits) == {True}


def test_both_paths_make_the_same_images(tiny_generator, habits) -> None:
    plan = tiny_generator().plan
    z = torch.randn(5, plan.generator.latent_dim)
    images = {}
    for variant in variants.DEFAULT_VARIANTS:
        network = VariantRunner(variant, CPU)._network(
            SamplingCall(plan=plan, variant=variant, precision="float32", batch=5)
        )
        with torch.inference_mode():
            images[variant] = network(z)
    assert images["plain"].dtype == images["optimized"].dtype == torch.float32
    torch.testing.assert_close(images["optimized"], images["plain"], rtol=1e-4, atol=1e-5)


def test_the_peak_is_counted_without_weights_and_grows_with_the_batch(tiny_generator, habits) -> None:
    plan = tiny_generator().plan
    caller = VariantRunner("plain", CPU)
    peaks = [
        caller.peak_bytes(SamplingCall(plan=plan, variant="plain", precision="float32", batch=batch))
        for batch in (8, 16)
    ]
    widest = (
        4 * 8 * 8 * (4 + 2 * 2 * 4)
    )  # float32: the last stage's map, and its MLP's hidden one before and after gelu
    assert 8 * widest <= peaks[0] < 2 * 8 * widest
    assert peaks[1] == pytest.approx(2 * peaks[0], rel=0.01)

"""The optimized network on a card, called, captured and replayed, against the generator in float64 on the CPU."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch

import hitzoo
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.runtime.cuda_graph import CAPTURED_CALL
from hitzoo.runtime.float32_precision import inference_precision
from hitzoo.sampling.fast import fast_network
from hitzoo.sampling.initial import initial_generator
from hitzoo.sampling.replayed import Replayed
from tests.fold.triton.test_optimized_network import SPEC
from tests.support import fill

pytestmark = pytest.mark.cuda

LIMITS = {"float32": 1e-4, "bfloat16": 0.1}  # of the largest value
SHIPPED = ("hit-b-ffhq256", "hit-imagenet128", "convnet-r1-imagenet128")


def seeded(width: int, count: int = 3) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(1))


def compare(module: torch.nn.Module, z: torch.Tensor, card: torch.device, precision: str, **options: bool) -> None:
    expected = deepcopy(module).double()(z.double())
    network = fast_network(deepcopy(module).to(card), precision=precision, device=card, **options)
    with torch.inference_mode(), inference_precision(card):  # as images are made: convolutions do not round to TF32
        for call in range(CAPTURED_CALL + 2):  # replayed in the end, with other latents than those of the capture
            images = network(z.roll(call, 0).to(card)).roll(-call, 0).cpu()
            assert (images - expected).abs().max() <= LIMITS[precision] * expected.abs().max()
        few = network(z[:1].to(card)).cpu()
    assert not isinstance(network, Replayed) or network._graphs.failure is None
    assert (few - expected[:1]).abs().max() <= LIMITS[precision] * expected.abs().max()


@pytest.mark.parametrize("precision", LIMITS)
def test_bundled_model_is_float64s(card: torch.device, precision: str) -> None:
    module = hitzoo.load("hit-ti-shapes32", device="cpu").module
    compare(module, seeded(64), card, precision)


@pytest.mark.parametrize("overrides", [(), ("generator.heads_share_kv=false",), ("generator.stages.3.depth=0",)])
@pytest.mark.parametrize("precision", LIMITS)
def test_kernels_of_every_kind_are_float64s(card: torch.device, precision: str, overrides: tuple[str, ...]) -> None:
    """Among them a pixel-wise stage without a layer in front of it."""
    module = fill(build_generator(compile_spec(parse_spec(SPEC, "tail", overrides))), scale=0.2).eval()
    compare(module, seeded(6), card, precision)


@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_networks_are_float64s(card: torch.device, name: str, precision: str) -> None:
    plan = hitzoo.compile_spec(hitzoo.load_spec(name))
    module = initial_generator(plan, seed=0).eval().requires_grad_(False)
    compare(module, seeded(plan.input_width, 2), card, precision)


def test_second_device_has_graphs_of_its_own(real_card: torch.device) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("one GPU")
    models = [hitzoo.load("hit-ti-shapes32", device=f"cuda:{index}").fast() for index in range(2)]
    plain = hitzoo.load("hit-ti-shapes32", device="cpu")
    for first in range(0, 12, 3):  # other latents in every replay
        expected = plain.sample(seeds=range(first, first + 3)).raw
        for model in models:
            found = model.sample(seeds=range(first, first + 3)).raw
            assert abs(found - expected).max() <= LIMITS["float32"] * abs(expected).max()

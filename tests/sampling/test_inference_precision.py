"""Every way to make images computes in float32 on CUDA: the settings that each layer is called under."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from hitzoo.bench.variants import SamplingCall, VariantRunner
from hitzoo.evaluation.pictures import GeneratedImages
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.runtime import float32_precision
from hitzoo.runtime.float32_precision import Settings
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.render import Renderer, View
from tests.float32_settings import reset, settings_in_effect
from tests.fold.specs import CONVNET, FOUR_STAGES
from tests.support import fill

CPU = torch.device("cpu")


def convnet(text: str = CONVNET) -> Generator:
    spec = parse_spec(text, "convnet.yaml")
    plan = compile_spec(spec)
    return Generator(spec, plan, fill(build_generator(plan), scale=0.3), CPU)


def bench(variant: str, what: str) -> Callable[[], object]:
    call = SamplingCall(plan=convnet().plan, variant=variant, precision="float32", batch=1)
    return lambda: getattr(VariantRunner(variant, CPU), what)(call)


WAYS: dict[str, Callable[[], object]] = {
    "sample": lambda: convnet().sample(seeds=[0]),
    "sample as a tensor": lambda: convnet().sample(seeds=[0], output="pt"),
    "one batch": lambda: convnet().images(torch.zeros(1, 6).numpy()),
    "optimized": lambda: convnet().fast().sample(seeds=[0]),
    "evaluation": lambda: GeneratedImages(convnet(), 1).read([0]),
    "evaluation, optimized": lambda: GeneratedImages(convnet(), 1, fast="float32").read([0]),
    "render": lambda: convnet(FOUR_STAGES).render(seeds=[0], tile=8),
    "bench, plain": bench("plain", "seconds"),
    "bench, optimized": bench("optimized", "seconds"),
    "bench, memory": bench("plain", "peak_bytes"),
}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Settings]]:
    """The settings at each call of a layer."""
    monkeypatch.setattr(float32_precision, "_is_set_for", lambda device: device == CPU)
    monkeypatch.setattr("hitzoo.bench.variants.keep_freed_memory", lambda *_: None)
    found: list[Settings] = []

    def note(module: nn.Module, given: object) -> None:
        found.append(settings_in_effect())

    with register_module_forward_pre_hook(note):
        yield found
    reset()


@pytest.mark.parametrize("way", WAYS)
def test_layers_compute_in_float32(seen: list[Settings], way: str) -> None:
    before = settings_in_effect()
    assert before.convolutions == "tf32", "torch's default"
    WAYS[way]()
    assert seen
    assert not any("tf32" in (settings.products, settings.convolutions) for settings in seen)
    assert settings_in_effect() == before


@pytest.mark.parametrize("way", WAYS)
def test_layers_compute_as_a_caller_wants_who_allows_tf32(seen: list[Settings], way: str) -> None:
    torch.set_float32_matmul_precision("high")
    before = settings_in_effect()
    WAYS[way]()
    assert set(seen) == {before}


def test_settings_are_the_callers_between_two_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(float32_precision, "_is_set_for", lambda device: device == CPU)
    model = convnet(FOUR_STAGES)
    before = settings_in_effect()
    tiles = Renderer(model.fast().module, View(tile=16)).tiles(torch.zeros(1, model.plan.input_width))
    for _ in tiles:
        assert settings_in_effect() == before

from __future__ import annotations

import functools

import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.fold.kernels import kernels_for
from hitzoo.runtime.cuda_graph import CAPTURED_CALL
from hitzoo.sampling import fast
from hitzoo.sampling.replayed import Replayed, unwrapped

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def habits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the allocator is told, which it would go on doing for the tests that follow."""
    told: list[bool] = []
    monkeypatch.setattr(fast, "keep_freed_memory", lambda: told.append(True))
    return told


def test_the_fast_generator_makes_the_same_images(tiny_generator, habits) -> None:
    model = tiny_generator()
    quick = model.fast()
    assert habits == []  # a library leaves the process as it is
    model.fast(keeps_memory=True)
    assert quick.is_fast
    assert not model.is_fast
    assert habits == [True]
    expected = model.sample(seeds=range(3)).raw
    assert abs(quick.sample(seeds=range(3)).raw - expected).max() < 1e-5 * abs(expected).max()
    assert (quick.name, quick.plan, quick.spec) == (model.name, model.plan, model.spec)


def test_precisions_by_name(tiny_generator) -> None:
    model = tiny_generator()
    assert model.fast("bfloat16").module.precision == torch.bfloat16
    assert [each.precision for each in (model, model.fast(), model.fast("bfloat16"))] == [*["float32"] * 2, "bfloat16"]
    assert model.fast("bf16").module.precision == torch.bfloat16
    assert model.fast("fp32").precision == "float32"
    with pytest.raises(RequestError, match="possible here; possible: float32, bfloat16"):
        model.fast("float16")


def test_the_compiled_network_is_one_graph(tiny_generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the tracing half of the compiler; the other half needs a C++ compiler here."""
    whole = functools.partialmethod(torch.nn.Module.compile, backend="aot_eager", fullgraph=True)
    monkeypatch.setattr(torch.nn.Module, "compile", whole)
    module = tiny_generator().module
    compiled = fast.fast_network(module, device=CPU, compiled=True)
    z = torch.randn(3, 6)
    with torch.inference_mode():
        expected = module(z)
        assert (compiled(z) - expected).abs().max() < 1e-5 * expected.abs().max()


def test_kernels_by_device() -> None:
    cpu = kernels_for(torch.float32, CPU)
    assert cpu.chunk_numel is not None
    assert not cpu.triton
    meta = kernels_for(torch.float32, torch.device("meta"))
    assert (meta.chunk_numel, meta.onednn, meta.triton) == (None, False, False)


def test_a_replayed_network_is_the_network_elsewhere_than_on_cuda(tiny_generator) -> None:
    network = tiny_generator().fast().module
    replayed = Replayed(network)
    z = torch.randn(2, 6)
    assert unwrapped(replayed) is network
    assert unwrapped(network) is network
    assert torch.equal(replayed(z), network(z))


@pytest.mark.cuda
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_graphs_replay_the_same_images(tiny_generator, card: torch.device, precision: str) -> None:
    model = tiny_generator()
    samples = model.sample(seeds=range(4))
    expected, z = samples.raw, torch.from_numpy(samples.latents).to(card)
    network = fast.fast_network(model.module.to(card), precision=precision, device=card)  # moves the model's own
    for call in range(CAPTURED_CALL + 2):  # called, captured, replayed with other latents
        images = network(z.roll(call, 0)).roll(-call, 0).permute(0, 2, 3, 1).cpu().numpy()
        limit = 1e-4 if precision == "float32" else 0.05
        assert abs(images - expected).max() < limit * abs(expected).max()
    assert not isinstance(network, Replayed) or network._graphs.failure is None


@pytest.mark.parametrize("graphs", [0, 9])
def test_calls_on_cuda_are_replayed_by_so_many_graphs(tiny_generator, monkeypatch, graphs: int) -> None:
    class Placed(torch.nn.Identity):
        def to(self, device: torch.device) -> torch.nn.Module:
            return self

    monkeypatch.setattr(fast, "kernels_for", lambda *_: None)
    monkeypatch.setattr(fast, "fold", lambda *_: Placed())
    network = fast.fast_network(tiny_generator().module, device=torch.device("cuda"), graphs=graphs)
    assert isinstance(network, Replayed) == bool(graphs)
    assert not graphs or network._graphs.most == graphs


def test_emulated_bfloat16_is_told_once(tiny_generator, monkeypatch, caplog) -> None:
    monkeypatch.setattr(fast, "bfloat16_note", lambda device: f"a note on {device}")
    monkeypatch.setattr(fast, "_told", set())
    model = tiny_generator()
    model.fast()
    assert not caplog.records
    for _ in range(2):
        model.fast("bfloat16")
    assert [record.getMessage() for record in caplog.records] == ["a note on cpu"]


def test_a_fast_generator_is_not_published(tiny_generator) -> None:
    with pytest.raises(RequestError, match="push the one it was made of"):
        tiny_generator().fast().push_to_hub("someone/tiny", license="mit")

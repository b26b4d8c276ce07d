"""A generator as a module: weights, gradients, moves, copies, and what it claims of its weights."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import hitzoo
from hitzoo.errors import OutputError, RequestError
from hitzoo.sampling.facts import picture_facts
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.load import load
from hitzoo.zoo.weights import read_tensors
from tests.sampling.conftest import TINY


@pytest.fixture
def saved(tmp_path: Path, tiny_generator, save) -> Path:
    return save(tmp_path / "model", tiny_generator())


def test_state_dict_has_the_names_and_values_of_the_file(saved: Path) -> None:
    generator = load(saved, device="cpu")
    stored = read_tensors(saved / "model.safetensors")
    held = generator.state_dict()
    assert held.keys() == stored.keys() == dict(generator.module.state_dict()).keys()
    assert all(torch.equal(held[name], stored[name]) for name in stored)
    assert {name for name, _ in generator.named_parameters()} <= held.keys()


def test_load_state_dict_changes_the_images(tiny_generator) -> None:
    one, other = tiny_generator(), tiny_generator()
    with torch.no_grad():
        for weight in other.parameters():
            weight.mul_(0.5)
    assert not np.allclose(one.sample([0]).raw, other.sample([0]).raw, atol=1e-3)
    one.load_state_dict(other.state_dict())
    assert np.array_equal(one.sample([0]).raw, other.sample([0]).raw)


def test_module_around_a_generator_saves_and_loads_it(tiny_generator) -> None:
    class Around(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside = tiny_generator()

    one, other = Around(), Around()
    with torch.no_grad():
        for weight in other.parameters():
            weight.mul_(0.5)
    assert set(one.state_dict()) == {f"inside.{name}" for name in one.inside.state_dict()}
    one.load_state_dict(other.state_dict())
    assert np.array_equal(one.inside.sample([0]).raw, other.inside.sample([0]).raw)


@pytest.mark.parametrize("fast", [False, True])
def test_gradient_goes_through_to_the_latents(tiny_generator, fast: bool) -> None:
    generator = tiny_generator()
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (expected,) = torch.autograd.grad(generator.module(z).square().sum(), z)
    network = generator.fast() if fast else generator
    (found,) = torch.autograd.grad(network(z).square().sum(), z)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * expected.abs().max().item())
    assert not any(weight.requires_grad for weight in network.parameters())


def test_weights_train_where_asked_for(tiny_generator) -> None:
    generator = tiny_generator().train().requires_grad_(True)
    assert generator.training
    assert generator.module.training
    before = generator.weights
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    generator(torch.ones(2, 6)).square().mean().backward()
    optimizer.step()
    with pytest.raises(RequestError, match=r"call \.eval\(\) before sampling"):
        generator.sample()
    assert np.isfinite(generator.eval().sample().raw).all()
    assert not generator.module.training
    assert generator.weights != before


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_generator_in_another_precision_makes_nearly_the_same_images(tiny_generator, dtype: torch.dtype) -> None:
    generator = tiny_generator()
    expected = generator.sample(range(3)).raw
    other = deepcopy(generator).to(dtype)
    assert other.dtype == dtype
    assert other.precision == str(dtype).removeprefix("torch.")
    assert other(torch.zeros(1, 6)).dtype == dtype
    found = other.sample(range(3)).raw
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()
    assert generator.dtype == torch.float32


def test_generator_moves_with_its_network(tiny_generator) -> None:
    generator = tiny_generator()
    assert generator.to("meta") is generator
    assert generator.device == next(generator.module.parameters()).device == torch.device("meta")


def test_fast_generator_stays_where_it_is(tiny_generator) -> None:
    fast = tiny_generator().fast()
    assert fast.to("cpu") is fast
    for move in (fast.half, fast.double, lambda: fast.to("meta")):
        with pytest.raises(RequestError, match=r"call \.fast\(\) again"):
            move()
    assert fast.sample().raw.shape == (1, 8, 8, 3)


def test_fast_generator_is_not_copied(tiny_generator) -> None:
    with pytest.raises(RequestError, match=r"copy the model it was made of,? and call \.fast"):
        deepcopy(tiny_generator().fast())


def test_copy_shares_no_weight(tiny_generator) -> None:
    generator = tiny_generator()
    generator.render([0])  # which keeps an optimized network
    copied = deepcopy(generator)
    expected = generator.sample().raw
    assert np.array_equal(copied.sample().raw, expected)
    assert copied.plan is generator.plan
    assert copied.state_dict().keys() == copied.module.state_dict().keys() == generator.state_dict().keys()
    with torch.no_grad():
        for tensor in copied.state_dict().values():
            tensor.mul_(0.5)
    assert np.array_equal(generator.sample().raw, expected)
    assert not np.allclose(copied.sample().raw, expected, atol=1e-3)


def test_latents_of_another_shape_are_refused_by_the_call(tiny_generator) -> None:
    with pytest.raises(ValueError, match=r"latents of shape \(2, 5\); the model wants \(N, 6\)"):
        tiny_generator()(torch.zeros(2, 5))


def test_changed_weights_claim_no_origin(saved: Path) -> None:
    generator = load(saved, device="cpu")
    generator.metadata["step"], generator.origin, file = 7, "acme/tiny@abc", generator.weights
    facts = picture_facts(generator, 1.0)
    assert (facts["hitzoo:step"], facts["hitzoo:repo"], facts["hitzoo:weights"]) == ("7", "acme/tiny@abc", file)
    for same in (deepcopy(generator), deepcopy(generator).double().float()):
        assert not same.weights_changed
        assert picture_facts(same, 1.0) == facts
    assert picture_facts(deepcopy(generator).half(), 1.0) == facts | {"hitzoo:precision": "float16"}
    with torch.no_grad():
        next(generator.parameters()).add_(1)
    assert generator.weights_changed
    for changed in (generator, generator.fast()):
        facts = picture_facts(changed, 1.0)
        assert "hitzoo:step" not in facts
        assert "hitzoo:repo" not in facts
        assert facts["hitzoo:weights"] != file


def test_render_sees_new_weights(tiny_generator) -> None:
    generator = tiny_generator()
    first = generator.render([3]).raw
    assert np.array_equal(generator.render([3]).raw, first)
    with torch.no_grad():
        for weight in generator.parameters():
            weight.mul_(0.5)
    np.testing.assert_allclose(generator.render([3]).raw, generator.sample([3]).raw, rtol=1e-4, atol=1e-5)
    assert not np.allclose(generator.render([3]).raw, first, atol=1e-3)


def test_saved_model_is_the_same_file(saved: Path, tmp_path: Path) -> None:
    generator = load(saved, device="cpu")
    assert generator.save_pretrained(tmp_path / "copy") == tmp_path / "copy"
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "copy" / name).read_bytes() == (saved / name).read_bytes()
    generator.save_pretrained(tmp_path / "copy")  # the same again
    with torch.no_grad():
        next(generator.parameters()).add_(1)
    with pytest.raises(OutputError, match="with other content"):
        generator.save_pretrained(tmp_path / "copy")
    generator.save_pretrained(tmp_path / "copy", force=True)
    assert np.array_equal(load(tmp_path / "copy", device="cpu").sample().raw, generator.sample().raw)


def test_model_of_another_precision_is_saved_in_float32(saved: Path, tmp_path: Path) -> None:
    half = load(saved, device="cpu").half()
    half.save_pretrained(tmp_path / "half")
    again = load(tmp_path / "half", device="cpu")
    assert again.dtype == torch.float32
    assert all(torch.equal(again.state_dict()[name], tensor.float()) for name, tensor in half.state_dict().items())


def test_fast_generator_is_not_saved(tiny_generator, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="save the one it was made of"):
        tiny_generator().fast().save_pretrained(tmp_path / "fast")


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (lambda fast: fast.train(), "train the one it was made of"),
        (lambda fast: fast.load_state_dict(fast.state_dict()), "load them into the one it was made of"),
        (lambda fast: fast.fast(), "optimized already; take the generator it was made of"),
    ],
)
def test_fast_generator_is_neither_changed_nor_optimized_again(tiny_generator, use, said: str) -> None:
    fast = tiny_generator().fast()
    with pytest.raises(RequestError, match=said):
        use(fast)
    assert not fast.eval().training
    assert fast.sample().raw.shape == (1, 8, 8, 3)


def test_generator_from_a_folder(saved: Path) -> None:
    generator = Generator.from_folder(saved, "cpu")
    assert generator.label == "tiny"
    assert np.array_equal(generator.sample().raw, load(saved, device="cpu").sample().raw)


def test_repr_is_one_line(tiny_generator) -> None:
    generator = tiny_generator()
    count = sum(weight.numel() for weight in generator.parameters())
    said = f"Generator('tiny', hit, [6] -> [3, 8, 8], {count:,} parameters, float32 on cpu)"
    assert repr(generator) == said
    assert repr(generator.fast("bfloat16")) == "Generator('tiny', hit, optimized, [6] -> [3, 8, 8], bfloat16 on cpu)"


def test_created_model_is_where_training_begins(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    created = hitzoo.create_model(tmp_path / "tiny.yaml", seed=3, device="cpu")
    spec = hitzoo.load_spec(tmp_path / "tiny.yaml")
    again = hitzoo.untrained(str(tmp_path / "tiny.yaml"), seed=3, device="cpu")
    for other in (again, hitzoo.create_model(spec, seed=3, device="cpu")):
        assert other.weights == created.weights
    assert hitzoo.create_model(spec, device="cpu").weights != created.weights
    larger = hitzoo.create_model(tmp_path / "tiny.yaml", overrides=["data.channels=1"], device="cpu")
    assert larger(torch.zeros(1, 6)).shape == (1, 1, 8, 8)


def test_created_model_with_weights_is_the_loaded_one(saved: Path) -> None:
    created = hitzoo.create_model(saved, pretrained=True, device="cpu")
    assert created.weights == load(saved, device="cpu").weights
    for refused in ({"name_or_spec": created.spec}, {"name_or_spec": saved, "overrides": ["name=x"]}):
        with pytest.raises(RequestError, match="pretrained weights are of one network"):
            hitzoo.create_model(pretrained=True, device="cpu", **refused)
    with pytest.raises(RequestError, match="overrides change a spec that is read"):
        hitzoo.create_model(created.spec, overrides=["name=x"], device="cpu")

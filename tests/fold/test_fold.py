"""The whole folded network against the generator it was made of."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.families.fold import fold
from hitzoo.families.hit.fold.generator import OptimizedHiT
from hitzoo.fold.kernels import kernels_for, plain_kernels
from hitzoo.fold.linear import FusedLinear, OneDnnLinear
from hitzoo.fold.mlp import MLPToImage
from tests.fold.specs import CONVNET, DECODERS, VARIANTS

CPU = torch.device("cpu")
ALL = VARIANTS | DECODERS


@pytest.mark.parametrize("name", ALL)
def test_in_float64_the_images_are_the_same(name: str, generator, latents) -> None:
    module = generator(*ALL[name]).double()
    z = latents(module, 3)
    expected = module(z)
    assert expected.std() > 0.1
    for kernels in (plain_kernels(torch.float64), replace(kernels_for(torch.float64, CPU), chunk_numel=64)):
        torch.testing.assert_close(fold(module, kernels)(z), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("by_matrices", [True, False])
def test_both_ways_of_attending_to_tokens(name: str, by_matrices: bool, generator, latents, monkeypatch) -> None:
    monkeypatch.setattr("hitzoo.fold.kernels.Kernels.prefers_token_matrices", lambda *_: by_matrices)
    module = generator(*ALL[name]).double()
    z = latents(module, 2)
    folded = fold(module, plain_kernels(torch.float64))
    torch.testing.assert_close(folded(z), module(z), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_in_float32_they_agree_to_rounding(name: str, generator, latents) -> None:
    module = generator(*ALL[name])
    z = latents(module, 3)
    expected = module(z)
    for kernels in (plain_kernels(), kernels_for(torch.float32, CPU)):
        images = fold(module, kernels)(z)
        assert (images - expected).abs().max() <= 1e-5 * expected.abs().max()
        assert images.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "name", ["as it is", "layer norm", "global", "every head its own keys", "codes, as it is", "codes, layer norm"]
)
def test_bfloat16_is_near_and_the_image_is_float32(name: str, generator, latents) -> None:
    module = generator(*ALL[name])
    z = latents(module, 2)
    expected = module(z)
    images = fold(module, kernels_for(torch.bfloat16, CPU))(z)
    assert images.dtype == torch.float32
    error = (images - expected).abs().max() / expected.abs().max()
    assert 1e-6 < error < 0.05


@pytest.mark.parametrize("precision", [torch.float64, torch.float32])
def test_the_convnet_too(precision: torch.dtype, generator, latents) -> None:
    module = generator(text=CONVNET).to(precision)
    z = latents(module, 2)
    tolerance = 1e-12 if precision == torch.float64 else 1e-5
    images = fold(module, kernels_for(precision, CPU))(z)
    torch.testing.assert_close(images, module(z), rtol=0, atol=tolerance)


def test_no_stage_of_the_tail_is_given_more_than_a_piece(generator, latents, monkeypatch) -> None:
    module = generator()
    folded = fold(module, replace(plain_kernels(), chunk_numel=64))
    rows: list[int] = []
    for stage in folded.tail.folded:
        monkeypatch.setattr(stage, "enter", lambda x, p, enter=stage.enter: rows.append(p.numel()) or enter(x, p))
    folded(latents(module, 1))
    assert sum(rows) == 16**2 * 8 + 32**2 * 4
    assert max(rows) == 64


def test_matrices_of_the_tokens_are_made_where_they_save_work() -> None:
    pay = plain_kernels().prefers_token_matrices
    assert pay(256**2, channels=64, heads=4, tokens=16)
    assert not pay(8**2, channels=32, heads=8, tokens=64)  # 512 logits a pixel
    assert not pay(2**2, channels=64, heads=4, tokens=16)  # the making costs more than it saves


def test_what_is_not_rewritten_is_shared(generator) -> None:
    module = generator()
    folded = fold(module, kernels_for(torch.float32, CPU))
    assert isinstance(folded, OptimizedHiT)
    for stage, positions in zip(module.stages[2:], folded.tail.positions, strict=True):
        assert positions.table.data_ptr() == stage.position.weight.data_ptr()


def test_the_generator_is_left_as_it_was(generator, latents) -> None:
    module = generator()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    z = latents(module, 2)
    fold(module, kernels_for(torch.float32, CPU))(z)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_the_last_mlp_makes_the_image_only_behind_a_batch_norm(generator) -> None:
    def last(*overrides: str) -> torch.nn.Module:
        return fold(generator(*overrides), plain_kernels()).tail.folded[-1].to_image

    assert isinstance(last(), MLPToImage)
    assert not isinstance(last("generator.norm=layer"), MLPToImage)


def test_a_generator_in_training_mode_is_refused(generator) -> None:
    with pytest.raises(RequestError, match=r"call \.eval\(\)"):
        fold(generator().train(), plain_kernels())


def test_a_folded_network_is_not_folded_again(generator) -> None:
    folded = fold(generator(), plain_kernels())
    with pytest.raises(RequestError, match="optimized already"):
        fold(folded, plain_kernels())


def test_one_dnn_is_taken_where_it_is(generator) -> None:
    """Whether the fast kernels are used at all: no number shows it."""
    layer = fold(generator(), kernels_for(torch.float32, CPU)).head.first.linear
    assert isinstance(layer, OneDnnLinear if torch.backends.mkldnn.is_available() else FusedLinear)
    assert isinstance(fold(generator().double(), kernels_for(torch.float64, CPU)).head.first.linear, FusedLinear)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("by_matrices", [True, False])
@pytest.mark.parametrize("name", ["as it is", "codes, as it is"])
def test_no_latents_no_images(
    name: str, precision: torch.dtype, by_matrices: bool, generator, latents, monkeypatch
) -> None:
    monkeypatch.setattr("hitzoo.fold.kernels.Kernels.prefers_token_matrices", lambda *_: by_matrices)
    module = generator(*ALL[name])
    none = latents(module, 0)
    for kernels in (plain_kernels(precision), kernels_for(precision, CPU)):
        assert fold(module, kernels)(none).shape == module(none).shape == (0, 3, 32, 32)


@pytest.mark.parametrize("name", ["as it is", "codes, as it is"])
def test_gradient_is_the_generators_in_what_it_takes(name: str, generator, latents) -> None:
    module = generator(*ALL[name])
    z = latents(module, 2).requires_grad_()
    expected, found = (
        torch.autograd.grad(network(z).square().sum(), z)[0]
        for network in (module, fold(module, kernels_for(torch.float32, CPU)))
    )
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


def test_without_onednn_the_kernels_are_torchs_own(generator, latents, monkeypatch) -> None:
    """As in builds for other processors, and where a later torch has other names."""
    monkeypatch.setattr("hitzoo.layers.onednn_linear.is_here", lambda: False)
    module = generator()
    for precision in (torch.float32, torch.bfloat16):
        folded = fold(module, kernels_for(precision, CPU))
        assert isinstance(folded.head.first.linear, FusedLinear)
        assert folded(latents(module, 2)).isfinite().all()

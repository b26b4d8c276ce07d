"""The optimized StyleSwin and StyleNAT: the same images, also truncated, mixed, singly and in other precisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_generator
from hitzoo.families.fold import fold
from hitzoo.families.load import parse_spec
from hitzoo.families.styleswin.fold import OptimizedStyleswin
from hitzoo.fold.kernels import Kernels, kernels_for, plain_kernels
from hitzoo.fold.styled_linear import moments
from hitzoo.sampling.style_mixing import Mix, mixed
from hitzoo.sampling.truncation import truncation
from tests.families.styleswin.test_convert import NAT
from tests.families.styleswin.variables import HEARD, TINY, filled
from tests.support import fill

CPU = torch.device("cpu")
NETWORKS = {"styleswin": TINY, "stylenat": NAT}
CONDITIONINGS = ("self_modulated", "adaln", "modulated")


def network(code: str, dtype: torch.dtype = torch.float64) -> nn.Module:
    made: nn.Module = filled(compile_generator(parse_spec(NETWORKS[code])), origin=code, dtype=dtype)[0]
    return made.requires_grad_(False)


def latents(count: int = 3, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(count, 10, generator=torch.Generator().manual_seed(4), dtype=dtype)


def in_pieces(dtype: torch.dtype = torch.float64) -> Kernels:
    """Those of a CPU whose larger maps are computed image by image."""
    return replace(kernels_for(dtype, CPU), chunk_numel=1024)


@pytest.mark.parametrize("code", NETWORKS)
@pytest.mark.parametrize("kernels", [plain_kernels(torch.float64), in_pieces()], ids=["whole", "in pieces"])
@pytest.mark.parametrize("by_matrices", [True, False])
def test_images_are_the_generators(code: str, kernels: Kernels, by_matrices: bool, monkeypatch) -> None:
    monkeypatch.setattr("hitzoo.fold.kernels.Kernels.prefers_styled_matrices", lambda *_: by_matrices)
    module, z = network(code), latents()
    expected = module(z)
    assert expected.std() > 0.1
    torch.testing.assert_close(fold(module, kernels)(z), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", CONDITIONINGS)
@pytest.mark.parametrize("by_matrices", [True, False])
def test_every_conditioning(kind: str, by_matrices: bool, monkeypatch) -> None:
    monkeypatch.setattr("hitzoo.fold.kernels.Kernels.prefers_styled_matrices", lambda *_: by_matrices)
    plan = compile_generator(parse_spec(TINY, "x", [f"generator.conditioning={kind}"]))
    module = fill(build_generator(plan), 0.4).double().eval().requires_grad_(False)
    expected = module(latents())
    assert expected.std() > 0.1
    for kernels in (plain_kernels(torch.float64), in_pieces()):
        torch.testing.assert_close(fold(module, kernels)(latents()), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("quiet", [0, 1])
def test_stages_that_add_nothing_to_the_image(quiet: int) -> None:
    plan = compile_generator(parse_spec(HEARD, "x", [f"generator.stages.{quiet}.to_rgb=false"]))
    module = fill(build_generator(plan), 0.4).double().eval().requires_grad_(False)
    for kernels in (plain_kernels(torch.float64), in_pieces()):
        torch.testing.assert_close(fold(module, kernels)(latents()), module(latents()), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("code", NETWORKS)
def test_images_agree_to_rounding_in_float32(code: str) -> None:
    module, z = network(code, torch.float32), latents(dtype=torch.float32)
    expected = module(z)
    for kernels in (plain_kernels(), kernels_for(torch.float32, CPU), in_pieces(torch.float32)):
        images = fold(module, kernels)(z)
        assert (images - expected).abs().max() <= 1e-5 * expected.abs().max()
        assert images.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("code", NETWORKS)
def test_images_are_near_in_bfloat16(code: str) -> None:
    module, z = network(code, torch.float32), latents(dtype=torch.float32)
    expected = module(z)
    images = fold(module, kernels_for(torch.bfloat16, CPU))(z)
    assert images.dtype == torch.float32
    assert 1e-6 < (images - expected).abs().max() / expected.abs().max() < 0.05


def test_truncated_and_mixed_images_are_the_generators() -> None:
    module = network("styleswin")
    folded, rows, images = fold(module, in_pieces()), latents().float().numpy(), []
    for one in (module, folded):
        with truncation(one, rows, module.plan.takes, 0.6), mixed(one, module.plan, Mix(7, 2)):
            images.append(one(torch.from_numpy(rows).double()))
    torch.testing.assert_close(images[1], images[0], rtol=1e-12, atol=1e-12)
    assert not torch.allclose(images[0], module(torch.from_numpy(rows).double()), atol=1e-2)


def test_no_latents_make_no_images() -> None:
    module = network("styleswin")
    for kernels in (plain_kernels(torch.float64), in_pieces()):
        assert fold(module, kernels)(latents(0)).shape == (0, 3, 16, 16)


def test_gradient_by_the_latents_is_the_generators() -> None:
    module, found = network("styleswin", torch.float32), []
    for one in (module, fold(module, in_pieces(torch.float32))):
        z = latents(2, torch.float32).requires_grad_()
        factors = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
        found.append(torch.autograd.grad((one(z) * factors).sum(), z)[0])
    torch.testing.assert_close(found[1], found[0], rtol=1e-3, atol=1e-4 * float(found[0].abs().max()))


def test_large_maps_are_computed_image_by_image() -> None:
    folded = fold(network("styleswin"), in_pieces())
    assert isinstance(folded, OptimizedStyleswin)
    seen: list[list[int]] = []
    for stage in folded.stages:
        counts: list[int] = []
        stage.register_forward_pre_hook(lambda _, given, counts=counts: counts.append(len(given[0])))
        seen.append(counts)
    folded(latents())
    assert seen == [[3], [1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("piece", [None, 7])
def test_moments_of_a_map_far_from_zero(piece: int | None) -> None:
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 50, 3))) + 300
    mean, variance = moments(x.float(), piece)
    torch.testing.assert_close(mean.double(), x.mean(1, keepdim=True), rtol=1e-6, atol=0)
    torch.testing.assert_close(variance.double(), x.var(1, keepdim=True, correction=0), rtol=1e-4, atol=0)


@pytest.mark.exhaustive
def test_graph_takes_any_batch() -> None:
    folded = fold(network("styleswin"), plain_kernels(torch.float64))
    batch = ({0: torch.export.Dim("batch", min=1)},)
    program = torch.export.export(folded, (latents(2),), dynamic_shapes=batch, strict=False)
    torch.testing.assert_close(program.module()(latents(3)), folded(latents(3)))

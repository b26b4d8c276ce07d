"""Perceptual distances: the formula as a loop, VGG16 by its files, and gradients to the reconstruction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from hitzoo.backbones import vgg16
from hitzoo.backbones.vgg16 import LINEAR_FILE, VARIABLE, VGG_FILE, build_vgg16, find_lpips_weights
from hitzoo.errors import WeightsError
from hitzoo.objectives.perceptual import Perceptual, fetch

WIDTHS = ((2, 2), (3, 3), (4, 4, 4), (5, 5, 5), (5, 5, 5))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both files, of a VGG16 that is narrow enough for a test."""
    monkeypatch.setattr(vgg16, "_SLICES", WIDTHS)
    random = torch.Generator().manual_seed(0)
    vgg, index, inner = {}, 0, 3
    for part in WIDTHS:
        for outer in part:
            vgg[f"features.{index}.weight"] = torch.randn(outer, inner, 3, 3, generator=random) / inner**0.5
            vgg[f"features.{index}.bias"] = 0.1 * torch.randn(outer, generator=random)
            inner, index = outer, index + 2
        index += 1
    linear = {
        f"lin{k}.model.1.weight": torch.rand(1, part[-1], 1, 1, generator=random) for k, part in enumerate(WIDTHS)
    }
    torch.save(vgg | {"classifier.0.weight": torch.zeros(1)}, tmp_path / VGG_FILE)  # noqa: TID251 - the files are others'
    torch.save(linear, tmp_path / LINEAR_FILE)  # noqa: TID251 - the files are others'
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    one = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(3)) * 2 - 1
    return one, (one + 0.3 * torch.randn(one.shape, generator=torch.Generator().manual_seed(4))).clamp(-1, 1)


def by_loop(folder: Path, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    vgg, linear = (torch.load(folder / name, weights_only=True) for name in (VGG_FILE, LINEAR_FILE))  # noqa: TID251
    shift, scale = (torch.tensor(row).view(3, 1, 1) for row in ((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)))
    total, index = torch.zeros(len(x)), 0
    maps = [(one - shift) / scale for one in (x, y)]
    for k, part in enumerate(WIDTHS):
        if k:
            maps = [F.max_pool2d(one, 2) for one in maps]
            index += 1
        for _ in part:
            name = f"features.{index}"
            maps = [F.conv2d(one, vgg[f"{name}.weight"], vgg[f"{name}.bias"], padding=1).relu() for one in maps]
            index += 2
        first, second = (one / (one.square().sum(1, keepdim=True).sqrt() + 1e-10) for one in maps)
        total += (F.conv2d((first - second).square(), linear[f"lin{k}.model.1.weight"])).mean((1, 2, 3))
    return total


def test_lpips_is_its_formula(files) -> None:
    x, y = pictures()
    torch.testing.assert_close(Perceptual("lpips")(x, y), by_loop(files, x, y), rtol=1e-4, atol=1e-5)


def test_lpips_has_the_shapes_of_vgg16() -> None:
    network = build_vgg16(None)
    shapes = [tuple(one.shape) for one in network(torch.empty(1, 3, 64, 64, device="meta"))]
    assert shapes == [(1, 64, 64, 64), (1, 128, 32, 32), (1, 256, 16, 16), (1, 512, 8, 8), (1, 512, 4, 4)]
    names = vgg16._torchvision_shapes()
    assert len(names) == 26
    assert names["features.28.weight"] == (512, 512, 3, 3)
    assert sum(np.prod(shape) for shape in names.values()) == 14_714_688


@pytest.mark.parametrize("features", ["lpips", "random"])
def test_gradient_leads_to_the_reconstruction_and_to_no_weight(files, features) -> None:
    x, y = pictures()
    y.requires_grad_()
    distance = Perceptual(features)
    distance(x, y).sum().backward()
    assert y.grad.abs().max() > 0
    assert y.grad.isfinite().all()
    network, _ = distance._on(x.device)
    assert not list(network.parameters())
    assert not network.training


@pytest.mark.parametrize("features", ["lpips", "random"])
def test_equal_pictures_are_not_apart(files, features) -> None:
    x, y = pictures()
    distance = Perceptual(features)
    assert distance(x, x).abs().max() < 1e-6
    assert (distance(x, y) > 1e-3).all()
    black = torch.full_like(x, -1.0).requires_grad_()
    distance(black, black.detach()).sum().backward()
    assert black.grad.isfinite().all()


def test_shapes_alone_need_no_weights(monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, "nowhere")
    x = torch.empty(2, 3, 32, 32, device="meta")
    assert Perceptual("lpips")(x, x).shape == (2,)


def test_missing_files_are_told_with_the_ways_to_them(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(WeightsError, match="perceptual: efficientnet"):
        fetch("lpips", lambda note: pytest.fail(f"no download of named files: {note}"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (VGG_FILE, {"features.0.weight": torch.zeros(1)}, "does not hold VGG16"),
        (LINEAR_FILE, {"lin0": torch.zeros(3)}, "does not hold the five linear layers"),
        (VGG_FILE, [torch.zeros(1)], "something else than tensors"),
        (LINEAR_FILE, {"code": Path}, "cannot be read as tensors"),
    ],
)
def test_other_files_are_refused(files, name, content, words) -> None:
    torch.save(content, files / name)  # noqa: TID251 - the files are others'
    with pytest.raises(WeightsError, match=words):
        find_lpips_weights()


def test_download_is_announced(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def refused(*given: object, **options: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refused)
    told: list[str] = []
    with pytest.raises(WeightsError, match=r"vgg16-397923af.pth cannot be downloaded \(no network\)"):
        fetch("lpips", told.append)
    assert len(told) == 1
    assert told[0].startswith(f"downloading {VGG_FILE}, for LPIPS, from https://")

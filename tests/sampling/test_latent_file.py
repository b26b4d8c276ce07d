"""Files of latents: kept with their model's name, given back to it alone."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hitzoo.errors import OutputError, RequestError
from hitzoo.sampling import latent_file
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latent_file import Latents, read_about, read_latent_file, save_latents

ROWS = np.random.RandomState(0).standard_normal((3, 6)).astype(np.float32)


@pytest.fixture
def model(tiny_generator: Callable[..., Generator]) -> Generator:
    return tiny_generator()


def changed(path: Path, to: Path, **arrays: object) -> Path:
    with np.load(path) as file:
        found = dict(file) | arrays
    np.savez(to, **{name: value for name, value in found.items() if value is not None})
    return to


def test_file_comes_back(model: Generator, tmp_path: Path) -> None:
    path = tmp_path / "z.npz"
    save_latents(path, Latents(ROWS), model, {"space": "z"})
    found = read_latent_file(path, model)
    assert (found.rows == ROWS).all()
    assert found.styles is None
    assert read_about(path) == found.about
    assert (read_about(path)["model"], read_about(path)["space"]) == ("tiny", "z")
    before = path.read_bytes()
    save_latents(path, Latents(ROWS), model, {"space": "z"})
    with pytest.raises(OutputError, match="exists already"):
        save_latents(path, Latents(ROWS + 1), model, {"space": "z"})
    assert path.read_bytes() == before


def test_plain_array_is_read(model: Generator, tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", ROWS)
    assert (read_latent_file(tmp_path / "z.npy", model).rows == ROWS).all()


def test_other_model_is_refused(model: Generator, tiny_generator: Callable[..., Generator], tmp_path: Path) -> None:
    path = tmp_path / "z.npz"
    save_latents(path, Latents(ROWS), model, {})
    other = tiny_generator()
    next(other.parameters()).add_(1)
    with pytest.raises(RequestError, match=f"latents of tiny with weights {model.weights[:12]}, not of tiny"):
        read_latent_file(path, other)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"about": None}, "not an .npz that hitzoo invert wrote"),
        ({"about": np.array("{")}, "not an .npz that hitzoo invert wrote"),
        ({"about": np.array(["a", "b"])}, "not an .npz that hitzoo invert wrote"),
        ({"latents": None}, "not an .npz that hitzoo invert wrote"),
        ({"latents": np.array(["a"])}, "holds no latents"),
        ({"latents": np.zeros((0, 6))}, "holds no latents"),
        ({"latents": np.zeros((2, 5))}, r"\(N, 6\)"),
        ({"latents": np.full((2, 6), np.nan)}, "not finite"),
        ({"styles": np.zeros((3, 1, 4))}, "holds styles, and a generator of the family hit has none"),
        ({"styles": np.zeros((2, 1, 4))}, "its styles are not one for each latent"),
    ],
)
def test_damaged_file_is_refused(model: Generator, tmp_path: Path, arrays: dict[str, object], said: str) -> None:
    save_latents(tmp_path / "z.npz", Latents(ROWS), model, {})
    with pytest.raises(RequestError, match=said):
        read_latent_file(changed(tmp_path / "z.npz", tmp_path / "x.npz", **arrays), model)


def test_no_archive_and_no_file_are_refused(model: Generator, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"no archive")
    with pytest.raises(RequestError, match="damaged"):
        read_latent_file(tmp_path / "x.npz", model)
    with pytest.raises(RequestError, match="cannot be read"):
        read_latent_file(tmp_path / "nowhere.npz", model)
    assert read_about(tmp_path / "x.npz") == {}


def test_pickle_is_not_read(model: Generator, tmp_path: Path) -> None:
    save_latents(tmp_path / "z.npz", Latents(ROWS), model, {})
    objects = np.array([print, print], dtype=object)
    with pytest.raises(RequestError, match="damaged"):
        read_latent_file(changed(tmp_path / "z.npz", tmp_path / "x.npz", latents=objects), model)


def test_archive_that_unpacks_to_too_much_is_refused(
    model: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latent_file, "_LARGEST", 1000)
    file = io.BytesIO()
    np.save(file, np.zeros((1000, 6), np.float32))
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("latents.npy", file.getvalue())
        archive.writestr("about.npy", json.dumps({}))
    with pytest.raises(RequestError, match="would unpack to"):
        read_latent_file(tmp_path / "x.npz", model)

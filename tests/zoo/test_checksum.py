"""The checksum of a weights file, what is compared when it is loaded, and reading without memory maps."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from hitzoo.errors import WeightsError
from hitzoo.zoo import weights_file
from hitzoo.zoo.checksum import digests_of
from hitzoo.zoo.weights import load_weights, read_header, read_metadata, read_tensors, save_weights


def network(value: float = 1.0) -> nn.Module:
    module = nn.Linear(3, 2)
    nn.init.constant_(module.weight, value)
    nn.init.constant_(module.bias, 0.5)
    return module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_weights(tmp_path / "a.safetensors", network().state_dict(), {"step": 3, "é": '\\"'})
    return tmp_path / "a.safetensors"


def body(path: Path) -> bytes:
    raw = path.read_bytes()
    return raw[8 + int.from_bytes(raw[:8], "little") :]


def rewrite(path: Path, change: Callable[[torch.Tensor], torch.Tensor], *, keep: bool = True) -> None:
    """The tensors changed and the header's text as it was, or without it."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: change(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, path, metadata=metadata if keep else None)


def test_checksum_is_of_the_body_and_not_part_of_the_metadata(path: Path) -> None:
    with safe_open(path, framework="pt") as file:
        stored = json.loads(file.metadata()["hitzoo"])["sha256"]
    assert stored == hashlib.sha256(body(path)).hexdigest() == digests_of(path).body
    assert digests_of(path).file == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_metadata(path) == {"step": 3, "é": '\\"'}


def test_same_tensors_and_metadata_give_the_same_file(path: Path, tmp_path: Path) -> None:
    save_weights(tmp_path / "b.safetensors", network().state_dict(), {"é": '\\"', "step": 3})
    assert (tmp_path / "b.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("read", [read_tensors, lambda path: load_weights(path, network())])
def test_altered_tensors_are_refused(path: Path, read: Callable[[Path], object]) -> None:
    rewrite(path, lambda tensor: tensor + 1)
    with pytest.raises(WeightsError, match=r"a\.safetensors was damaged or altered: .*; fetch or write it again"):
        read(path)
    rewrite(path, lambda tensor: tensor, keep=False)
    read(path)


def test_tensors_of_another_dtype_are_refused(path: Path) -> None:
    rewrite(path, lambda tensor: tensor.to(torch.int8))
    with pytest.raises(WeightsError, match=r"\n  weight is I8, the network wants F32\n  bias is I8"):
        load_weights(path, network())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("keep", [True, False])
def test_value_that_is_not_finite_is_refused(path: Path, value: float, keep: bool) -> None:
    rewrite(path, lambda tensor: torch.full_like(tensor, value), keep=keep)
    with pytest.raises(WeightsError, match=r"a\.safetensors: (bias|weight) is not finite \((2 of 2|6 of 6) values"):
        load_weights(path, network())
    with pytest.raises(WeightsError, match="is not finite"):
        read_tensors(path, finite=True)


@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, '{"step": ' + "1" * 5000 + "}", "3", "{"])
def test_metadata_that_cannot_be_read_is_none(path: Path, text: str) -> None:
    save_file({"a": torch.ones(1)}, path, metadata={"hitzoo": text})
    assert read_metadata(path) == {}
    assert read_tensors(path)["a"] == 1


@pytest.fixture
def no_mmap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that reads files and does not map them, as FUSE and some network mounts are."""

    def refused(*_: object, **__: object) -> None:
        raise OSError("No such device (os error 19)")

    monkeypatch.setattr(weights_file, "safe_open", refused)


def test_weights_are_read_where_files_cannot_be_mapped(path: Path, no_mmap: None) -> None:
    module = network(7.0)
    load_weights(path, module)
    assert (module.weight == 1).all()
    assert read_metadata(path) == {"step": 3, "é": '\\"'}
    assert read_header(path) == {"weight": ("F32", (2, 3)), "bias": ("F32", (2,))}
    assert torch.equal(read_tensors(path)["bias"], network().bias)


def test_damage_is_seen_where_files_cannot_be_mapped(path: Path, no_mmap: None) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(WeightsError, match="is cut or is not a safetensors file"):
        read_header(path)
    path.write_bytes(whole[:-3] + b"abc")
    with pytest.raises(WeightsError, match="was damaged or altered"):
        read_tensors(path)
    path.write_bytes(b"")
    with pytest.raises(WeightsError, match="is cut or is not a safetensors file"):
        read_metadata(path)


def test_file_that_cannot_be_read_at_all(path: Path, no_mmap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(WeightsError, match=r"a\.safetensors cannot be read: Input/output error"):
        read_metadata(path)


def test_folder_whose_name_is_no_utf8(tmp_path: Path, path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"gr\xfc\xdfe")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    save_weights(folder / "a.safetensors", network().state_dict(), {"step": 3, "é": '\\"'})
    assert (folder / "a.safetensors").read_bytes() == path.read_bytes()
    module = network(7.0)
    load_weights(folder / "a.safetensors", module)
    assert (module.weight == 1).all()

"""Files of `torch.save`: what is refused, and that torch's advice on the way round the refusal is not repeated."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from hitzoo.errors import WeightsError
from hitzoo.zoo.torch_file import read_torch_file


class Command:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


class Expression:
    def __reduce__(self) -> Any:
        return eval, ("1",)


def save(path: Path, content: Any) -> bytes:
    torch.save(content, path)  # noqa: TID251 - the format under test
    return path.read_bytes()


def refusal(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        read_torch_file(path)
    text = str(caught.value)
    assert "weights_only" not in text
    assert "\n" not in text
    return text.removeprefix(f"{path} ")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (Command(), f"{os.system.__module__}.system"),
        (Expression(), "eval"),
        (torch.nn.ReLU(), "torch.nn.modules.activation.ReLU"),
    ],
)
def test_code_is_named_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "x.pth", {"a": torch.zeros(2), "b": content})
    assert f"nothing in it was run: it names {name};" in refusal(tmp_path / "x.pth")
    assert not Path("ran").exists()


def test_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "is a folder; give the file in it"


def test_file_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(save(path, {"a": torch.zeros(3000)})[:5000])
    assert refusal(path) == "is cut off or damaged: its end is missing; fetch it again"


@pytest.mark.parametrize("content", [b"", b"epoch: 3\nhello\n", b"<html></html>", b"l1: 3\n", bytes(range(256))])
def test_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    assert refusal(path) == "is no file of torch.save, or it is damaged; fetch it again"


def test_archive_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/b", "c")
    assert refusal(path) == "is no file of torch.save, or it is damaged; fetch it again"

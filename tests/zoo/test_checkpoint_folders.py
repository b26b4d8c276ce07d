"""Folders of TensorFlow checkpoints by every way of writing them; what they hold is not read here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hitzoo.errors import WeightsError
from hitzoo.zoo.hit_gan_source import read_variables


class _Reader:
    """TensorFlow, as far as it is asked: the prefix it is given becomes the only variable."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.train = self

    def load_checkpoint(self, prefix: str) -> _Reader:
        self.asked.append(prefix)
        return self

    def latest_checkpoint(self, folder: str) -> str | None:
        return None

    def get_variable_to_shape_map(self) -> dict[str, Any]:
        return {"a/.ATTRIBUTES/VARIABLE_VALUE": ()}

    def get_tensor(self, name: str) -> Any:
        return np.zeros(1, np.float32)


@pytest.mark.parametrize("written", [".", "", "./", "..", "/", "sub/.", "x" * 300])
def test_folder_without_a_checkpoint_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    (tmp_path / "here" / "sub").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(WeightsError, match=r"holds no TensorFlow checkpoint \(no \*\.index file\)|is neither an \.npz"):
        read_variables(Path(written))


@pytest.mark.parametrize("written", [".", "", "../here", "ckpt-10", "ckpt-10.index"])
def test_checkpoint_here_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "ckpt-10.index").touch()
    monkeypatch.chdir(tmp_path / "here")
    reader = _Reader()
    monkeypatch.setattr("hitzoo.zoo.hit_gan_source._tensorflow", lambda: reader)
    assert read_variables(Path(written)).keys() == {"a"}
    assert [Path(prefix).name for prefix in reader.asked] == ["ckpt-10"]

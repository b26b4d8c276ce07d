"""What TensorBoard itself reads of the events; without its package nothing is written and nothing fails."""

from __future__ import annotations

import errno
import io
import json
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from hitzoo.errors import OutputError
from hitzoo.training.run.tensorboard import open_tensorboard


class FakeEvent:
    """Stands for the package's message where it is not installed."""

    def __init__(self, **fields: object) -> None:
        self.fields = fields

    def SerializeToString(self) -> bytes:  # noqa: N802 - as the package calls it
        return json.dumps(self.fields, default=repr).encode()


@pytest.fixture
def fake(monkeypatch) -> None:
    names = ["tensorboard", "tensorboard.compat", "tensorboard.compat.proto", "tensorboard.compat.proto.event_pb2"]
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[-1]].Event = FakeEvent


@pytest.fixture
def warnings() -> list[str]:
    return []


def read(folder: Path):
    """The folder as TensorBoard shows it."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    return found.Reload()


def points(folder: Path, name: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in read(folder).Scalars(name)]


def test_scalars_are_read_back(tmp_path, warnings) -> None:
    pytest.importorskip("tensorboard")
    log = open_tensorboard(tmp_path / "run" / "tensorboard", first_step=1, warn=warnings.append)
    assert log.writing
    for step in (1, 2, 30):
        log.scalars(step, {"loss/generator": 0.5 * step, "loss/r1": math.inf if step == 2 else 1.0})
    log.close()
    log.scalars(31, {"loss/generator": 0.0})
    folder = tmp_path / "run" / "tensorboard"
    assert points(folder, "loss/generator") == [(1, 0.5), (2, 1.0), (30, 15.0)]
    assert points(folder, "loss/r1") == [(1, 1.0), (2, math.inf), (30, 1.0)]
    assert warnings == []


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_grids_are_read_back(tmp_path, warnings, channels) -> None:
    pytest.importorskip("tensorboard")
    pixels = np.random.default_rng(0).integers(0, 256, (12, 20, channels), np.uint8)
    open_tensorboard(tmp_path, first_step=1, warn=warnings.append).grid(5, "samples", pixels)
    (event,) = read(tmp_path).Images("samples")
    assert (event.step, event.height, event.width) == (5, 12, 20)
    with Image.open(io.BytesIO(event.encoded_image_string)) as picture:
        assert np.array_equal(np.asarray(picture).reshape(pixels.shape), pixels)


def test_a_resumed_run_shows_no_point_twice(tmp_path, warnings) -> None:
    pytest.importorskip("tensorboard")
    for session, (first, last) in enumerate([(1, 5), (3, 8), (7, 9)]):
        log = open_tensorboard(tmp_path, first_step=first, warn=warnings.append)
        for step in range(first, last + 1):
            log.scalars(step, {"loss": session})
    expected = [(1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 1), (7, 2), (8, 2), (9, 2)]
    assert points(tmp_path, "loss") == expected
    assert len(list(tmp_path.iterdir())) == 3


def test_a_record_cut_by_a_crash_costs_itself_only(tmp_path, warnings) -> None:
    pytest.importorskip("tensorboard")
    log = open_tensorboard(tmp_path, first_step=1, warn=warnings.append)
    for step in (1, 2):
        log.scalars(step, {"loss": step})
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    open_tensorboard(tmp_path, first_step=2, warn=warnings.append).scalars(2, {"loss": 7})
    assert points(tmp_path, "loss") == [(1, 1.0), (2, 7.0)]


def test_without_the_package_nothing_is_written(tmp_path, warnings, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)  # what an import then says
    log = open_tensorboard(tmp_path, first_step=1, warn=warnings.append)
    log.scalars(1, {"loss": 1.0})
    log.grid(1, "samples", np.zeros((2, 2, 3), np.uint8))
    log.close()
    assert (log.writing, list(tmp_path.iterdir()), warnings) == (False, [], [])


def test_a_package_that_does_not_work_is_said_once(tmp_path, warnings, fake) -> None:
    class Broken(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise TypeError("Descriptors cannot be created directly")

    sys.modules["tensorboard.compat.proto.event_pb2"] = Broken("event_pb2")
    log = open_tensorboard(tmp_path, first_step=1, warn=warnings.append)
    assert not log.writing
    assert warnings == [
        "no TensorBoard events: the installed tensorboard does not work (Descriptors cannot be created directly)"
    ]


def fail_with(monkeypatch, number: int) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, "as the system says")

    monkeypatch.setattr(Path, "open", fail)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_the_run(tmp_path, warnings, fake, monkeypatch, number) -> None:
    log = open_tensorboard(tmp_path, first_step=1, warn=warnings.append)
    fail_with(monkeypatch, number)
    with pytest.raises(OutputError, match=r"cannot write .*events\.out\.tfevents.*free some"):
        log.scalars(1, {"loss": 1.0})
    assert warnings == []


def test_any_other_failure_ends_the_events_alone(tmp_path, warnings, fake, monkeypatch) -> None:
    log = open_tensorboard(tmp_path, first_step=1, warn=warnings.append)
    (file,) = tmp_path.iterdir()
    before = file.read_bytes()
    with monkeypatch.context() as patch:
        fail_with(patch, errno.EIO)
        log.scalars(1, {"loss": 1.0})
    assert not log.writing
    assert warnings == [f"no more TensorBoard events: {file}: as the system says"]
    log.scalars(2, {"loss": 1.0})
    log.grid(2, "samples", np.zeros((2, 2, 3), np.uint8))
    assert len(warnings) == 1
    assert file.read_bytes() == before


def test_what_is_no_number_ends_the_events_alone(tmp_path, warnings) -> None:
    pytest.importorskip("tensorboard")
    log = open_tensorboard(tmp_path, first_step=1, warn=warnings.append)
    log.scalars(1, {"loss": "low"})
    assert not log.writing
    assert len(warnings) == 1


def test_a_folder_that_cannot_be_made_ends_the_events_alone(tmp_path, warnings, fake) -> None:
    (tmp_path / "tensorboard").touch()
    log = open_tensorboard(tmp_path / "tensorboard", first_step=1, warn=warnings.append)
    assert not log.writing
    assert "a part of the path is a file" in warnings[0]

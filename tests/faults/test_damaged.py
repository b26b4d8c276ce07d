"""A checkpoint that is cut or altered is passed over with a warning, and the run still ends in the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import Workshop

pytestmark = pytest.mark.processes


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip_one_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0b1000
    file.write_bytes(content)


def test_the_one_before_is_used(halfway: Workshop, assert_as_undisturbed) -> None:
    cut(halfway.checkpoint(6) / "model.safetensors")
    flip_one_bit(halfway.checkpoint(4) / "training/optimizer.safetensors")
    printed = halfway.train("--resume")
    for step, words in ((6, "model.safetensors is cut"), (4, "optimizer.safetensors was altered")):
        (warning,) = (line for line in printed.splitlines() if words in line)
        assert f"step-0000000{step} is damaged" in warning
        assert warning.endswith(f"set aside as damaged-step-0000000{step}, going on from step-00000002")
        assert (halfway.folder / f"run/checkpoints/damaged-step-0000000{step}").is_dir()
    assert "steps 3 to 12" in printed
    assert_as_undisturbed(halfway)


def test_where_none_is_whole_nothing_is_touched(halfway: Workshop) -> None:
    for step in halfway.saved():
        cut(halfway.checkpoint(step) / "training/discriminator.safetensors")
    files = {path: path.read_bytes() for path in halfway.folder.rglob("run/**/*") if path.is_file()}
    printed = halfway.train("--resume", code=2)
    assert "not one of the checkpoints in run/checkpoints is whole" in printed
    assert printed.count("training/discriminator.safetensors is cut") == 3
    assert {path: path.read_bytes() for path in halfway.folder.rglob("run/**/*") if path.is_file()} == files

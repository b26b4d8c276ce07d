"""Where the disk is full the run stops with a message, and its last checkpoint is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import Workshop, content

pytestmark = pytest.mark.processes

LIMIT = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
"""
"""No file may grow beyond it: a grid does not, the weights do, and the system refuses them as when the disk is full."""


def test_a_save_that_does_not_fit_leaves_the_one_before(halfway: Workshop, assert_as_undisturbed) -> None:
    before = content(halfway.folder / "run" / "checkpoints")
    printed = halfway.train("--resume", code=2, injected=LIMIT)
    assert "cannot write run/checkpoints/step-00000008" in printed
    assert "Traceback" not in printed
    assert content(halfway.folder / "run" / "checkpoints") == before
    assert halfway.half_saved() == []
    halfway.train("--resume")
    assert_as_undisturbed(halfway)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_line_that_does_not_fit_ends_the_run_too(halfway: Workshop) -> None:
    before, metrics = content(halfway.folder / "run" / "checkpoints"), halfway.folder / "run" / "metrics.jsonl"
    metrics.unlink()
    metrics.symlink_to("/dev/full")
    printed = halfway.train("--resume", code=2)
    assert "cannot write run/metrics.jsonl: no space left on the device; free some" in printed
    assert content(halfway.folder / "run" / "checkpoints") == before

"""No test but the marked ones sees a GPU."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from tests.cuda import visibility


@pytest.mark.parametrize(
    ("expression", "alone"),
    [
        ("cuda", True),
        ("cuda and not exhaustive", True),
        ("cuda and processes", True),
        ("", False),
        ("not exhaustive", False),
        ("not cuda", False),
        ("cuda or processes", False),
        ("processes", False),
    ],
)
def test_card_is_shown_to_marked_tests_alone(expression: str, alone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visibility.selects_marked_alone(expression) is alone
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    visibility.hide_unless_asked_for(expression)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ("0" if alone else "")


def test_unmarked_test_sees_no_card() -> None:
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
    assert not torch.cuda.is_available()


def test_marked_test_is_skipped_without_card(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    marked = SimpleNamespace(get_closest_marker=lambda name: name == "cuda" or None)
    monkeypatch.delenv(visibility.INSTEAD, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no GPU"):
        visibility.skip_without_card(marked)  # type: ignore[arg-type]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    visibility.skip_without_card(marked)  # type: ignore[arg-type]
    monkeypatch.undo()
    visibility.skip_without_card(request.node)


@pytest.mark.processes
def test_marked_tests_are_collected_with_the_card_in_sight() -> None:
    """Collection alone: the mark is known, something has it, and the environment is left as it was."""
    code = "import os, pytest; pytest.main(['-m', 'cuda', '--collect-only', '-q', 'tests/cuda']);"
    code += "print('seen:', os.environ['CUDA_VISIBLE_DEVICES'])"
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "7", "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "seen: 7" in done.stdout
    assert "test_unmarked" not in done.stdout
    assert "tests/cuda/test_optimized_network.py" in done.stdout

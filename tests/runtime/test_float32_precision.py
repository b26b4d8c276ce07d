"""torch's settings of float32 precision, by either interface; each test restores what a process begins with."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import hitzoo
from hitzoo.runtime import float32_precision as module
from hitzoo.runtime.float32_precision import (
    Older,
    Settings,
    allows_tf32,
    float32_precision,
    inference_precision,
)
from tests.float32_settings import BY_OLDER, NEWER, SETTINGS, reset, settings_in_effect

CARD = torch.device("cuda")


@pytest.fixture(autouse=True)
def _process_settings() -> Iterator[None]:
    yield
    reset()


@pytest.fixture(params=SETTINGS)
def changed(request: pytest.FixtureRequest) -> Settings:
    """The settings of a process whose program has changed them."""
    SETTINGS[request.param]()
    return settings_in_effect()


@pytest.mark.parametrize("wanted", ["ieee", "tf32"])
def test_precision_is_the_wanted_one_inside_and_the_callers_after(changed: Settings, wanted: str) -> None:
    with pytest.raises(KeyError), float32_precision(wanted):
        inside = settings_in_effect()
        assert (inside.products == "tf32", inside.convolutions == "tf32") == (wanted == "tf32",) * 2
        raise KeyError
    assert settings_in_effect() == changed


def test_nested_precision_is_that_of_the_innermost(changed: Settings) -> None:
    with float32_precision("tf32"):
        outer = settings_in_effect()
        with float32_precision("ieee"):
            assert not allows_tf32()
        assert settings_in_effect().products == outer.products == "tf32"
    assert settings_in_effect() == changed


def test_inference_is_exact_unless_the_caller_allows_tf32(changed: Settings) -> None:
    with inference_precision(CARD):
        if changed.products == "tf32":
            assert settings_in_effect() == changed
        else:
            assert "tf32" not in (settings_in_effect().products, settings_in_effect().convolutions)
        with inference_precision(CARD):
            pass
    assert settings_in_effect() == changed


def test_inference_on_other_devices_changes_nothing(changed: Settings) -> None:
    with inference_precision(torch.device("cpu")):
        assert settings_in_effect() == changed


@pytest.mark.parametrize("text", ["highest", "high", "medium"])
@pytest.mark.parametrize("wanted", ["ieee", "tf32"])
def test_older_interface_stays_readable_inside(text: str, wanted: str) -> None:
    """torch.compile reads it, and raises where the two disagree."""
    torch.set_float32_matmul_precision(text)
    with float32_precision(wanted):
        assert torch.backends.cuda.matmul.allow_tf32 == (wanted == "tf32")
    assert torch.get_float32_matmul_precision() == text


@pytest.mark.skipif(not NEWER, reason="this torch has the older interface alone")
def test_inherited_setting_still_follows_the_one_above_it() -> None:
    torch.backends.fp32_precision = "tf32"
    with float32_precision("ieee"):
        pass
    torch.backends.fp32_precision = "ieee"
    assert torch.backends.cuda.matmul.fp32_precision == torch.backends.cudnn.conv.fp32_precision == "ieee"


@pytest.mark.parametrize(
    "name", [name for name in BY_OLDER if not (NEWER and name in ("older: high", "older: medium"))]
)  # torch with both raises after these, as it sets oneDNN's precision by the newer one
def test_older_interface_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(module, "interface", Older)
    BY_OLDER[name]()
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    for wanted in ("ieee", "tf32"):
        with float32_precision(wanted):
            assert allows_tf32() == torch.backends.cuda.matmul.allow_tf32 == (wanted == "tf32")
            assert torch.backends.cudnn.allow_tf32 == (wanted == "tf32")
    assert before == (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32)


def test_last_of_several_threads_restores() -> None:
    before = settings_in_effect()
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with float32_precision("ieee"):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    with float32_precision("ieee"):
        thread.start()
        assert inside.wait(10)
    assert settings_in_effect().convolutions != "tf32"  # the thread is still at work
    leave.set()
    thread.join()
    assert settings_in_effect() == before


def test_no_other_module_touches_the_settings() -> None:
    package = Path(hitzoo.__file__).parent
    settings = re.compile(r"allow_tf32|float32_matmul_precision|fp32_precision|cudnn\.flags")
    touching = [
        str(path.relative_to(package))
        for path in sorted(package.rglob("*.py"))
        if settings.search(path.read_text(encoding="utf-8"))
    ]
    assert touching == ["runtime/float32_precision.py"]

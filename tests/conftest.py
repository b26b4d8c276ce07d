"""What the suite shares: a tiny spec (8 -> 32 pixels, a train step in a fraction of a second), and the command."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from hitzoo.cli.app import main
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.runtime.wait_policy import adaptive_waiting
from hitzoo.spec.types import Spec
from tests.cuda.visibility import device_in_place_of_card, hide_unless_asked_for, skip_without_card
from tests.processes import marks
from tests.processes.start import Starter

for _number in (signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])):
    if signal.getsignal(_number) is signal.SIG_IGN:  # `nohup … &` leaves it so, and every child process inherits it
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

TINY = """\
hitzoo: 1
name: tiny
generator:
  family: hit
  latent_dim: 8
  stages:
    - {channels: 32, depth: 1, heads: 2}                    #  8
    - {channels: 16, depth: 1, heads: 2}                    # 16
    - {channels: 8, depth: 1, heads: 2, attention: none}    # 32
discriminator: {family: stylegan2, channels: [4, 8, 8, 16]}
training:
  regularizers:
    - {kind: r1, weight: 1.0}
    - {kind: bcr}
  batch_size: 4
  steps: 4
data: {source: synthetic, resolution: 32}
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test caches is its own, not the developer's."""
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def _no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal's width is not the suite's, nor is that which pytest-xdist sets."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True, scope="session")
def _beside_other_programs() -> Iterator[None]:
    """As the command does: the suite shares its machine with a browser, or with another process of its own."""
    with adaptive_waiting():
        yield


@pytest.fixture(autouse=True, scope="session")
def _verbs_put_together_once() -> Iterator[None]:
    """The command's tree of verbs takes 35 ms to build: a user's process does it once, the suite for every command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.main.get_command", cache(get_command))
        yield


@pytest.fixture(autouse=True, scope="module")
def _freed_memory_goes_back() -> Iterator[None]:
    """The fast path keeps freed memory for its process; here that would be the largest network's for all tests."""
    yield
    from hitzoo.runtime.allocator import keep_freed_memory

    keep_freed_memory(False)


def pytest_configure(config: pytest.Config) -> None:
    hide_unless_asked_for(config.option.markexpr)
    marks.watch_starts()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage, then never look at what was collected: each look would take a second."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # extension modules tell of what they find at the end


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marks.mark(items)  # before `-m` chooses


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    marks.running(item)
    skip_without_card(item)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--real-starts", action="store_true", help="fork no process from one that has loaded torch")


@pytest.fixture(scope="session")
def start_hitzoo(pytestconfig: pytest.Config) -> Iterator[Starter]:
    """`python -m hitzoo …` as a process of its own."""
    starter = Starter(real=pytestconfig.getoption("--real-starts"))
    yield starter
    starter.close()


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without an entry in the passwd file and without HOME, as in a container started with a number."""
    for name in ("HOME", "XDG_CACHE_HOME", "HITZOO_CACHE", "HF_HOME", "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(_: object) -> None:
        raise KeyError("no such user")

    monkeypatch.setattr("pwd.getpwuid", nobody)


@pytest.fixture(scope="session")
def card() -> Any:
    """The device of the tests marked `cuda`, a `torch.device`."""
    import torch

    return torch.device(device_in_place_of_card() or "cuda")


@pytest.fixture
def tiny_text() -> str:
    return TINY


@pytest.fixture
def tiny_spec(tiny_text: str) -> Spec:
    return parse_spec(tiny_text, "tiny.yaml")


@pytest.fixture
def tiny_plan(tiny_spec: Spec) -> ModelPlan:
    return compile_spec(tiny_spec)


@dataclass(frozen=True)
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("check", "tiny.yaml")`: the command's own entry point, in the test's folder; `code` is the expected exit."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object, code: int = 0) -> Done:
        monkeypatch.setattr(sys, "argv", ["hitzoo", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main()
        printed = capsys.readouterr()
        assert (leaving.value.code or 0) == code, printed.out + printed.err
        return Done(printed.out, printed.err)

    return call

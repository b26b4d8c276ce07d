"""A training process of its own, in a folder of its own, that can be stopped in the middle of a save.

hold   a file the test writes: how many flushes to the disk go through before the next one waits for its end
held   the process's answer: how often it has looked since it waits
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import TINY
from tests.processes.once import made_once
from tests.processes.start import Starter

STEPS = 12
PATIENCE = 120  # seconds, for what takes one or two
HOLDING = """
import os, time
_fsync, _passed, _looked = os.fsync, 0, 0
def fsync(descriptor):
    global _passed, _looked
    if os.path.exists("hold"):
        _passed += 1
        while os.path.exists("hold") and _passed > int(open("hold").read()):
            _looked += 1
            with open("held.new", "w") as file:
                file.write(str(_looked))
            os.replace("held.new", "held")
            time.sleep(0.01)
    _fsync(descriptor)
os.fsync = fsync
"""


@dataclass
class Workshop:
    """A folder with a spec of 32×32 pixels and pictures, and the training processes that are started in it."""

    folder: Path
    starter: Starter
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: object, injected: str = "", real: bool = False) -> subprocess.Popen[str]:
        """`hitzoo train tiny.yaml --data pictures --out run …`; `injected` is Python that runs before all else."""
        (self.folder / "injected").mkdir(exist_ok=True)
        (self.folder / "injected" / "sitecustomize.py").write_text(injected, encoding="utf-8")
        paths = [str(self.folder / "injected"), *filter(None, [os.environ.get("PYTHONPATH")])]
        process = self.starter(
            *["train", "tiny.yaml", "--data", "pictures", "--out", "run"],
            *["--device", "cpu", "--log-every", "1", "--checkpoint-every", "2", *map(str, words)],
            cwd=self.folder,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)},
            session=True,  # a signal to its group reaches its workers and not the tests
            real=real,
        )
        self.processes.append(process)
        return process

    def train(self, *words: object, code: int = 0, injected: str = "", real: bool = False) -> str:
        """The same to its end; all that it printed."""
        return end(self.start(*words, injected=injected, real=real), code)

    def hold(self, process: subprocess.Popen[str], flushes: int) -> None:
        """Let the process write on until it flushes for the next time after `flushes` more, and wait there."""
        (self.folder / "held").unlink(missing_ok=True)
        (self.folder / "hold.new").write_text(str(flushes), encoding="utf-8")
        (self.folder / "hold.new").replace(self.folder / "hold")
        self.beats(process, 1)

    def beats(self, process: subprocess.Popen[str], count: int) -> None:
        """Wait until the held process has looked `count` more times: by then it has heard of any signal sent before."""
        wanted = self._looked() + count
        deadline = time.monotonic() + PATIENCE
        while self._looked() < wanted:
            assert process.poll() is None, "it ended before it could be held"
            assert time.monotonic() < deadline, "it is not held"
            time.sleep(0.005)

    def release(self) -> None:
        """Let it write on."""
        (self.folder / "hold").unlink()

    def saved(self) -> list[int]:
        """The steps of the checkpoints that are there."""
        return sorted(int(path.name.removeprefix("step-")) for path in (self.folder / "run/checkpoints").glob("step-*"))

    def half_saved(self) -> list[str]:
        """What a save left that did not come to its end."""
        return sorted(path.name for path in (self.folder / "run").rglob(".*"))

    def checkpoint(self, step: int) -> Path:
        return self.folder / "run" / "checkpoints" / f"step-{step:08d}"

    def _looked(self) -> int:
        held = self.folder / "held"
        return int(held.read_text(encoding="utf-8")) if held.exists() else 0


def end(process: subprocess.Popen[str], code: int) -> str:
    """Wait for a process's end, which must be this one; all that it printed."""
    out, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, out + errors
    return out + errors


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    """Read along until the step is done, or the process ends."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"step {step}/"):
            return


def kill(process: subprocess.Popen[str]) -> bool:
    """SIGKILL; whether it came before the end."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    return process.returncode == -signal.SIGKILL


def losses(run: Path) -> list[dict[str, float]]:
    """The lines of the metrics, apart from what the clock says."""
    text = (run / "metrics.jsonl").read_text(encoding="utf-8")
    clock = {"seconds", "images_per_second", "data_wait"}
    return [{key: value for key, value in json.loads(line).items() if key not in clock} for line in text.splitlines()]


def content(checkpoint: Path) -> dict[str, bytes]:
    """Every byte of a checkpoint."""
    return {str(path.relative_to(checkpoint)): path.read_bytes() for path in checkpoint.rglob("*") if path.is_file()}


def furnish(folder: Path, starter: Starter) -> Workshop:
    folder.mkdir(exist_ok=True)
    (folder / "tiny.yaml").write_text(TINY.replace("steps: 4", f"steps: {STEPS}"), encoding="utf-8")
    (folder / "pictures").mkdir()
    random = np.random.default_rng(0)
    for index in range(10):
        Image.fromarray(random.integers(0, 256, (4, 4, 3), np.uint8)).resize((32, 32)).save(
            folder / "pictures" / f"{index}.png"
        )
    return Workshop(folder, starter)


@pytest.fixture
def workshop(tmp_path: Path, start_hitzoo: Starter) -> Iterator[Workshop]:
    """An empty one; what still runs when a test has failed is killed."""
    made = furnish(tmp_path / "workshop", start_hitzoo)
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, start_hitzoo: Starter) -> Path:
    """The run that nothing happens to, started as a user starts it."""

    def make(folder: Path) -> None:
        furnish(folder, start_hitzoo).train(real=True)

    return made_once(tmp_path_factory, "undisturbed", make) / "run"


@pytest.fixture(scope="session")
def first_half(tmp_path_factory: pytest.TempPathFactory, start_hitzoo: Starter) -> Path:
    """The same run up to step 6, with checkpoints of the steps 2, 4 and 6."""

    def make(folder: Path) -> None:
        furnish(folder, start_hitzoo).train("--set", "training.steps=6")

    return made_once(tmp_path_factory, "half", make) / "run"


@pytest.fixture
def halfway(workshop: Workshop, first_half: Path) -> Workshop:
    """A workshop whose run is at step 6 of 12."""
    shutil.copytree(first_half, workshop.folder / "run")
    return workshop


@pytest.fixture
def assert_as_undisturbed(undisturbed: Path) -> Callable[[Workshop], None]:
    """The last checkpoint, the losses and the last grid of a workshop's run are those of the undisturbed one."""

    def check(workshop: Workshop) -> None:
        run = workshop.folder / "run"
        name = f"checkpoints/step-{STEPS:08d}"
        mine, theirs = content(run / name), content(undisturbed / name)
        assert len(theirs) == 7
        assert [file for file in theirs if mine.get(file) != theirs[file]] == []
        assert mine.keys() == theirs.keys()
        assert losses(run) == losses(undisturbed)
        grid = f"samples/step-{STEPS:08d}.png"
        assert (run / grid).read_bytes() == (undisturbed / grid).read_bytes()
        assert workshop.half_saved() == []

    return check

"""`hitzoo doctor`: its text at any width, its JSON, its files, its exit code, and what it never says."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hitzoo.cli.doctor_text import report_lines
from hitzoo.doctor import examination
from hitzoo.doctor.checks import speed
from hitzoo.errors import HubError
from tests.conftest import Run
from tests.doctor.in_process import LOST, InProcess, Script, outline
from tests.processes.start import Starter

MLP = outline("kernels", "MLP of 64 channels, Triton, float32", kernel="mlp")
NETWORK = outline("network", "optimized network, float32")
ENDS: dict[Any, Any] = {
    outline("device", "computes"): "pass",
    MLP: "fail: wrong numbers: further from the reference than rounding explains",
    NETWORK: "pass",
    outline("graph", "CUDA graph"): "not applicable: only NVIDIA GPUs have CUDA graphs",
}

Answers = Callable[[InProcess], InProcess]


@pytest.fixture
def answered_by(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """`answered_by(script)`: who answers instead of a worker process."""

    def settle(answering: InProcess) -> InProcess:
        monkeypatch.setattr(examination, "Worker", lambda: answering)
        return answering

    return settle


def test_text_says_what_failed_and_the_way_round(run: Run, answered_by: Answers) -> None:
    answered_by(Script(ENDS))
    text = run("doctor", code=1).stdout
    assert re.search(r"^  pass  computes$", text, re.MULTILINE)
    assert re.search(r"^  FAIL  MLP of 64 channels, Triton, float32$", text, re.MULTILINE)
    assert "        wrong numbers: further from the reference than rounding explains\n" in text
    assert "        workaround: without MLP of 64 channels, Triton, float32\n" in text
    assert re.search(r"^  n/a   CUDA graph +only NVIDIA GPUs have CUDA graphs$", text, re.MULTILINE)
    summary = text[text.index("\nSummary\n") :]
    assert "1 check failed, 4 passed, 1 does not apply." in summary
    assert "  failed: cuda:0 MLP of 64 channels, Triton, float32\n" in summary
    assert "Turned off on cuda:0: the Triton kernel mlp." in summary
    assert "For a bug report, paste all of this text" in summary


def test_machine_that_is_well_ends_with_0(run: Run, answered_by: Answers) -> None:
    answered_by(Script(dict.fromkeys(ENDS, "pass")))
    summary = run("doctor").stdout.split("\nSummary\n")[1]
    assert summary.startswith("All is well: 6 checks passed, 0 do not apply.\n")
    assert "Turned off" not in summary


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_text_fits_the_terminal(width: int, run: Run, answered_by: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True,max_split_size_mb:128,roundup_power2:16")
    answered_by(Script(ENDS | {outline("speed", "a check with a name longer than any other of them has"): LOST}))
    lines = run("doctor", code=1).stdout.splitlines()
    assert [line for line in lines if len(line) > min(width, 100) and " " in line.strip()[: width - 40]] == []
    assert "Summary" in lines


def test_files_hold_the_text_and_the_data(run: Run, answered_by: Answers, tmp_path: Path) -> None:
    answered_by(Script(ENDS))
    done = run("doctor", "--out", "report", code=1)
    text = (tmp_path / "report" / "doctor.txt").read_text(encoding="utf-8")
    assert done.stdout == text + f"written: report{'/'}doctor.txt, report{'/'}doctor.json\n"
    data = json.loads((tmp_path / "report" / "doctor.json").read_text(encoding="utf-8"))
    assert [check["name"] for check in data["checks"] if check["status"] == "fail"] == [MLP.name]
    before = (tmp_path / "report" / "doctor.txt").stat().st_mtime_ns
    asked = answered_by(Script(ENDS))
    assert "doctor.txt exists already; --force replaces it" in run("doctor", "--out", "report", code=2).stderr
    assert asked.asked == []  # it is said before the work
    assert (tmp_path / "report" / "doctor.txt").stat().st_mtime_ns == before
    answered_by(Script(dict.fromkeys(ENDS, "pass")))
    run("doctor", "--out", "report", "--force")
    assert "All is well" in (tmp_path / "report" / "doctor.txt").read_text(encoding="utf-8")


def test_place_that_cannot_be_written_is_refused_before_any_check(
    run: Run, answered_by: Answers, tmp_path: Path
) -> None:
    script = answered_by(Script(ENDS))
    (tmp_path / "a file").touch()
    done = run("doctor", "--out", "a file", code=2)
    assert (done.stdout, script.asked) == ("", [])
    assert "cannot write a file/doctor.txt: a part of the path is a file" in done.stderr


def test_nothing_stays_where_an_examination_is_interrupted(run: Run, answered_by: Answers, tmp_path: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    answered_by(InProcess(interrupted))
    run("doctor", "--out", "new/report", code=130)
    assert list(tmp_path.iterdir()) == []


def test_json_is_all_that_is_printed(run: Run, answered_by: Answers) -> None:
    answered_by(Script(ENDS))
    data = json.loads(run("doctor", "--json", "--out", "report", code=1).stdout)
    assert data["summary"] == {"passed": 4, "failed": 1, "not_applicable": 1}


def test_words_that_mean_nothing_are_the_user_s_mistake(run: Run, answered_by: Answers) -> None:
    asked = answered_by(Script(ENDS))
    assert run("doctor", "--device", "gpu", code=2).stderr.startswith("--device gpu: not a device; possible: all, auto")
    assert "did you mean 'kernels'?" in run("doctor", "--only", "kernel", code=2).stderr
    assert asked.asked == []


def test_groups_are_completed() -> None:
    from hitzoo.cli.completion import complete_check_group

    assert complete_check_group("n") == ["network"]


def test_planted_wrong_kernel_is_found_on_the_cpu(
    run: Run, answered_by: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from hitzoo.fold import linear

    original = linear.onednn_product

    def wrong(*given: Any, **options: Any) -> torch.Tensor:
        return original(*given, **options) + 0.01

    monkeypatch.setattr(linear, "onednn_product", wrong)
    answered_by(InProcess())
    words = ("doctor", "--device", "cpu", "--only", "kernels", "--only", "network")
    checks = json.loads(run(*words, "--json", code=1).stdout)["checks"]
    failed = {check["name"]: check for check in checks if check["status"] == "fail"}
    assert {"linear, oneDNN, float32", "linear per sample, oneDNN, float32", "optimized network, float32"} <= set(
        failed
    )
    assert failed["optimized network, float32"]["workaround"] == "leave out --optimized"
    assert failed["linear, oneDNN, float32"]["value"] > failed["linear, oneDNN, float32"]["limit"]
    monkeypatch.setattr(linear, "onednn_product", original)
    assert json.loads(run(*words, "--json").stdout)["summary"]["failed"] == 0


SECRETS = {
    "HOME": "/mnt/people/alicewonder",
    "USER": "alicewonder",
    "LOGNAME": "alicewonder",
    "HOSTNAME": "teapot7.wonderland.example",
    "HF_TOKEN": "hf_aliceTokenNobodyMaySee",
    "HF_ENDPOINT": "https://alice:rabbithole@hub.wonderland.example",
    "HTTPS_PROXY": "http://hatter:teatime@proxy.wonderland.example:3128",
    "HF_HOME": "/mnt/people/alicewonder/models",
    "WANDB_API_KEY": "0123456789abcdef0123",
    "LD_PRELOAD": "",
}
NEVER = (
    "alice",
    "wonder",
    "teapot",
    "TokenNobody",
    "rabbithole",
    "hatter",
    "teatime",
    "0123456789abcdef",
    "/mnt/people",
)


def test_nothing_that_identifies_is_said(
    run: Run, answered_by: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "gethostname", lambda: SECRETS["HOSTNAME"])
    monkeypatch.setattr(
        "hitzoo.hub.reach.reach_hub",
        lambda: (_ for _ in ()).throw(HubError(f"no answer ({' '.join(SECRETS.values())})")),
    )
    everything = " and ".join(SECRETS.values())
    answered_by(Script(ENDS | {NETWORK: f"fail: cannot open {everything}", MLP: f"not applicable: {everything}"}))
    done = run("doctor", "--hub", "--out", "report", code=1)
    shown = [done.stdout, done.stderr, run("doctor", "--hub", "--json", code=1).stdout]
    shown += [path.read_text(encoding="utf-8") for path in (tmp_path / "report").iterdir()]
    assert len(shown) == 5
    for text in shown:
        assert [secret for secret in NEVER if secret in text] == []
    assert "cannot open ~ and USER and USER and HOST and … and" in shown[0]
    assert "HF_HOME" in shown[0]


@pytest.mark.processes
def test_command_as_a_user_runs_it(start_hitzoo: Starter, tmp_path: Path) -> None:
    import os

    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    words = ("doctor", "--only", "device", "--device", "cpu", "--json")
    process = start_hitzoo(*words, cwd=tmp_path, env=environment)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    names = [(check["name"], check["status"]) for check in json.loads(out)["checks"]]
    assert names == [("torch loads", "pass"), ("torch finds the GPU", "not applicable"), ("computes", "pass")]


def test_every_check_has_a_line(answered_by: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of every unit, real ones."""
    monkeypatch.setattr(speed, "_QUICK", {"cpu": (1 << 16, 32)})
    speed._ceilings.cache_clear()
    wanted = examination.Wanted(device="cpu", groups=("device", "speed"))
    report = examination.examine(wanted, worker=lambda: InProcess())
    text = "\n".join(line for line, _ in report_lines(report, 100, full=True))
    assert re.search(r"pass  copies, read and written +\d+(\.\d+)? [MGT]B/s\n", text)
    assert re.search(r"pass  matrix products, float32 +\d+(\.\d+)? [MGT]FLOP/s\n", text)
    assert re.search(r"pass  computes +off by \d\.\de-\d\d\n", text)
    assert "--full" not in text

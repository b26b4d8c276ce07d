"""The process that checks are made in, and its ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hitzoo.doctor.worker import Lost, Worker
from tests.doctor.other_worker import answer

PATIENCE = 60.0


@pytest.mark.processes
def test_lost_process_is_named_and_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Worker(answer) as worker:
        first = worker.ask("which", patience=PATIENCE)
        assert first != os.getpid()
        assert worker.ask("print", patience=PATIENCE) == "printed"
        for question, patience, said in (
            ("what", PATIENCE, r"^ValueError: what\?$"),
            ("kill", PATIENCE, r"^its process was ended by SIGKILL \(terminate called after throwing\)$"),
            ("leave", PATIENCE, r"^its process ended with code 3$"),
            ("hang", 0.1, r"^not done after 0 seconds, and ended$"),
        ):
            with pytest.raises(Lost, match=said):
                worker.ask(question, patience=patience)
        assert worker.ask("which", patience=PATIENCE) != first
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.processes
def test_busy_process_is_ended_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitzoo.doctor.worker._FAREWELL", 600.0)
    with pytest.raises(KeyboardInterrupt), Worker(answer) as worker:
        busy = worker.ask("which", patience=PATIENCE)
        monkeypatch.setattr(worker._door, "poll", lambda patience: (_ for _ in ()).throw(KeyboardInterrupt))
        worker.ask("hang", patience=PATIENCE)
    with pytest.raises(ProcessLookupError):
        os.kill(busy, 0)


@pytest.mark.processes
def test_renewed_process_is_another() -> None:
    with Worker(answer) as worker:
        first = worker.ask("which", patience=PATIENCE)
        worker.renew()
        assert worker.ask("which", patience=PATIENCE) != first
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)


@pytest.mark.processes
def test_worker_without_a_place_for_its_log_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**options: object) -> None:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with Worker(answer) as worker:
        assert worker.ask("print", patience=PATIENCE) == "printed"
        with pytest.raises(Lost, match=r"^its process was ended by SIGKILL$"):
            worker.ask("kill", patience=PATIENCE)
    assert Path(os.devnull).exists()


def test_worker_that_is_asked_nothing_starts_nothing() -> None:
    with Worker(answer) as worker:
        worker.renew()

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from PIL import Image

from hitzoo.data.open import open_source
from hitzoo.data.pack import Square, pack
from tests.conftest import Run
from tests.data.record_writer import noise, raw_picture, write_records


def test_pack_says_what_it_wrote_and_check_reads_it(run: Run, pictures: Path, tmp_path: Path) -> None:
    done = run("data", "pack", "pictures", "p.zip", "--resolution", 8)
    assert "wrote p.zip: 6 images of 8×8, " in done.stdout
    assert "sizes: 8×8 (6)" in run("data", "check", "p.zip").stdout
    report = json.loads(run("data", "check", "p.zip", "--json").stdout)
    assert (report["count"], report["sizes"], report["formats"]) == (6, {"8x8": 6}, {"PNG": 6})


def test_every_option_of_pack_is_passed_on(run: Run, pictures: Path, tmp_path: Path) -> None:
    (pictures / "x.png").write_bytes(b"")
    words = ["--channels", 1, "--crop", "none", "--crop-fraction", 0.5, "--workers", 1, "--on-error", "skip", "--json"]
    report = json.loads(run("data", "pack", "pictures", "p.zip", "--resolution", 8, *words).stdout)
    assert report == {
        "location": "pictures",
        "out": "p.zip",
        "packed": 6,
        "size": (tmp_path / "p.zip").stat().st_size,
        "resolution": 8,
        "channels": 1,
        "crop": "none",
        "crop_fraction": 0.5,
        "skipped": [
            {"name": "x.png", "reason": "not an image in a readable format, or its beginning is damaged"},
        ],
    }
    image = open_source("p.zip", resolution=8).read(0)
    assert (image.mode, image.size) == ("L", (8, 8))


def test_pack_names_what_was_left_out(run: Run, pictures: Path) -> None:
    for number in range(25):
        (pictures / f"x{number:02}.png").write_bytes(b"")
    assert "x00.png" in run("data", "pack", "pictures", "p.zip", "--resolution", 8, code=2).stderr
    done = run("data", "pack", "pictures", "p.zip", "--resolution", 8, "--on-error", "skip")
    assert "left out: x00.png (not an image" in done.stdout
    assert "x19.png" in done.stdout
    assert "x20.png" not in done.stdout
    assert "and 5 more" in done.stdout
    again = ("data", "pack", "pictures", "p.zip", "--on-error", "skip", "--resolution")
    before = Path("p.zip").read_bytes()
    assert run(*again, 8).stdout == done.stdout
    assert "p.zip exists already, with another 00000/img00000000.png; --force" in run(*again, 9, code=2).stderr
    assert Path("p.zip").read_bytes() == before
    run(*again, 9, "--force")
    assert Path("p.zip").read_bytes() != before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pictures", "p.zip"], "resolution"),
        (["pictures", "p.tar", "--resolution", "8"], "must end in .zip"),
        (["pictures", "p.zip", "--resolution", "8", "--crop", "random"], "center or none"),
        (["pictures", "p.zip", "--resolution", "8", "--workers", "0"], "workers 0"),
        (["gone", "p.zip", "--resolution", "8"], "no such folder or file"),
    ],
)
def test_mistakes(run: Run, pictures: Path, tmp_path: Path, words: list[str], said: str) -> None:
    assert said in run("data", "pack", *words, code=2).stderr
    assert not (tmp_path / "p.zip").exists()


def test_check_looks_at_the_size_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    for power in (2, 3):
        write_records(tmp_path / f"x-r{power:02}.tfrecords", [raw_picture(noise(0, 1 << power))])
    assert "sizes: 8×8 (1)" in run("data", "check", ".").stdout
    assert "sizes: 4×4 (1)" in run("data", "check", ".", "--resolution", 4).stdout
    record = (tmp_path / "x-r02.tfrecords").read_bytes()
    (tmp_path / "x-r02.tfrecords").write_bytes(record[:-9] + bytes(9))
    assert "x-r02.tfrecords record 0" in run("data", "check", "x-r02.tfrecords", code=2).stdout


def test_without_the_library_a_data_set_of_the_hub_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert "pip install 'hitzoo[data]'" in run("data", "check", "hf:org/faces", code=2).stderr


@contextmanager
def packing(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a `pack` that takes long, in a process group of its own, and wait until it writes."""
    words = ["data", "pack", "synthetic", "out/p.zip", "--resolution", "64", "--workers", "2"]
    code = "from hitzoo.cli.app import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not any(path.stat().st_size for path in folder.glob("out/.p.zip.*")):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.skipif(os.name == "nt", reason="process groups")
@pytest.mark.processes
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    with packing(tmp_path) as process:
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.processes
@pytest.mark.skipif(os.name == "nt", reason="process groups")
@pytest.mark.parametrize("whole_group", [False, True], ids=["alone", "group"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_stopped_pack_leaves_nothing_behind(tmp_path: Path, number: int, code: int, whole_group: bool) -> None:
    with packing(tmp_path) as process:
        (os.killpg if whole_group else os.kill)(process.pid, number)
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (code, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.processes
@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_workers_end_with_a_command_that_is_killed(tmp_path: Path) -> None:
    with packing(tmp_path) as process:
        process.kill()
        process.communicate(timeout=60)  # every process that still lived would hold the output open
    assert not (tmp_path / "out" / "p.zip").exists()
    assert len(list((tmp_path / "out").iterdir())) == 1
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    pack(str(tmp_path), tmp_path / "out" / "p.zip", Square(resolution=8), workers=1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["p.zip"]


def test_make_says_what_it_wrote_and_under_which_licence(run: Run, tmp_path: Path) -> None:
    words = ["data", "make", "critters", "c.zip", "--number", 2, "--resolution", 16, "--workers", 1]
    done = run(*words)
    assert "wrote c.zip: 2 images of 16×16, " in done.stdout
    assert "licence: CC0 1.0; „Critters”" in done.stdout
    found = json.loads(run(*words, "--json").stdout)
    assert (found["style"], found["number"], found["first"], found["license"]) == ("critters", 2, 0, "CC0 1.0")
    assert "sizes: 16×16 (2)" in run("data", "check", "c.zip").stdout
    assert run("data", "make", "crittres", "x.zip", code=2).stderr == "style 'crittres': did you mean 'critters'?\n"

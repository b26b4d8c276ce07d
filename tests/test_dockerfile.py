"""What docs/clusters.md promises of the image, as far as it can be held without building it."""

from __future__ import annotations

import os
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from tests.processes.start import Starter

CHECKOUT = Path(__file__).parents[1]
TEXT = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE))
STAGES = re.split(r"^(?=FROM )", LINES, flags=re.MULTILINE)[1:]
ENVIRONMENT = dict(re.findall(r"([A-Z_]+)=(/\S+)", STAGES[-1]))

READ_ONLY = """
import os, sys
def refuse(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        writes = args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(args[2], int) else 0
    else:
        writes = event in ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate")
    if writes and not os.path.abspath(os.fsdecode(args[0])).startswith(({folders!r}, "/dev/", "/proc/")):
        raise OSError(30, "Read-only file system", args[0])
sys.addaudithook(refuse)
"""
"""As under `--read-only`: nothing is written but into the folders that are mounted."""


def test_every_stage_begins_with_a_pinned_image() -> None:
    images = re.findall(r"^FROM (\S+)", LINES, re.MULTILINE)
    assert len(images) == len(STAGES) > 1
    for image in images:
        assert re.fullmatch(r"nvidia/cuda:\d+\.\d+\.\d+-base-ubuntu\d\d\.\d\d", image)


def test_image_runs_without_rights_and_without_compiler() -> None:
    assert re.findall(r"^USER (\S+)$", STAGES[-1], re.MULTILINE) == ["10001"]
    installed = " ".join(re.findall(r"apt-get install (.*)", LINES)).split()
    assert not {"gcc", "g++", "clang", "build-essential", "python3-dev"} & set(installed)
    assert STAGES[-1].rstrip().endswith('ENTRYPOINT ["hitzoo"]\nCMD ["--help"]')


def test_context_has_what_is_copied() -> None:
    ignored, *rules = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line[:1] != "#"]
    sent = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = [word for words in re.findall(r"^COPY (?!--from)(.*) \S+$", LINES, re.MULTILINE) for word in words.split()]
    assert (ignored, sent) == ("*", set(copied))
    assert all((CHECKOUT / name).exists() for name in copied)
    wheel = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [*wheel["packages"], *(path.split("/")[0] for path in wheel["force-include"])]
    assert all(any(fnmatch(name, own) for own in copied) for name in needed)


def test_all_that_is_written_lies_in_what_is_mounted(start_hitzoo: Starter, tmp_path: Path) -> None:
    """With the image's own environment, and a user of no name: the features of real images and a report."""
    caches = {name: value for name, value in ENVIRONMENT.items() if value.startswith("/cache/")}
    assert {"HITZOO_CACHE", "HF_HOME", "TORCH_HOME", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"} == caches.keys()
    assert "VOLUME /cache\nWORKDIR /workspace\n" in STAGES[-1]
    for name in ("work", "cache", "tmp"):
        (tmp_path / name).mkdir()
    env = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", "HOME": str(tmp_path / "tmp")}
    env |= {name: f"{tmp_path}{value}" for name, value in caches.items()} | {"TMPDIR": str(tmp_path / "tmp")}
    env |= {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "PYTHONDONTWRITEBYTECODE": "1"}
    words = ("eval", "hit-ti-shapes32", "--samples", 4, "--real-samples", 4, "--out", "report.json")
    process = start_hitzoo(
        *words,
        "--metrics",
        "sliced_wasserstein",
        cwd=tmp_path / "work",
        env=env,
        before=READ_ONLY.format(folders=f"{tmp_path}/"),
    )
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert (tmp_path / "work" / "report.json").exists()
    assert list((tmp_path / "cache" / "hitzoo").rglob("*.safetensors"))
    assert "not cached" not in errors

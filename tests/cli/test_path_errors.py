"""Places that may not be looked at, or that no file system has: every verb says it in one sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from hitzoo.cli.path_errors import describe_path_error
from tests.conftest import Run

MODEL, SPEC = "hit-ti-shapes32", "hit-ti-shapes32"
VERBS = {
    "check": ("check", "{place}"),
    "show": ("show", "{place}"),
    "build": ("build", "{place}"),
    "build --out": ("build", SPEC, "--out", "{place}"),
    "diff": ("diff", SPEC, "{place}"),
    "new": ("new", "{place}", "--from", SPEC),
    "train": ("train", "{place}", "--data", "synthetic", "--out", "run"),
    "train --data": ("train", SPEC, "--data", "{place}", "--out", "run"),
    "train --out": ("train", SPEC, "--data", "synthetic", "--out", "{place}", "--set", "training.steps=1"),
    "train --resume": ("train", SPEC, "--data", "synthetic", "--out", "{place}", "--resume"),
    "sample": ("sample", "--model", "{place}"),
    "sample --out": ("sample", "--model", MODEL, "--seeds", "0", "--out", "{place}"),
    "sample --npy": ("sample", "--model", MODEL, "--seeds", "0", "--npy", "{place}"),
    "sample --latents": ("sample", "--model", MODEL, "--latents", "{place}"),
    "render": ("render", "--model", "{place}"),
    "render --out": ("render", "--model", MODEL, "--out", "{place}"),
    "export --out": ("export", "--model", MODEL, "--format", "torch", "--out", "{place}"),
    "eval --data": ("eval", "--model", MODEL, "--data", "{place}", "--metrics", "sliced_wasserstein"),
    "eval --out": ("eval", "--model", MODEL, "--data", "synthetic", "--metrics", "sliced_wasserstein", "--samples", "8",
                   "--out", "{place}"),
    "info": ("info", "{place}"),
    "pull": ("pull", "{place}"),
    "runs": ("runs", "{place}"),
    "publish": ("publish", "{place}", "acme/x", "--license", "mit", "--dry-run"),
    "publish --evaluation": ("publish", MODEL, "acme/x", "--license", "mit", "--dry-run", "--evaluation", "{place}"),
    "publish --out": ("publish", MODEL, "acme/x", "--license", "mit", "--dry-run", "--out", "{place}"),
    "convert": ("convert", "--from", "hit-gan", "{place}", "--spec", "hit-b-ffhq256", "--out", "model"),
    "convert --to": ("convert", "--to", "hit-gan", "{place}", "x.npz"),
    "convert target": ("convert", "--to", "hit-gan", MODEL, "{place}"),
    "data check": ("data", "check", "{place}"),
    "data pack": ("data", "pack", "synthetic", "{place}", "--resolution", "16"),
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_name_no_file_system_has(run: Run, verb: str) -> None:
    words = [word.replace("{place}", "x" * 300) for word in VERBS[verb]]
    said = run(*words, code=2).stderr
    assert 0 < len(said) < 1500
    assert not [path for path in Path.cwd().iterdir() if path.name not in ("run", "model")]


@pytest.mark.parametrize("verb", ["new", "runs", "render --out", "convert target", "data pack", "train --out"])
def test_links_that_lead_in_a_circle(run: Run, verb: str) -> None:
    Path("circle").symlink_to("circle")
    words = [word.replace("{place}", "circle/x") for word in VERBS[verb]]
    said = run(*words, code=2).stderr
    assert 0 < len(said.splitlines()) < 5


@pytest.mark.parametrize("verb", VERBS)
def test_shut_folder(run: Run, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that only others may look into, also for root: the system's answers of it are replaced."""
    import os
    import pathlib

    shut = Path("shut").absolute()

    def guarded(real: object) -> object:
        def call(path: object, *rest: object, **more: object) -> object:
            if isinstance(path, str | pathlib.PurePath) and shut in Path(path).absolute().parents:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *rest, **more)  # type: ignore[operator]

        return call

    for name in ("stat", "lstat", "open", "mkdir", "listdir", "scandir"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))
    monkeypatch.setattr("io.open", guarded(open))
    words = [word.replace("{place}", "shut/x") for word in VERBS[verb]]
    assert run(*words, code=2).stderr.strip()


def test_what_is_of_no_place_stays_a_fault_of_ours() -> None:
    assert describe_path_error(OSError(errno.EACCES, "Permission denied")) is None
    assert describe_path_error(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None
    said = describe_path_error(PermissionError(errno.EACCES, "Permission denied", "a/" + "x" * 300))
    assert said is not None
    assert said.endswith(": permission denied; ask for access or choose another path")
    assert len(said) < 200

"""onnxruntime-web from where it is given, and from nowhere else than where its hash says."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hitzoo.errors import RequestError
from hitzoo.explore import runtime
from hitzoo.explore.runtime import PACKAGE, runtime_files

CONTENTS = {name: name.encode() for name in runtime.FILES}


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A package with the real one's names, whose hashes are taken for the real ones'."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in CONTENTS.items():
            info = tarfile.TarInfo(f"package/dist/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}
    monkeypatch.setattr(runtime, "FILES", hashes)
    monkeypatch.setattr(runtime, "SHA256", hashlib.sha256(file.getvalue()).hexdigest())
    return file.getvalue()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], list[str]]:
    def serve(content: bytes) -> list[str]:
        asked: list[str] = []

        class Answer(io.BytesIO):
            @property
            def headers(self) -> dict[str, str]:
                return {"Content-Length": str(len(content))}

        def answer(address: str, timeout: float) -> Any:
            asked.append(address)
            return Answer(content)

        monkeypatch.setattr("urllib.request.urlopen", answer)
        return asked

    return serve


def test_runtime_is_fetched_once_and_kept(
    package: bytes, served: Callable[[bytes], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path))
    asked = served(package)
    steps: list[tuple[int, int]] = []
    assert runtime_files(progress=lambda done, total: steps.append((done, total))) == CONTENTS
    assert runtime_files() == CONTENTS
    assert len(asked) == 1
    assert steps == [(len(package), len(package))]
    (tmp_path / PACKAGE).write_bytes(b"damaged")
    assert runtime_files() == CONTENTS
    assert len(asked) == 2


def test_runtime_of_another_hash_is_refused(
    package: bytes, served: Callable[[bytes], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path))
    served(package + b"more")
    with pytest.raises(RequestError, match="is not the package that was expected"):
        runtime_files()
    assert list(tmp_path.iterdir()) == []


def test_runtime_that_cannot_be_fetched_names_the_way_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str, timeout: float) -> Any:
        raise OSError("no route to host")

    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(RequestError, match=r"no route to host.*npm pack onnxruntime-web@.*--runtime"):
        runtime_files()


@pytest.mark.parametrize("place", ["", "dist", "package/dist"])
def test_runtime_is_taken_from_a_folder(package: bytes, tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    assert runtime_files(tmp_path) == CONTENTS
    (folder / next(iter(CONTENTS))).write_bytes(b"another release")
    with pytest.raises(RequestError, match=r"ort\.wasm\.min\.mjs is not that of onnxruntime-web"):
        runtime_files(tmp_path)


def test_runtime_is_taken_from_a_package(package: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.tgz"
    path.write_bytes(package)
    assert runtime_files(path) == CONTENTS
    path.write_bytes(b"no archive")
    with pytest.raises(RequestError, match="has no ort"):
        runtime_files(path)
    with pytest.raises(RequestError, match="has no ort"):
        runtime_files(tmp_path / "nothing")

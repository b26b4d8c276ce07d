"""The images that a run goes on with, where their place names a split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hitzoo.data.open import open_source
from hitzoo.errors import DataError
from hitzoo.spec.types import Spec
from hitzoo.training.run.data_source import described, open_data, settled_source
from hitzoo.training.run.record import RunRecord
from tests.data.published_files import cifar10_binary, write_tar_gz


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRecord:
    """A run whose last session read the test images of an archive in the working folder."""
    monkeypatch.chdir(tmp_path)
    write_tar_gz(Path("cifar.tar.gz"), cifar10_binary())
    record = RunRecord(Path("run"))
    session = {"data": described(open_source("cifar.tar.gz:test", resolution=8))}
    monkeypatch.setattr(RunRecord, "last_session", lambda _: session)
    return record


def test_run_finds_its_split_from_another_folder(
    run: RunRecord, tiny_spec: Callable[[], Spec], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Path("cifar.tar.gz").absolute()
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert settled_source(tiny_spec(), None, run) == f"{archive}:test"
    assert len(open_data(f"{archive}:test", 8, run)) == 2


def test_archive_that_is_damaged_is_not_said_to_be_gone(run: RunRecord) -> None:
    Path("cifar.tar.gz").write_bytes(b"")
    with pytest.raises(DataError, match="is damaged, truncated or no tar archive"):
        open_data("cifar.tar.gz:test", 8, run)
    Path("cifar.tar.gz").unlink()
    with pytest.raises(DataError, match=r"the data of run is gone: 2 images lay at .*cifar.tar.gz:test"):
        open_data("cifar.tar.gz:test", 8, run)

"""A model of the zoo whose record gets a repository: the command that said how to train it now pulls and samples it.

At real size: HiT-B, 185 MB, over the loopback.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from PIL import Image

from hitzoo.errors import HubError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.files import atomic_folder
from hitzoo.hub.client import Hub
from hitzoo.hub.locate import locate
from hitzoo.hub.upload import upload
from hitzoo.sampling.initial import initial_generator
from hitzoo.sampling.publish import publication
from hitzoo.spec.shipped import shipped_folder
from hitzoo.zoo.model_folder import write_model
from tests.hub.conftest import TERMS, Commands
from tests.hub.server import HubServer

NAME = "hit-b-ffhq256"
OWN_ZOO = "from pathlib import Path\nimport hitzoo.zoo.cards\nhitzoo.zoo.cards.shipped_folder = lambda kind: Path(kind)"
PROVENANCE = {
    "command": f"hitzoo build {NAME}",
    "seed": 0,
    "steps": 1,
    "images": 1,
    "hours": 0.1,
    "hardware": "a test",
    "date": "2026-01-31",
    "versions": "of today",
}


@pytest.fixture(scope="module")
def hit_b(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """HiT-B with initial weights."""
    folder = tmp_path_factory.mktemp("hit-b") / "model"
    spec = load_spec(NAME)
    plan = compile_spec(spec)
    with atomic_folder(folder) as place:
        write_model(place, spec, plan, initial_generator(plan, 0).state_dict(), step=0)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def record(tmp_path: Path, hit_b: Path, door: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The zoo with the record of HiT-B as it is once somebody has published it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 10)  # a large file takes its time

    def grid(path: Path, rows: int, columns: int) -> None:
        Image.new("RGB", (8 * columns, 8 * rows)).save(path)

    done = upload(replace(publication(hit_b, "acme/hit-b", TERMS), draw=grid), tag="v1", hub=door)
    shutil.copytree(shipped_folder("zoo"), tmp_path / "zoo")
    path = tmp_path / "zoo" / f"{NAME}.yaml"
    weights = hit_b / "model.safetensors"
    card = yaml.safe_load(path.read_text()) | {
        "status": "published",
        "repo": "acme/hit-b",
        "revision": done.commit,
        "license": "apache-2.0",
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "size": weights.stat().st_size,
        "provenance": PROVENANCE,
        "measured": [{"metric": "fid", "value": 412.5, "protocol": "none: a test"}],
    }
    path.write_text(yaml.safe_dump(card))
    yield path
    for cache in ("hf", "cache", "home"):
        shutil.rmtree(tmp_path / cache, ignore_errors=True)  # 185 MB each


def test_spec_only_until_it_is_published(server: HubServer, hitzoo: Commands, record: Path, tmp_path: Path) -> None:
    sample = ["sample", "--model", NAME, "--seeds", "5"]
    said = hitzoo(*sample, code=2)
    assert said.splitlines() == [
        f"{NAME} is a spec without trained weights. Three ways on:",
        f"  train it:                        hitzoo train {NAME} --data PATH --out runs/{NAME}",
        "  take another model:              hitzoo sample hit-ti-shapes32, or ORG/NAME from the Hub",
        f"  see the untrained network run:   hitzoo sample {NAME} --init random",
    ]
    assert not list((tmp_path / "home").rglob("*.safetensors"))

    hitzoo(*sample, before=OWN_ZOO)
    with Image.open(tmp_path / "samples" / NAME / "seed0005.png") as picture:
        assert picture.size == (256, 256)
    (blob,) = server.asked("/blob/", method="GET")
    assert blob.sent == locate_size(record) > 184_000_000
    with server.counting() as asked:
        hitzoo("pull", NAME, before=OWN_ZOO)
    assert asked == []  # a record names a commit, which is in the cache
    (row,) = [line for line in hitzoo("list", before=OWN_ZOO).splitlines() if line.startswith(f" {NAME} ")]
    assert [word for word in row.split() if word in ("published", "2.95", "412.50")] == ["published", "2.95", "412.50"]


def locate_size(record: Path) -> int:
    return int(yaml.safe_load(record.read_text())["size"])


def test_the_repository_must_hold_what_the_record_names(
    record: Path, door: Hub, server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hitzoo.zoo.cards.shipped_folder", lambda kind: tmp_path / kind)
    assert locate(NAME).origin.startswith("acme/hit-b@")
    text = record.read_text()
    record.write_text(text.replace(yaml.safe_load(text)["sha256"], "a" * 64))
    with pytest.raises(HubError, match=f"does not hold the weights that the record of {NAME} names"):
        locate(NAME)
    record.write_text(text.replace(f"spec: {NAME}", "spec: hit-s-ffhq256"))
    with pytest.raises(HubError, match="was made for another generator than the spec hit-s-ffhq256 describes"):
        locate(NAME)

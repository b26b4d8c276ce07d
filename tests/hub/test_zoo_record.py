"""A model of the zoo whose record gets a repository: the command that said how to train it now pulls and samples it.

Over the loopback, with a model of 6 MB; in `make test-all` at real size too, HiT-B's 185 MB.
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

PUBLISHED = {"hit-ti-64": ["412.50"], "hit-b-ffhq256": ["2.95", "412.50"]}
"""What `hitzoo list` shows of each model once there is a number of ours, after the paper's."""

OWN_ZOO = "from pathlib import Path\nimport hitzoo.zoo.cards\nhitzoo.zoo.cards.shipped_folder = lambda kind: Path(kind)"
PROVENANCE = {
    "command": "hitzoo build",
    "seed": 0,
    "steps": 1,
    "images": 1,
    "hours": 0.1,
    "hardware": "a test",
    "date": "2026-01-31",
    "versions": "of today",
}


@pytest.fixture(scope="module", params=["hit-ti-64", pytest.param("hit-b-ffhq256", marks=pytest.mark.exhaustive)])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model with initial weights."""
    folder = tmp_path_factory.mktemp("initial") / "model"
    spec = load_spec(name)
    plan = compile_spec(spec)
    with atomic_folder(folder) as place:
        write_model(place, spec, plan, initial_generator(plan, 0).state_dict(), step=0)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def record(tmp_path: Path, name: str, model: Path, door: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The zoo with the record of the model as it is once somebody has published it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 10)  # a large file takes its time

    def grid(path: Path, rows: int, columns: int) -> None:
        Image.new("RGB", (8 * columns, 8 * rows)).save(path)

    done = upload(replace(publication(model, "acme/one", TERMS), draw=grid), tag="v1", hub=door)
    shutil.copytree(shipped_folder("zoo"), tmp_path / "zoo")
    path = tmp_path / "zoo" / f"{name}.yaml"
    weights = model / "model.safetensors"
    data = {"name": "photos", "license": "CC0-1.0", "url": "https://example.org/photos"}
    card = (
        {"data": data}
        | yaml.safe_load(path.read_text())
        | {
            "status": "published",
            "repo": "acme/one",
            "revision": done.commit,
            "license": "apache-2.0",
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
            "size": weights.stat().st_size,
            "provenance": PROVENANCE,
            "measured": [{"metric": "fid", "value": 412.5, "protocol": "none: a test"}],
        }
    )
    path.write_text(yaml.safe_dump(card))
    yield path
    for cache in ("hf", "cache", "home"):
        shutil.rmtree(tmp_path / cache, ignore_errors=True)  # 185 MB each


def test_spec_only_until_it_is_published(
    server: HubServer, hitzoo: Commands, name: str, record: Path, tmp_path: Path
) -> None:
    sample = ["sample", "--model", name, "--seeds", "5"]
    said = hitzoo(*sample, code=2)
    assert said.splitlines() == [
        f"{name} is a spec without trained weights. Three ways on:",
        f"  train it:                        hitzoo train {name} --data PATH --out runs/{name}",
        "  take another model:              hitzoo sample hit-ti-critters64, or ORG/NAME from the Hub",
        f"  see the untrained network run:   hitzoo sample {name} --init random",
    ]
    assert not list((tmp_path / "home").rglob("*.safetensors"))

    hitzoo(*sample, before=OWN_ZOO)
    with Image.open(tmp_path / "samples" / name / "seed0005.png") as picture:
        assert picture.size == (load_spec(name).data.resolution,) * 2
    (blob,) = server.asked("/blob/", method="GET")
    assert blob.sent == locate_size(record) > (184_000_000 if name == "hit-b-ffhq256" else 5_700_000)
    with server.counting() as asked:
        hitzoo("pull", name, before=OWN_ZOO)
    assert asked == []  # a record names a commit, which is in the cache
    (row,) = [line for line in hitzoo("list", before=OWN_ZOO).splitlines() if line.startswith(f" {name} ")]
    assert [word for word in row.split() if word in ("published", "2.95", "412.50")] == ["published", *PUBLISHED[name]]


def locate_size(record: Path) -> int:
    return int(yaml.safe_load(record.read_text())["size"])


def test_the_repository_must_hold_what_the_record_names(
    name: str, record: Path, door: Hub, server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hitzoo.zoo.cards.shipped_folder", lambda kind: tmp_path / kind)
    assert locate(name).origin.startswith("acme/one@")
    text = record.read_text()
    record.write_text(text.replace(yaml.safe_load(text)["sha256"], "a" * 64))
    with pytest.raises(HubError, match=f"does not hold the weights that the record of {name} names"):
        locate(name)
    record.write_text(text.replace(f"spec: {name}", "spec: hit-s-ffhq256"))
    with pytest.raises(HubError, match="was made for another generator than the spec hit-s-ffhq256 describes"):
        locate(name)

"""What a published model holds, and that it is made in one commit, or in none."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image

from hitzoo.errors import HubError, RequestError, WeightsError
from hitzoo.hub.client import Hub
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published, prepare, upload
from hitzoo.sampling.publish import publication, publish
from hitzoo.zoo.cards import BUNDLED, cards, check_files
from hitzoo.zoo.checkpoint_index import write_index
from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME, TRAINING_FILES
from hitzoo.zoo.weights import read_metadata, read_tensors, save_weights
from tests.hub.conftest import SAID, TERMS
from tests.hub.repository import front_matter
from tests.hub.server import HubServer

FILES = {"README.md", "config.json", "hitzoo.yaml", "model.safetensors", "manifest.json", "samples.png"}
ANSWERED = {"GET", "HEAD"}


def changes(server: HubServer) -> list[str]:
    """What was asked for besides looking."""
    return [f"{one.method} {one.path}" for one in server.log if one.method not in ANSWERED]


def test_what_a_repository_holds(server: HubServer, published: Published, model: Path) -> None:
    repo = server.repos["acme/tiny"]
    assert set(repo.head.files) == FILES | {".gitattributes"}
    assert set(published.changed) == FILES
    for name in ("model.safetensors", "config.json"):
        assert repo.read(name) == (model / name).read_bytes()
    manifest = json.loads(repo.read("manifest.json"))
    assert manifest["hitzoo_manifest"] == 1
    assert manifest["files"] == {
        name: {"size": len(repo.read(name)), "sha256": hashlib.sha256(repo.read(name)).hexdigest()}
        for name in FILES - {"manifest.json"}
    }
    assert yaml.safe_load(repo.read("hitzoo.yaml"))["name"] == "tiny"
    with Image.open(io.BytesIO(repo.read("samples.png"))) as picture:
        assert picture.size == (6 * 10 + 2, 6 * 10 + 2)


def test_the_card(server: HubServer, published: Published) -> None:
    text = server.repos["acme/tiny"].read("README.md").decode()
    assert front_matter(text) == {
        "license": "apache-2.0",
        "library_name": "hitzoo",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["hitzoo", "gan", "hit"],
    }
    for words in (
        "# tiny\n",
        "![samples](samples.png)",
        "hitzoo sample --model acme/tiny --seeds 0-15",
        'hitzoo.load("acme/tiny")',
        "| data | the pictures of a test |",
        "| length | 7 steps |",
        "These weights have not been evaluated.",
        "## Intended use and limits",
        "Weights: apache-2.0. Training data: CC0-1.0.",
    ):
        assert words in text


def test_one_commit_and_then_the_tag(server: HubServer, published: Published) -> None:
    repo = server.repos["acme/tiny"]
    assert [commit.message for commit in repo.commits.values()] == ["initial commit", "Publish tiny"]
    assert repo.tags == {"v1": repo.head.oid}
    assert published.commit == repo.head.oid
    assert published.url == f"{server.url}/acme/tiny/commit/{repo.head.oid}"
    paths = [line.rsplit("/", 2)[1] for line in changes(server) if "/commit/" in line or "/tag/" in line]
    assert paths == ["commit", "tag"]


def test_the_same_again_makes_no_commit(server: HubServer, published: Published, model: Path, door: Hub) -> None:
    before = changes(server)
    wanted = publication(model, "acme/tiny", TERMS)
    another_machine = replace(wanted, draw=lambda *_: pytest.fail("the picture is there already"))
    again = upload(another_machine, tag="v1", hub=door)
    assert (again.commit, again.changed, again.removed) == (published.commit, (), ())
    assert changes(server) == before
    further = publish(model, "acme/tiny", **SAID, tag="v1.1", hub=door)
    assert further.commit == published.commit
    assert server.repos["acme/tiny"].tags == {"v1": published.commit, "v1.1": published.commit}
    assert len(server.repos["acme/tiny"].commits) == 2


def test_a_tag_that_means_something_else_is_refused_before_anything_is_sent(
    server: HubServer, published: Published, save: Callable[..., Path], tmp_path: Path, door: Hub
) -> None:
    before = changes(server)
    other = save(tmp_path / "other", scale=0.7)
    with pytest.raises(HubError, match=r"acme/tiny has a tag v1 already, on commit [0-9a-f]{12} with other files"):
        publish(other, "acme/tiny", **SAID, tag="v1", hub=door)
    assert changes(server) == before
    publish(other, "acme/tiny", **SAID, tag="v2", hub=door)
    tags = server.repos["acme/tiny"].tags
    assert tags["v1"] == published.commit != tags["v2"]
    with pytest.raises(HubError, match="choose another"):
        publish(other, "acme/tiny", **SAID, tag="v1", hub=door)


def test_a_new_version_replaces_its_files_and_leaves_others(
    server: HubServer, published: Published, save: Callable[..., Path], tmp_path: Path, door: Hub
) -> None:
    repo = server.repos["acme/tiny"]
    repo.write("notes.md", "by hand")
    other = save(tmp_path / "other", scale=0.7)
    done = publish(other, "acme/tiny", **SAID, hub=door)
    assert set(done.changed) == {"model.safetensors", "samples.png", "manifest.json"}
    assert repo.read("notes.md") == b"by hand"
    assert repo.read("model.safetensors") == (other / "model.safetensors").read_bytes()


@pytest.fixture
def checkpoint(save: Callable[..., Path], tmp_path: Path) -> Path:
    """A run with one checkpoint, evaluated, whose data lay in somebody's home."""
    where = "data.source=/home/alice/secret/photos.zip"  # a relative path would stay
    place = save(tmp_path / "run" / "checkpoints" / "step-00000007", where, "evaluation.source=/home/alice/real")
    (place / "training").mkdir()
    for name in TRAINING_FILES:
        content = b'{"step": 7, "images": 28, "seed": 3}' if name.endswith("json") else name.encode()
        (place / name).write_bytes(content)
    save_weights(place / DISCRIMINATOR_NAME, {"w": torch.ones(2)}, {})
    session = {"command": ["/home/alice/bin/hitzoo", "train", "--data", "/home/alice/secret/photos.zip"]}
    session |= {"device_name": "cpu", "host": "alices-machine", "versions": {"torch": "2.9"}}
    (tmp_path / "run" / "run.json").write_text(json.dumps({"sessions": [session]}))
    (tmp_path / "run" / "metrics.jsonl").write_text('{"step": 7, "seconds": 7300.0}\n')
    protocol = {
        "features": {"network": "random-conv-1"},
        "generated": {"images": 16, "seeds": "0-15", "truncation": 1.0},
        "real": {"images": 16, "source": "/home/alice/real"},
    }
    score = {"metric": "fid", "name": "fid", "value": 12.5, "deviation": None, "better": "lower", "protocol": protocol}
    (tmp_path / "run" / "evaluations").mkdir()
    report = {"scores": [score], "notes": ["99 real images are asked for; /home/alice/real has 16, and all are used"]}
    (tmp_path / "run" / "evaluations" / "step-00000007.json").write_text(json.dumps(report))
    return place


def test_a_run_brings_its_numbers_and_says_nothing_of_the_machine(
    server: HubServer, checkpoint: Path, tmp_path: Path, door: Hub
) -> None:
    publish(tmp_path / "run", "acme/run", **SAID, hub=door)
    repo = server.repos["acme/run"]
    text = repo.read("README.md").decode()
    for words in (
        "| command | `hitzoo train --data photos.zip` |",
        "| seed | 3 |",
        "| length | 7 steps, 28 images |",
        "| time | 2.0 h |",
        "| FID | 12.5 | 16 samples, seeds 0-15, against 16 of real, random-conv-1 |",
    ):
        assert words in text
    (result,) = front_matter(text)["model-index"][0]["results"]
    assert result["task"]["type"] == "unconditional-image-generation"
    assert result["dataset"] == {"name": "the pictures of a test", "type": "the pictures of a test"}
    (metric,) = result["metrics"]
    assert (metric["type"], metric["value"]) == ("fid", 12.5)
    assert metric["args"]["real"] == {"images": 16, "source": "real"}
    assert json.loads(repo.read("evaluation.json"))["scores"][0]["protocol"]["real"]["source"] == "real"
    assert json.loads(repo.read("evaluation.json"))["notes"][0].endswith("; real has 16, and all are used")
    for name, file in repo.head.files.items():
        assert b"/home/" not in file.content, name
        assert b"alice" not in file.content, name


def test_discriminator_and_training_state_on_request(
    server: HubServer, checkpoint: Path, tmp_path: Path, door: Hub
) -> None:
    repo = server.repos.get
    publish(tmp_path / "run", "acme/run", **SAID, extra=TRAINING_FILES, hub=door)
    assert set(TRAINING_FILES) <= set(repo("acme/run").head.files)
    done = publish(tmp_path / "run", "acme/run", **SAID, extra=[DISCRIMINATOR_NAME], hub=door)
    assert set(done.removed) == set(TRAINING_FILES) - {DISCRIMINATOR_NAME}
    assert DISCRIMINATOR_NAME in repo("acme/run").head.files
    (checkpoint / DISCRIMINATOR_NAME).unlink()
    with pytest.raises(RequestError, match=f"no {DISCRIMINATOR_NAME} to publish"):
        publish(tmp_path / "run", "acme/run", **SAID, extra=[DISCRIMINATOR_NAME], hub=door)


HIS_OWN = """\
---
language: en
license: mit
tags: [faces, gan]
model-index:
- name: another
  results: []
- name: tiny
  results: [{task: {type: x}, dataset: {name: d, type: d}, metrics: [{type: fid, value: 1}]}]
---

# Mine

With <b>my</b> words.
"""


def test_a_text_of_ones_own_stays(server: HubServer, published: Published, model: Path, door: Hub) -> None:
    repo = server.repos["acme/tiny"]
    repo.write("README.md", HIS_OWN)
    done = publish(model, "acme/tiny", **SAID, hub=door)
    text = repo.read("README.md").decode()
    assert done.release.card_kept
    assert text.split("---\n", 2)[2] == HIS_OWN.split("---\n", 2)[2]
    data = front_matter(text)
    assert (data["language"], data["license"], data["library_name"]) == ("en", "apache-2.0", "hitzoo")
    assert data["tags"] == ["faces", "gan", "hitzoo", "hit"]
    assert [entry["name"] for entry in data["model-index"]] == ["another"]
    assert publish(model, "acme/tiny", **SAID, hub=door).changed == ()


def test_what_is_written_around_our_part_stays_and_our_part_is_renewed(
    server: HubServer, published: Published, model: Path, door: Hub
) -> None:
    repo = server.repos["acme/tiny"]
    ours = repo.read("README.md").decode()
    repo.write("README.md", ours.replace("<!-- hitzoo:begin", "Above.\n\n<!-- hitzoo:begin") + "\nBelow.\n")
    done = publish(model, "acme/tiny", **SAID | {"data_license": "CC-BY-4.0"}, hub=door)
    text = repo.read("README.md").decode()
    assert not done.release.card_kept
    assert "Above.\n\n<!-- hitzoo:begin" in text
    assert text.endswith("<!-- hitzoo:end -->\n\nBelow.\n")
    assert "Training data: CC-BY-4.0." in text
    edited = text.replace("# tiny\n", "# My tiny model\n")
    repo.write("README.md", edited)
    assert publish(model, "acme/tiny", **SAID, hub=door).release.card_kept
    assert "# My tiny model\n" in repo.read("README.md").decode()
    assert "Training data: CC-BY-4.0." in repo.read("README.md").decode()


def test_a_card_beside_the_model_goes_before_the_one_on_the_hub(
    server: HubServer, published: Published, model: Path, door: Hub
) -> None:
    (model / "README.md").write_text("# From the folder\n")
    publish(model, "acme/tiny", **SAID, hub=door)
    text = server.repos["acme/tiny"].read("README.md").decode()
    assert text.endswith("---\n# From the folder\n")
    assert front_matter(text)["license"] == "apache-2.0"
    (model / "README.md").write_text("x" * 2_000_000)
    with pytest.raises(WeightsError, match=r"README\.md is larger than it can be \(1,048,576 bytes\)"):
        publish(model, "acme/tiny", **SAID, hub=door)
    (model / "README.md").write_text("---\nlicense: [\n---\n# Broken\n")
    with pytest.raises(RequestError, match=r"the front matter of README\.md cannot be read"):
        publish(model, "acme/tiny", **SAID, hub=door)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"license": ""}, "say under which licence the weights may be used: --license"),
        ({"license": "apache2"}, "did you mean 'apache-2.0'"),
        ({"license": "mine"}, "--license other --license-name NAME"),
        ({"license": "other"}, "goes with --license-name"),
        ({"license": "mit", "license_name": "mine"}, "goes with --license-name"),
    ],
)
def test_a_licence_is_obligatory(model: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(RequestError) as caught:
        publication(model, "acme/tiny", replace(TERMS, **given))
    assert message in str(caught.value.as_option)


def test_a_licence_the_hub_has_no_word_for(model: Path, tmp_path: Path) -> None:
    terms = replace(TERMS, license="Other", license_name="my-licence", license_link="https://example.org/l")
    release = prepare(publication(model, "acme/tiny", terms), tmp_path)
    data = front_matter(release.files["README.md"].read_text())
    assert (data["license"], data["license_name"], data["license_link"]) == (
        "other",
        "my-licence",
        "https://example.org/l",
    )


@pytest.mark.parametrize(
    ("repo", "tag", "message"),
    [
        ("acme", None, "'acme' is not the name of a model on the Hub; write ORG/NAME"),
        ("acme/tiny/more", None, "is not the name of a model"),
        ("acme/-tiny", None, "is not the name of a model"),
        ("acme/ti--ny", None, "is not the name of a model"),
        ("acme/tiny@v1", None, "a version is published with --tag v1, into acme/tiny"),
        ("acme/tiny", "a" * 40, "a tag may not look like a commit"),
        ("acme/tiny", "../up", "cannot be a tag"),
        ("acme/tiny", "v 1", "cannot be a tag"),
    ],
)
def test_names_that_cannot_be(model: Path, server: HubServer, door: Hub, repo: str, tag: str, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        publish(model, repo, **SAID, tag=tag, hub=door)
    assert server.log == []


def test_a_private_repository(server: HubServer, model: Path, door: Hub, published: Published) -> None:
    publish(model, "acme/hidden", **SAID, private=True, hub=door)
    assert server.repos["acme/hidden"].private
    assert publish(model, "acme/hidden", **SAID, private=True, hub=door).changed == ()
    with pytest.raises(RequestError, match="acme/tiny exists and is public"):
        publish(model, "acme/tiny", **SAID, private=True, hub=door)


def test_weights_that_are_not_whole_are_not_published(server: HubServer, model: Path, door: Hub) -> None:
    weights = model / "model.safetensors"
    tensors, metadata = read_tensors(weights), read_metadata(weights)
    first = next(iter(tensors))
    tensors[first].view(-1)[0] = float("nan")
    save_weights(weights, tensors, metadata)
    with pytest.raises(WeightsError, match=f"{first} in .* is not finite"):
        publish(model, "acme/tiny", **SAID, hub=door)
    save_weights(weights, {name: tensor for name, tensor in tensors.items() if name != first}, metadata)
    with pytest.raises(WeightsError, match=f"{first} .* is missing"):
        publish(model, "acme/tiny", **SAID, hub=door)
    assert server.log == []


def test_a_checkpoint_that_changed_since_it_was_written_is_not_published(
    server: HubServer, model: Path, door: Hub
) -> None:
    (model / "training").mkdir(exist_ok=True)
    write_index(model)
    weights = model / "model.safetensors"
    tensors, metadata = read_tensors(weights), read_metadata(weights)
    next(iter(tensors.values())).view(-1)[0] += 1
    save_weights(weights, tensors, metadata)
    with pytest.raises(WeightsError, match=r"is damaged: .*model\.safetensors.*; take another checkpoint"):
        publish(model, "acme/tiny", **SAID, hub=door)
    assert server.log == []


def test_initial_weights_say_so(save: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    release = prepare(publication(save(tmp_path / "fresh", step=0), "acme/tiny", TERMS), tmp_path / "out")
    assert "| length | not trained: these are initial weights |" in release.files["README.md"].read_text()


def test_the_bundled_model(server: HubServer, door: Hub) -> None:
    publish("hit-ti-shapes32", "acme/shapes", **SAID | {"data": "", "data_license": ""}, hub=door)
    repo = server.repos["acme/shapes"]
    text = repo.read("README.md").decode()
    assert "| data | the built-in coloured shapes |" in text
    assert "`hitzoo train hit-ti-shapes32 --out runs/hit-ti-shapes32 --seed 0`" in text
    assert "  stages:                         # the resolution doubles" in repo.read("hitzoo.yaml").decode()
    assert len(repo.read("model.safetensors")) == 4_984_420
    assert "| random_conv_frechet | 33.08 | 4,000 samples (seeds 0-3999, truncation 1)" in text
    assert "not been evaluated" not in text


@pytest.mark.parametrize("name", [name for name, card in cards().items() if card.status == BUNDLED])
def test_every_bundled_model_comes_back_as_it_went(name: str, server: HubServer, door: Hub, tmp_path: Path) -> None:
    publish(name, "acme/again", license="apache-2.0", hub=door)
    card = cards()[name]
    files = check_files(card)
    repo = server.repos["acme/again"]
    text = repo.read("README.md").decode()
    assert card.data is not None
    assert card.data.name in text
    assert f"| measured by | `{card.evaluation}` |" in text
    assert not card.data.credit or f"| credit | {card.data.credit} |" in text
    assert not card.data.command or f"| data made by | `{card.data.command}` |" in text
    assert all(f"| {number.value:g} |" in text for number in card.measured)
    pulled = pull("acme/again", hub=door)
    assert pulled is not None
    for role, path in files.items():
        name = "model.safetensors" if role == "generator" else f"{role}.safetensors"
        assert repo.read(name) == (pulled.folder / name).read_bytes() == path.read_bytes()


def test_a_large_file_goes_in_parts(model: Path, token: str, server: HubServer, door: Hub) -> None:
    server.part_size = 8000
    publish(model, "acme/tiny", **SAID, hub=door)
    assert len(server.asked("/upload/", method="PUT")) >= 3
    assert server.repos["acme/tiny"].read("model.safetensors") == (model / "model.safetensors").read_bytes()

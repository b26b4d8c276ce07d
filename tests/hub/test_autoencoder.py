"""An autoencoder on the Hub: one folder with all of its networks, and the same codes and pictures wherever it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hitzoo.errors import HubError, WeightsError
from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.hub.client import Hub
from hitzoo.hub.info import info_of_model, info_of_repo
from hitzoo.hub.locate import locate
from hitzoo.hub.manifest import manifest_of
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.plan.role import Role
from hitzoo.sampling.autoencoder import ROLES, Autoencoder
from hitzoo.sampling.codes_file import StoredCodes, write_codes
from hitzoo.sampling.publish import publish
from hitzoo.zoo.model_folder import write_model
from hitzoo.zoo.repo_name import RepoName
from tests.hub.conftest import SAID, Commands
from tests.hub.repository import front_matter
from tests.hub.server import HubServer
from tests.support import TINY_HIT, fill
from tests.training.two_processes import AUTOENCODER

NETWORKS = {"encoder.safetensors", "model.safetensors", "quantizer.safetensors"}


@pytest.fixture(scope="module")
def save_autoencoder() -> Callable[..., Path]:
    def save(folder: Path, *more: str) -> Path:
        spec = parse_spec(TINY_HIT + "training: {batch_size: 4}\n", "tiny", [*AUTOENCODER, *more])
        plan = compile_spec(spec)
        weights: dict[Role, dict] = {role: fill(build_network(plan, role), 0.3).state_dict() for role in ROLES}
        folder.mkdir()
        write_model(folder, spec, plan, weights.pop("generator"), weights, step=7)
        return folder

    return save


@pytest.fixture
def autoencoder(save_autoencoder, tmp_path) -> Path:
    return save_autoencoder(tmp_path / "autoencoder")


@pytest.fixture
def released(autoencoder, door) -> Published:
    return publish(autoencoder, "acme/vq", **SAID, tag="v1", hub=door)


def test_repository_holds_all_networks_and_no_samples(server: HubServer, released, autoencoder) -> None:
    repo = server.repos["acme/vq"]
    assert set(repo.head.files) == NETWORKS | {
        ".gitattributes", "README.md", "config.json", "hitzoo.yaml", "manifest.json",
    }  # fmt: skip
    for name in NETWORKS:
        assert repo.read(name) == (autoencoder / name).read_bytes()
    text = repo.read("README.md").decode()
    assert front_matter(text)["pipeline_tag"] == "image-to-image"
    assert front_matter(text)["tags"] == ["hitzoo", "autoencoder", "vq", "hit"]
    assert "hitzoo reconstruct PICTURES --model acme/vq" in text
    assert "An autoencoder whose decoder is hit. It encodes pictures of 8×8 pixels as 4×4 codes, each one of 9" in text
    assert "| weights | moving average of all three networks, float32 |" in text
    for word in ("samples.png", "hitzoo sample", "Truncation", "latent"):
        assert word not in text


def test_card_has_no_speed_of_a_machine(autoencoder, door, server) -> None:
    named = {"usage": 0.8, "psnr": 21.0, "encoded_per_second": 700.0}
    scores = [{"metric": name, "name": name, "value": value, "protocol": {}} for name, value in named.items()]
    publish(autoencoder, "acme/vq", **SAID, report={"scores": scores}, hub=door)
    text = server.repos["acme/vq"].read("README.md").decode()
    assert "| PSNR | 21 |" in text
    assert "per_second" not in text
    assert "per_second" in server.repos["acme/vq"].read("evaluation.json").decode()


def test_publishing_again_makes_no_commit(released, autoencoder, door) -> None:
    again = publish(autoencoder, "acme/vq", **SAID, tag="v1", hub=door)
    assert not again.changed
    assert again.commit == released.commit


def test_pulled_codes_and_pictures_are_those_of_before(released, autoencoder, stranger: Hub) -> None:
    pulled = pull("acme/vq@v1", hub=stranger)
    assert pulled is not None
    assert set(pulled.files) >= NETWORKS
    before, after = Autoencoder.from_pretrained(autoencoder), Autoencoder.from_pretrained(pulled.folder)
    assert before.digest == after.digest
    pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    codes = before.encode(pictures)
    assert (after.encode(pictures) == codes).all()
    assert (after.decode(codes) == before.decode(codes)).all()


def test_further_networks_are_described_here_there_and_offline(released, autoencoder, stranger, monkeypatch) -> None:
    plan = Autoencoder.from_pretrained(autoencoder).plan
    wanted = {
        "encoder": f"vq_encoder, plan {plan.hash('encoder')[:12]}",
        "quantizer": f"vq, plan {plan.hash('quantizer')[:12]}",
    }
    assert info_of_model(locate(autoencoder), "it").networks == wanted
    assert info_of_repo(RepoName("acme/vq", "v1"), stranger).networks == wanted
    pull("acme/vq@v1", hub=stranger)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert info_of_repo(RepoName("acme/vq", "v1"), stranger).networks == wanted


def test_altered_network_is_refused_in_a_folder(released, stranger: Hub, tmp_path) -> None:
    folder = pull("acme/vq", hub=stranger).folder
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    content = bytearray((copy / "quantizer.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "quantizer.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match=r"quantizer\.safetensors was altered"):
        Autoencoder.from_pretrained(copy)


@pytest.mark.parametrize(
    ("name", "words"),
    [("config.json", "says its encoder is plan"), ("hitzoo.yaml", "describes another encoder than config.json")],
)
def test_another_encoder_for_the_same_decoder_is_refused(
    released, save_autoencoder, door, stranger, tmp_path, name, words
) -> None:
    other = publish(save_autoencoder(tmp_path / "other", "encoder.depth=2"), "acme/other", **SAID, hub=door)
    mine, theirs = (pull(repo, hub=stranger).folder for repo in ("acme/vq", other.repo_id))
    folder = tmp_path / "mixed"
    folder.mkdir()
    files = {path.name: path.read_text() for path in mine.iterdir() if path.suffix in (".json", ".yaml")}
    if name == "hitzoo.yaml":
        files[name] = (theirs / name).read_text()
    else:
        plans = [json.loads((place / name).read_text())["encoder_plan"] for place in (mine, theirs)]
        files[name] = files[name].replace(*plans)
    for own in NETWORKS:
        (folder / own).write_bytes((mine / own).read_bytes())
    for own, text in files.items():
        (folder / own).write_text(text)
    listed = {path.name: path for path in folder.iterdir() if path.name != "manifest.json"}
    (folder / "manifest.json").write_text(str(manifest_of(listed)))
    with pytest.raises(WeightsError, match=words):
        Autoencoder.from_pretrained(folder)


def test_manifest_that_lists_no_encoder_is_refused(server: HubServer, released, stranger) -> None:
    repo = server.repos["acme/vq"]
    manifest = json.loads(repo.read("manifest.json"))
    del manifest["files"]["encoder.safetensors"]
    repo.write("manifest.json", json.dumps(manifest))
    with pytest.raises(HubError, match=r"does not list encoder\.safetensors"):
        pull("acme/vq", hub=stranger)


@pytest.mark.processes
def test_commands_publish_pull_and_decode(hitzoo: Commands, autoencoder, tmp_path) -> None:
    own = Autoencoder.from_pretrained(autoencoder)
    codes = np.arange(16).reshape(1, 4, 4) % 9
    write_codes(tmp_path / "codes.npz", own, StoredCodes(codes, ("one.png",)), force=False)
    for words in (("publish", autoencoder, "acme/vq", "--license", "mit"), ("pull", "acme/vq")):
        assert "hitzoo reconstruct PICTURES --model acme/vq" in hitzoo(*words)
    hitzoo("decode", "codes.npz", "--model", "acme/vq", "--out", "out")
    with Image.open(hitzoo.folder / "out" / "one.png") as picture:
        assert (np.array(picture) == own.decode(codes)[0]).all()

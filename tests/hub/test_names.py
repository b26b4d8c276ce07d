"""Which model a name means: the zoo before a folder, a folder before the Hub."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import hitzoo
from hitzoo.errors import HubError, RequestError, UnknownNameError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.hub.client import Hub
from hitzoo.hub.locate import locate
from hitzoo.hub.manifest import manifest_of
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.sampling.load import load
from hitzoo.sampling.publish import publish
from hitzoo.spec.convert import to_data
from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME
from hitzoo.zoo.repo_name import RepoName, is_repo_name, parse_repo_name
from tests.hub.conftest import SAID, TERMS
from tests.hub.server import HubServer


@pytest.mark.parametrize(
    ("text", "repo_id", "revision"),
    [
        ("acme/tiny", "acme/tiny", "main"),
        ("acme/tiny@v1", "acme/tiny", "v1"),
        ("hf:acme/tiny@v1.0-rc_2", "acme/tiny", "v1.0-rc_2"),
        ("a/b@refs/pr/1", "a/b", "refs/pr/1"),
        ("A-b.c/d_e@" + "0" * 40, "A-b.c/d_e", "0" * 40),
    ],
)
def test_names_of_the_hub(text: str, repo_id: str, revision: str) -> None:
    name = parse_repo_name(text)
    assert (name.repo_id, name.revision) == (repo_id, revision)
    assert name.is_commit == (revision == "0" * 40)
    assert str(name) == (repo_id if revision == "main" else f"{repo_id}@{revision}")


@pytest.mark.parametrize(
    "text",
    [
        "", "tiny", "a/b/c", "/a/b", "a/", "/b", "./a/b", "../b", "~/b", "a b/c", "a/b@", "a/b@../x", "a/b@-x",
        "a/b@x/../y", "a/b@x//y", "a/b@x.lock", "a/..", "a/b..c", "a/b--c", "é/b", "a/b@ü", "a/" + "b" * 120,
        "a/b@/etc", "C:\\a/b", "https://huggingface.co/a", "https://github.com/a/b", "a/b@x/.y",
        "a/b@v1..v2", "a/b@" + "v" * 97,
    ],
)  # fmt: skip
def test_what_is_no_name_of_the_hub(text: str) -> None:
    assert not is_repo_name(text)
    with pytest.raises(RequestError):
        parse_repo_name(text)


def test_load_takes_names_of_the_hub(published: Published, server: HubServer, model: Path) -> None:
    wanted = load(model, device="cpu").sample().raw
    for name in ("acme/tiny", "acme/tiny@v1", "hf:acme/tiny@v1", f"acme/tiny@{published.commit}"):
        generator = hitzoo.load(name, device="cpu")
        assert np.array_equal(generator.sample().raw, wanted)
        assert generator.origin == f"acme/tiny@{published.commit}"
        assert generator.metadata["step"] == 7
    with pytest.raises(UnknownNameError, match="no folder has that path"):
        load(Path("acme/tiny"))


def test_a_folder_goes_before_the_hub(
    published: Published,
    save: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    server: HubServer,
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "acme" / "tiny", scale=0.9)
    with server.counting() as asked, caplog.at_level(logging.WARNING, "hitzoo"):
        assert locate("acme/tiny").origin == ""
    assert (asked, caplog.messages) == ([], [])
    assert locate("hf:acme/tiny").origin
    with caplog.at_level(logging.WARNING, "hitzoo"):
        assert locate("acme/tiny").origin == ""
    assert caplog.messages == ["acme/tiny is the folder here; the model of that name on the Hub is hf:acme/tiny"]
    assert locate("acme/tiny@v1").origin


def test_a_path_that_was_mistyped(server: HubServer, token: str) -> None:
    with pytest.raises(HubError) as caught:
        load("photos/phtoos")
    assert str(caught.value).startswith("no folder here is named photos/phtoos, and on the Hub: ")
    assert "has no model photos/phtoos" in str(caught.value)


def test_a_mistyped_run_is_not_asked_of_the_hub(
    server: HubServer, save: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with server.counting() as asked:
        with pytest.raises(UnknownNameError, match=r"no run or model is named runs/a here; runs holds no run;"):
            load("runs/a")
        save(tmp_path / "runs" / "photos" / "checkpoints" / "step-00000002")
        save(tmp_path / "mine" / "photos" / "checkpoints" / "step-00000002")
        save(tmp_path / "models" / "b256")
        for wrong, right in (("runs/phtoos", "runs/photos"), ("mine/photo@best", "mine/photos")):
            with pytest.raises(UnknownNameError, match=f"did you mean '{right}'.* on the Hub is hf:{wrong}"):
                load(wrong)
        with pytest.raises(UnknownNameError, match=r"mine holds photos; a model of that name on the Hub is"):
            load("mine/zebra")
        with pytest.raises(UnknownNameError, match="did you mean 'models/b256'"):
            load("models/b255")
    assert asked == []
    with pytest.raises(HubError, match="has no model models/zebra"):
        load("models/zebra")
    with pytest.raises(HubError, match="has no model models/b256"):
        load("models/b256@v1")


def test_from_pretrained_and_push_to_hub(
    server: HubServer, published: Published, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    generator = hitzoo.Generator.from_pretrained("acme/tiny", revision="v1", device="cpu")
    assert generator.name == "tiny"
    same = generator.push_to_hub("acme/tiny", license="apache-2.0", data=TERMS.data, data_license=TERMS.data_license)
    assert (same.commit, same.changed) == (published.commit, ())
    done = generator.push_to_hub("acme/copy", license="mit", tag="v1", private=True)
    copy = server.repos["acme/copy"]
    assert (copy.tags, copy.private) == ({"v1": done.commit}, True)
    assert copy.read("model.safetensors") == server.repos["acme/tiny"].read("model.safetensors")
    with pytest.raises(RequestError, match="besides its licence is license_name, license_link, data"):
        generator.push_to_hub("acme/copy", license="mit", colour="red")
    with pytest.raises(RequestError, match="say under which licence"):
        generator.push_to_hub("acme/copy", license="")


def test_a_revision_of_a_folder_is_none(model: Path) -> None:
    for place in (model, str(model), "hit-ti-shapes32"):
        with pytest.raises(RequestError, match="only ORG/NAME on the Hub has revisions"):
            hitzoo.Generator.from_pretrained(place, revision="v1")
    assert hitzoo.Generator.from_pretrained(model, device="cpu").name == "tiny"


def test_fine_tuning_takes_the_discriminator_along(
    save: Callable[..., Path], tmp_path: Path, server: HubServer, door: Hub
) -> None:
    place = save(tmp_path / "model")
    (place / "training").mkdir()
    (place / DISCRIMINATOR_NAME).write_bytes(b"a discriminator")
    publish(place, "acme/tuned", **SAID, extra=[DISCRIMINATOR_NAME], hub=door)
    assert not (locate("acme/tuned").weights.parent / DISCRIMINATOR_NAME).exists()
    found = locate("acme/tuned", extra=[DISCRIMINATOR_NAME])
    assert (found.weights.parent / DISCRIMINATOR_NAME).read_bytes() == b"a discriminator"


def test_a_pulled_folder_is_a_model_folder(published: Published, stranger: Hub, model: Path, tmp_path: Path) -> None:
    folder = pull(RepoName("acme/tiny", "v1"), hub=stranger).folder
    assert np.array_equal(load(folder, device="cpu").sample().raw, load(model, device="cpu").sample().raw)


@pytest.fixture
def folder(published: Published, stranger: Hub, tmp_path: Path) -> Path:
    """A published model that somebody copied out of the cache."""
    return Path(shutil.copytree(pull(RepoName("acme/tiny", "v1"), hub=stranger).folder, tmp_path / "copied"))


@pytest.mark.parametrize("name", ["config.json", "hitzoo.yaml", "model.safetensors"])
def test_a_copied_model_is_as_strict_as_a_pulled_one(folder: Path, name: str) -> None:
    assert load(folder, device="cpu").name == "tiny"
    raw = (folder / name).read_bytes()
    (folder / name).write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    message = f"copied is not what its manifest.json says: {name} was altered: .*; fetch it again, or remove manifest"
    with pytest.raises(WeightsError, match=message):
        load(folder, device="cpu")


def test_a_folder_whose_parts_do_not_agree(folder: Path) -> None:
    """Also with a manifest that says they are right."""
    config = json.loads((folder / "config.json").read_text())
    listed = {name: folder / name for name in ("config.json", "hitzoo.yaml", "model.safetensors")}
    spec = (folder / "hitzoo.yaml").read_text()
    (folder / "hitzoo.yaml").write_text(spec.replace("latent_dim: 6", "latent_dim: 7"))
    (folder / "manifest.json").write_text(str(manifest_of(listed)))
    with pytest.raises(WeightsError, match=r"hitzoo\.yaml describes another generator than config\.json beside it"):
        load(folder)
    (folder / "config.json").write_text(json.dumps(config | {"generator_plan": "0" * 64}))
    (folder / "manifest.json").write_text(str(manifest_of(listed)))
    with pytest.raises(WeightsError, match="says its generator is plan 000000000000, but its spec describes plan"):
        load(folder)


def test_a_folder_of_absurd_size_takes_no_memory(folder: Path) -> None:
    stages = [{"channels": 65536, "depth": 4, "heads": 4, "attention": "none"}] * 2
    spec = parse_spec(json.dumps({"hitzoo": 1, "name": "huge", "generator": {"family": "hit", "stages": stages}}))
    config = {"hitzoo_format": 1, "generator_plan": compile_spec(spec).generator_hash, "spec": to_data(spec)}
    (folder / "manifest.json").unlink()
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="holds the weights of another network"):
        load(folder, device="cpu")

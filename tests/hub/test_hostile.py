"""A repository made to do harm, or just badly: its files are data, and nothing is believed that does not agree."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hitzoo.errors import HitzooError, HubError
from hitzoo.hub.client import Hub
from hitzoo.hub.manifest import manifest_of
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.zoo.repo_name import RepoName
from hitzoo.zoo.weights import read_metadata, read_tensors, save_weights
from tests.hub.api import Answer
from tests.hub.repository import File, Repository
from tests.hub.server import HubServer

NEWEST = RepoName("acme/tiny")


@pytest.fixture
def repo(server: HubServer, published: Published) -> Repository:
    return server.repos["acme/tiny"]


@pytest.fixture
def put(repo: Repository, tmp_path: Path) -> Callable[..., None]:
    """Change files of the repository, with a manifest that says they are right."""

    def change(**contents: bytes) -> None:
        files = {name.replace("__", "."): raw for name, raw in contents.items()}
        repo.commit("main", {name: File(raw, large=name.endswith("safetensors")) for name, raw in files.items()})
        place = tmp_path / "listed"
        place.mkdir(exist_ok=True)
        listed = {}
        for name, file in repo.head.files.items():
            if name != "manifest.json":
                listed[name] = place / name
                listed[name].write_bytes(file.content)
        repo.write("manifest.json", str(manifest_of(listed)))

    return change


def said(hub: Hub) -> str:
    """What a pull that is refused says; it takes no memory to say it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(HitzooError) as caught:
        pull(NEWEST, hub=hub)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB
    return str(caught.value)


def config_with(repo: Repository, **generator: Any) -> bytes:
    config = json.loads(repo.read("config.json"))
    config["spec"]["generator"] |= generator
    return json.dumps(config).encode()


def asked_for_weights(server: HubServer) -> bool:
    return bool(server.asked("/blob/", method="GET")) or bool(server.asked("/resolve/.*safetensors"))


def test_a_config_of_another_plan(server: HubServer, repo: Repository, put: Callable[..., None], stranger: Hub) -> None:
    put(config__json=config_with(repo, latent_dim=7))
    assert "says its generator is plan " in said(stranger)
    assert not asked_for_weights(server)


def test_a_spec_and_a_config_that_differ(
    server: HubServer, repo: Repository, put: Callable[..., None], stranger: Hub
) -> None:
    text = repo.read("hitzoo.yaml").decode()
    put(hitzoo__yaml=text.replace("latent_dim: 6", "latent_dim: 7").replace("norm: batch", "norm: layer").encode())
    lines = said(stranger).splitlines()
    assert lines[0].endswith("hitzoo.yaml describes another generator than config.json beside it:")
    assert lines[1:] == ["  generator.latent_dim: 7 here, 6 there", "  generator.norm: 'layer' here, 'batch' there"]
    assert not asked_for_weights(server)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("hitzoo.yaml", BOMB.encode(), "values"),
        ("hitzoo.yaml", b"a: " + b"[" * 5000, "nested deeper"),
        ("hitzoo.yaml", b"!!python/object/apply:os.system ['touch owned']", "not a mapping"),
        ("hitzoo.yaml", b"name: !!python/object/apply:os.system ['touch owned']", "tag"),
        ("hitzoo.yaml", b"\xff\xfe\x00", "not UTF-8 text"),
        ("config.json", b"[" * 100_000, "cannot be read as JSON"),
        ("config.json", b"{}", "no hitzoo_format"),
        ("config.json", b"\x80\x04\x95", "not UTF-8 text"),
    ],
)
def test_texts_that_are_none(
    server: HubServer,
    put: Callable[..., None],
    stranger: Hub,
    name: str,
    raw: bytes,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    put(**{name.replace(".", "__"): raw})
    assert message in said(stranger)
    assert not asked_for_weights(server)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["config.json", "hitzoo.yaml", "manifest.json"])
def test_a_text_of_many_megabytes_is_not_fetched(server: HubServer, repo: Repository, stranger: Hub, name: str) -> None:
    repo.write(name, b" " * 3_000_000)
    assert said(stranger) == f"acme/tiny: its {name} has 3,000,000 bytes, more than it can have"
    server.otherwise("/revision/main$", without_sizes)
    assert said(stranger) == f"acme/tiny: its {name} has 3,000,000 bytes, more than it can have"
    assert not server.asked("/resolve/", method="GET")


def without_sizes(answer: Answer) -> Answer:
    data = json.loads(answer.body)
    bare = [{"rfilename": entry["rfilename"]} for entry in data["siblings"]]
    return replace(answer, body=json.dumps(data | {"siblings": bare}).encode())


def test_absurd_sizes_are_refused_by_arithmetic(
    server: HubServer, repo: Repository, put: Callable[..., None], stranger: Hub
) -> None:
    """A network of 10¹⁴ parameters: its plan is compiled, which is arithmetic; nothing of it is built."""
    from hitzoo.families.compile import compile_spec
    from hitzoo.families.language import shipped_language
    from hitzoo.families.load import parse_spec
    from hitzoo.spec.convert import to_data

    assert shipped_language().schema
    stages = [{"channels": 65536, "depth": 256, "heads": 4, "attention": "none"}] * 2
    spec = parse_spec(json.dumps({"hitzoo": 1, "name": "huge", "generator": {"family": "hit", "stages": stages}}))
    plan = compile_spec(spec)
    config = {"hitzoo_format": 1, "generator_plan": plan.generator_hash, "spec": to_data(spec)}
    put(config__json=json.dumps(config).encode(), hitzoo__yaml=json.dumps(to_data(spec)).encode())
    text = said(stranger)
    assert text.startswith("the weights of acme/tiny have 19,908 bytes; the generator of its spec takes ")
    assert int(text.split()[-1].replace(",", "")) > 10**13
    assert not asked_for_weights(server)


def test_weights_that_are_far_too_large_are_not_fetched(
    server: HubServer, repo: Repository, put: Callable[..., None], stranger: Hub
) -> None:
    put(model__safetensors=bytes(3_000_000))
    assert "the weights of acme/tiny have 3,000,000 bytes; the generator of its spec takes " in said(stranger)
    assert not asked_for_weights(server)


def changed_weights(repo: Repository, place: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> bytes:
    place.write_bytes(repo.read("model.safetensors"))
    tensors: dict[str, Any] = read_tensors(place)
    metadata = read_metadata(place)
    change(tensors, metadata)
    save_weights(place, tensors, metadata)
    return place.read_bytes()


def drop_some(tensors: dict[str, Any], _: dict[str, Any]) -> None:
    for name in sorted(tensors)[:7]:
        tensors[name + ".other"] = tensors.pop(name)


def halve(tensors: dict[str, Any], _: dict[str, Any]) -> None:
    tensors["initial.linear.bias"] = tensors["initial.linear.bias"].to(torch.float64)


def rename_plan(_: dict[str, Any], metadata: dict[str, Any]) -> None:
    metadata["generator_plan"] = "0" * 64


def forget_plan(_: dict[str, Any], metadata: dict[str, Any]) -> None:
    del metadata["generator_plan"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_some, "holds the weights of another network than config.json describes"),
        (halve, "  initial.linear.bias is F64, the network wants F32"),
        (rename_plan, "was made for another generator than config.json describes, though every tensor fits"),
        (forget_plan, "(plan None in the file"),
    ],
)
def test_weights_that_do_not_fit(
    repo: Repository, put: Callable[..., None], stranger: Hub, tmp_path: Path, change: Any, message: str
) -> None:
    put(model__safetensors=changed_weights(repo, tmp_path / "changed.safetensors", change))
    text = said(stranger)
    assert message in text
    if change is drop_some:
        assert len(text.splitlines()) == 7
        assert text.splitlines()[-1] == "  … and 9 more"


def test_weights_that_are_none(repo: Repository, put: Callable[..., None], stranger: Hub) -> None:
    raw = repo.read("model.safetensors")
    put(model__safetensors=b"\xff" * 8 + raw[8:])
    assert "is cut or is not a safetensors file" in said(stranger)
    import pickle  # noqa: TID251 - the very thing that must not be read

    payload = pickle.dumps({"a": 1})
    put(model__safetensors=payload + bytes(len(raw) - len(payload)))
    assert "is cut or is not a safetensors file" in said(stranger)


@pytest.mark.parametrize(
    "files",
    [
        {"../../../../../owned": {"size": 5, "sha256": "0" * 64}},
        {"/tmp/owned": {"size": 5, "sha256": "0" * 64}},
        {"training/../../owned": {"size": 5, "sha256": "0" * 64}},
    ],
)
def test_a_manifest_decides_no_path(
    server: HubServer, repo: Repository, stranger: Hub, tmp_path: Path, files: dict[str, Any]
) -> None:
    manifest = json.loads(repo.read("manifest.json"))
    manifest["files"] |= files
    repo.write("manifest.json", json.dumps(manifest))
    repo.write("owned", "x")
    pulled = pull(NEWEST, extra=[*files, "owned"], hub=stranger)
    assert {path.name for path in pulled.folder.iterdir()} == {
        "config.json", "hitzoo.yaml", "manifest.json", "model.safetensors",
    }  # fmt: skip
    assert not server.asked("owned")
    assert not list(tmp_path.rglob("owned"))


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b"", "manifest.json is damaged"),
        (b"[]", "manifest.json is damaged"),
        (b'{"hitzoo_manifest": 2, "files": {}}', "manifest.json is damaged"),
        (b'{"hitzoo_manifest": 1, "files": {}}', "config.json is not listed in manifest.json"),
        (b'{"hitzoo_manifest": 1, "files": {"a": {"size": -1, "sha256": ""}}}', "manifest.json is damaged"),
        (b'{"hitzoo_manifest": 1, "files": {"a": {"size": 1, "sha256": "A"}}}', "manifest.json is damaged"),
        (b'{"hitzoo_manifest": 1, "files": []}', "manifest.json is damaged"),
        (
            b'{"hitzoo_manifest": 1, "files": {"a": {"sha256": "' + b"0" * 64 + b'", "size": 1' + b"0" * 4000 + b"}}}",
            "manifest.json is damaged",
        ),
        (b"[" * 100_000, "manifest.json is damaged"),
    ],
)
def test_a_manifest_that_is_none(repo: Repository, stranger: Hub, manifest: bytes, message: str) -> None:
    repo.write("manifest.json", manifest)
    assert message in said(stranger)


def test_a_manifest_that_lies(server: HubServer, repo: Repository, stranger: Hub) -> None:
    manifest = json.loads(repo.read("manifest.json"))
    manifest["files"]["model.safetensors"]["size"] += 1
    repo.write("manifest.json", json.dumps(manifest))
    message = "model.safetensors has 19,908 bytes where its manifest.json says 19,909; tell its author"
    assert said(stranger) == f"acme/tiny: {message}"
    assert not asked_for_weights(server)
    del manifest["files"]["model.safetensors"]
    repo.write("manifest.json", json.dumps(manifest))
    assert said(stranger) == "acme/tiny: its manifest.json does not list model.safetensors; tell its author"


@pytest.mark.parametrize(
    "card", ["self: 1", "ignore_metadata_errors: 1", "[1, 2]", "text", "model-index: 5", "tags: 3"]
)
def test_a_card_that_is_none_is_no_traceback(repo: Repository, stranger: Hub, card: str) -> None:
    repo.write("README.md", f"---\n{card}\n---\n# x\n")
    with suppress(HubError):  # "cannot be understood": where the client itself stumbles over it
        pull(NEWEST, hub=stranger)


def test_files_beside_the_model_are_never_fetched(server: HubServer, repo: Repository, stranger: Hub) -> None:
    for name in ("pytorch_model.bin", "hubconf.py", "modeling.py", "training/evil.pkl"):
        repo.write(name, b"\x80\x04\x95")
    pull(NEWEST, hub=stranger)
    assert not server.asked("bin|py|pkl")

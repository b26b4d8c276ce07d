"""A page as a Space: its files in one commit, beside models of the same name."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.errors import HubError, RequestError
from hitzoo.explore import publish as publishing
from hitzoo.explore.publish import publish_space
from hitzoo.explore.site import SITE_FILES, Site
from hitzoo.explore.space import space_readme
from hitzoo.hub.client import Hub
from hitzoo.hub.space import upload_space
from hitzoo.hub.upload import Published
from hitzoo.sampling.generator import Generator
from tests.hub.repository import front_matter
from tests.hub.server import HubServer


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {name: tmp_path / "site" / name for name in ("index.html", "model.onnx", "runtime/ort.wasm")}
    for name, path in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0" + name.encode())
    return found


def test_space_is_made_with_its_files_beside_the_model(
    server: HubServer, published: Published, files: dict[str, Path], door: Hub
) -> None:
    before = server.repos["acme/tiny"].head.oid
    done = upload_space(files, "acme/tiny", hub=door)
    space = server.repos["spaces/acme/tiny"]
    assert set(space.head.files) == {*files, ".gitattributes"}
    assert space.read("model.onnx") == files["model.onnx"].read_bytes()
    assert (done.commit, done.changed) == (space.head.oid, tuple(files))
    assert done.url.endswith("/spaces/acme/tiny")
    assert server.repos["acme/tiny"].head.oid == before


def test_same_page_again_makes_no_commit(server: HubServer, files: dict[str, Path], door: Hub) -> None:
    first = upload_space(files, "acme/page", hub=door)
    again = upload_space(files, "acme/page", hub=door)
    assert (again.commit, again.changed) == (first.commit, ())
    files["index.html"].write_bytes(b"another")
    assert upload_space(files, "acme/page", hub=door).changed == ("index.html",)


def test_space_of_others_is_refused_in_one_message(server: HubServer, files: dict[str, Path], door: Hub) -> None:
    with pytest.raises(HubError, match="other/page"):
        upload_space(files, "other/page", hub=door)
    assert "spaces/other/page" not in server.repos


def test_space_has_no_revision_and_does_not_become_private(
    server: HubServer, files: dict[str, Path], door: Hub
) -> None:
    with pytest.raises(RequestError, match="a Space shows its newest commit"):
        upload_space(files, "acme/page@v1", hub=door)
    upload_space(files, "acme/page", hub=door)
    with pytest.raises(RequestError, match="the Space acme/page exists and is public"):
        upload_space(files, "acme/page", private=True, hub=door)


def test_page_of_a_model_is_sent_whole(
    server: HubServer, model: Path, door: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(generator: Generator, folder: Path, *, license: str, **more: object) -> Site:
        for name in SITE_FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(name.encode())
        (folder / "README.md").write_text(space_readme(generator, "tiny", license), encoding="utf-8")
        return Site(folder, 1, 1, 0.0)

    monkeypatch.setattr(publishing, "export_site", export)
    publish_space(Generator.from_folder(model, "cpu"), "acme/page", license="cc0-1.0", hub=door)
    space = server.repos["spaces/acme/page"]
    assert set(space.head.files) == {*SITE_FILES, ".gitattributes"}
    front = front_matter(space.read("README.md").decode())
    assert (front["sdk"], front["app_file"], front["license"]) == ("static", "index.html", "cc0-1.0")

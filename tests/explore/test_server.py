"""The server of the page: pictures for its own page on this machine, and nothing for anybody else."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hitzoo.errors import RequestError
from hitzoo.explore.page_files import LOCAL
from hitzoo.explore.pictures import Pictures
from hitzoo.explore.server import PageServer
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.picture_file import facts_of
from hitzoo.sampling.pictures import to_uint8
from tests.explore.conftest import Ask

ROW = latents_of_seeds([7], 6)


def pixels(png: bytes) -> Any:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture)


def test_image_is_that_of_the_latent_and_says_so(ask: Ask, generator: Generator) -> None:
    status, png = ask("image", {"latent": ROW[0].tolist(), "seed": 7, "truncation": 0.5})
    wanted = generator.fast().sample(seeds=[7], truncation=0.5).raw[0]
    assert status == 200
    np.testing.assert_array_equal(pixels(png), to_uint8(wanted))
    with Image.open(io.BytesIO(png)) as picture:
        facts = facts_of(picture)
    assert (facts["hitzoo:seed"], facts["hitzoo:truncation"]) == ("7", "0.5")


def test_region_is_rendered_alone(ask: Ask, generator: Generator) -> None:
    _, png = ask("image", {"latent": ROW[0].tolist(), "truncation": 1, "region": [2, 3, 4, 5]})
    np.testing.assert_array_equal(pixels(png), to_uint8(generator.render(seeds=[7], region=(2, 3, 4, 5)).raw[0]))


def test_stages_are_given_as_pictures(ask: Ask) -> None:
    status, found = ask("stages", {"latent": ROW[0].tolist(), "truncation": 1})
    assert status == 200
    assert [stage["side"] for stage in json.loads(found)] == [8]  # the first stage attends and adds nothing


def test_page_has_its_files_and_no_others(ask: Ask) -> None:
    assert {ask(name)[0] for name in ("", *LOCAL, "about.json")} == {200}
    assert {ask(name)[0] for name in ("worker.js", "../about.py", "page/main.js", "x")} == {404}
    assert b"POLICY" not in ask("")[1]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (b"{", "not JSON"),
        ({"other": 1}, "a request has these entries"),
        ({"latent": [1, 2]}, "the model wants (N, 6)"),
        ({"latent": [0] * 6, "truncation": 0}, "truncation 0"),
        ({"latent": [0] * 6, "truncation": "x"}, "truncation x"),
        ({"latent": [0] * 6, "region": [0, 0, 9, 9]}, "leaves the image"),
        ({"latent": [0] * 6, "region": "all"}, "region: give"),
        ({"latent": [0] * 6, "level": True}, "level: give a whole number"),
        ({"latent": [0] * 6, "size": 64}, "fixed size"),
    ],
)
def test_bad_request_is_answered_with_the_reason(ask: Ask, wanted: Any, said: str) -> None:
    status, body = ask("image", wanted)
    assert (status, said in body.decode()) == (400, True), body


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_other_pages_are_refused(ask: Ask, headers: dict[str, str]) -> None:
    assert ask("about.json", **headers)[0] == 403
    assert ask("image", {"latent": ROW[0].tolist()}, **headers)[0] == 403


def test_forms_of_other_kinds_are_refused(ask: Ask) -> None:
    """A page elsewhere may post a form without being asked, but no JSON."""
    assert ask("image", {"latent": ROW[0].tolist()}, Content_Type="text/plain")[0] == 404


def test_port_in_use_is_one_message(server: PageServer, generator: Generator) -> None:
    pictures = Pictures(generator, generator)
    with pytest.raises(RequestError, match=f"--port {server.server_port}: in use; give another, or --port 0"):
        PageServer(pictures, {}, server.server_port)
    with pytest.raises(RequestError, match="--port 70000: give 0 to 65535"):
        PageServer(pictures, {}, 70000)


def test_default_port_in_use_gives_way_to_another(
    server: PageServer, generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hitzoo.explore.server.PORT", server.server_port)
    other = PageServer(Pictures(generator, generator), {}, None)
    assert other.server_port not in (0, server.server_port)
    other.server_close()

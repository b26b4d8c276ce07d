"""A tiny generator, and the page of it on this machine: the only address these tests may connect to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch

from hitzoo.explore.about import about
from hitzoo.explore.pictures import Pictures
from hitzoo.explore.server import PageServer
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from tests.support import TINY_HIT, fill, one_thread

HERE = Path(__file__).parent
Ask = Callable[..., tuple[int, bytes]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1"]))


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="package")
def generator() -> Generator:
    """A HiT of 8×8 pixels, its last stage pixel-wise."""
    spec = parse_spec(TINY_HIT, "tiny.yaml")
    plan = compile_spec(spec)
    module = fill(build_generator(plan), 0.3).eval()
    return Generator(spec, plan, module, torch.device("cpu"))


@pytest.fixture
def server(generator: Generator) -> Iterator[PageServer]:
    quick = generator.fast()
    server = PageServer(Pictures(generator, quick), about(generator, quick, "tiny"), 0)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ask(server: PageServer) -> Ask:
    """`ask("image", {…})` posts JSON, `ask("about.json")` gets a file: status and body."""

    def call(name: str, wanted: Any = None, **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        sent = {"Content-Type": "application/json"} | {key.replace("_", "-"): value for key, value in headers.items()}
        body = None if wanted is None else wanted if isinstance(wanted, bytes) else json.dumps(wanted)
        connection.request("GET" if wanted is None else "POST", f"/{name}", body, sent)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    return call

"""A Hub of one's own on this machine: the only address the tests here may connect to, and they alone may."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest
from huggingface_hub import constants

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.files import atomic_folder
from hitzoo.hub.client import Hub
from hitzoo.hub.model_card import Terms
from hitzoo.hub.upload import Published
from hitzoo.sampling.publish import publish
from hitzoo.zoo.model_folder import write_model
from tests.hub.server import HubServer
from tests.processes.start import Starter
from tests.support import TINY_HIT, fill, one_thread

HERE = Path(__file__).parent
TERMS = Terms(license="apache-2.0", data="the pictures of a test", data_license="CC0-1.0")
SAID = asdict(TERMS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1"]))
            item.add_marker(pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"))  # the client's


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(autouse=True)
def _nothing_of_the_developers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client in this process: no token, cache and proxy but the test's, no xet, no patience."""
    for name in ("HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    home = tmp_path / "hf"
    changed = {
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_TOKEN_PATH": str(home / "token"),
        "AGENT_HARNESSES_PATH": str(home / "harnesses.json"),
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_DOWNLOAD_TIMEOUT": 1,
    }
    for name, value in changed.items():
        monkeypatch.setattr(constants, name, value, raising=False)
    monkeypatch.setattr("hitzoo.hub.retry._WAITS", (0.0, 0.0))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer() as hub:
        settle(hub, monkeypatch)
        yield hub


def settle(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it the Hub of the client in this process, as HF_ENDPOINT does at its import."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def token(server: HubServer) -> str:
    """Of alice, who may write to acme."""
    return server.add_user("alice", orgs=("acme",))


@pytest.fixture
def door(server: HubServer, token: str, tmp_path: Path) -> Hub:
    """The Hub as alice sees it."""
    return Hub(endpoint=server.url, cache=tmp_path / "cache", token=token)


@pytest.fixture
def stranger(server: HubServer, tmp_path: Path) -> Hub:
    """The Hub as somebody sees it who is not logged in, with a cache of his own."""
    return Hub(endpoint=server.url, cache=tmp_path / "strangers", token=False)


@pytest.fixture(scope="session")
def save() -> Callable[..., Path]:
    """Write a tiny model folder; `scale` makes it another one of the same spec."""

    def write(folder: Path, *overrides: str, scale: float = 0.5, step: int = 7) -> Path:
        spec = parse_spec(TINY_HIT + "training: {batch_size: 4}\n", "tiny", overrides)
        plan = compile_spec(spec)
        with atomic_folder(folder) as temporary:
            write_model(temporary, spec, plan, fill(build_generator(plan), scale).state_dict(), step=step)
        return folder

    return write


@pytest.fixture
def model(save: Callable[..., Path], tmp_path: Path) -> Path:
    return save(tmp_path / "model")


@pytest.fixture
def published(model: Path, door: Hub) -> Published:
    """acme/tiny@v1."""
    return publish(model, "acme/tiny", **SAID, tag="v1", hub=door)


@dataclass
class Commands:
    """`hitzoo` in processes of its own, which read the Hub's address, cache and token from their environment."""

    folder: Path
    env: dict[str, str] = field(repr=False)
    starter: Starter

    def __call__(self, *words: object, code: int = 0, before: str = "", real: bool = False, **env: str) -> str:
        """All that was printed; `before` is Python that runs first, `real` starts an interpreter in any case."""
        process = self.start(*words, before=before, real=real, **env)
        out, errors = process.communicate(timeout=120)
        assert process.returncode == code, out + errors
        assert "Traceback" not in errors
        return out + errors

    def start(self, *words: object, before: str = "", real: bool = False, **env: str) -> subprocess.Popen[str]:
        return self.starter(*words, cwd=self.folder, env=self.env | env, before=before, real=real)


@pytest.fixture
def hitzoo(server: HubServer, token: str, tmp_path: Path, start_hitzoo: Starter) -> Commands:
    """The command as alice runs it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HITZOO_"))}
    paths = [str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    of_the_test = {
        "HF_ENDPOINT": server.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_TOKEN": token,
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(paths),
    }
    return Commands(tmp_path, kept | of_the_test, start_hitzoo)

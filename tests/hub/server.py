"""A Hugging Face Hub on this machine, for the real client: two origins, as the Hub and its storage are.

    with HubServer() as hub:
        token = hub.add_user("alice", orgs=("acme",))
        hub.fault("/blob/", method="GET", cut_after=1000, cut="reset")
        ...
        assert [asked.path for asked in hub.log if asked.origin == "storage"]

The hub is http://127.0.0.1:P and its storage http://localhost:P2: the client drops the token between hosts. Every
request is in `log`. Nothing of hitzoo is imported here.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.hub.api import Answer, Api, User, answer_storage
from tests.hub.faults import Fault, break_off
from tests.hub.repository import Repository

STALL = 5.0  # seconds; longer than the tests let the client wait


@dataclass
class Asked:
    """One request and what was answered."""

    origin: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    status: int = 0
    sent: int = 0


class HubServer:
    def __init__(self, *, part_size: int | None = None, xet: Path | None = None, resolve_cache: bool = False) -> None:
        self.users: dict[str, User] = {}
        self.repos: dict[str, Repository] = {}
        self.blobs: dict[str, bytes] = {}
        self.log: list[Asked] = []
        self.faults: list[Fault] = []
        self.changes: list[tuple[str, Callable[[Answer], Answer]]] = []
        self.part_size, self.xet, self.resolve_cache = part_size, xet, resolve_cache
        self.lock = threading.RLock()
        self._servers = [_serve(self, "hub", "127.0.0.1"), _serve(self, "storage", "localhost")]
        self.url, self.storage_url = (f"http://{host}:{one.server_port}" for host, one in self._addresses())
        self.api = Api(self)

    def __enter__(self) -> HubServer:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add_user(self, name: str, *, role: str = "write", orgs: tuple[str, ...] = ()) -> str:
        token = f"hf_{name}{role}TokenNobodyMaySee"
        self.users[token] = User(name, role, orgs)
        return token

    def fault(self, path: str, **what: Any) -> Fault:
        self.faults.append(Fault(path, **what))
        return self.faults[-1]

    def otherwise(self, path: str, change: Callable[[Answer], Answer]) -> None:
        """Answer as another Hub does: what is answered to the paths of a pattern is changed from now on."""
        self.changes.append((path, change))

    def asked(self, path: str, method: str = "", origin: str = "") -> list[Asked]:
        """The requests so far that match."""
        probe = Fault(path, method=method, origin=origin)
        return [one for one in self.log if probe.matches(one.origin, one.method, one.path)]

    @contextmanager
    def counting(self) -> Iterator[list[Asked]]:
        """The requests of a block, when it is over."""
        before, found = len(self.log), []  # type: int, list[Asked]
        yield found
        found += [one for one in self.log[before:] if "agent-harnesses" not in one.path]

    def answer(self, asked: Asked) -> tuple[Answer, Fault | None]:
        with self.lock:
            self.log.append(asked)
            fault = next((one for one in self.faults if one.matches(asked.origin, asked.method, asked.path)), None)
            if fault is not None:
                fault.times -= 1
            if fault is not None and fault.status and not fault.after_all:
                return Answer(fault.status, fault.body, dict(fault.headers)), fault
            answer = self.api.answer(asked) if asked.origin == "hub" else answer_storage(self, asked)
            for path, change in self.changes:
                answer = change(answer) if re.search(path, asked.path.split("?")[0]) else answer
            if fault is not None and fault.status:
                answer = Answer(fault.status, fault.body, dict(fault.headers))
            return answer, fault

    def _addresses(self) -> list[tuple[str, ThreadingHTTPServer]]:
        return list(zip(("127.0.0.1", "localhost"), self._servers, strict=True))


def _serve(hub: HubServer, origin: str, host: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or head and body of every answer wait for each other

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            path = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(origin, self.command, path, headers, body)
            answer, fault = hub.answer(asked)
            self.send(asked, answer, fault)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - so they are called

        def send(self, asked: Asked, answer: Answer, fault: Fault | None) -> None:
            content = fault.alter(answer.body) if fault is not None and asked.method == "GET" else answer.body
            status, headers, content = _ranged(asked, answer, content, fault)
            if fault is not None and fault.delay:
                threading.Event().wait(fault.delay)
            asked.status = status
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if asked.method == "HEAD":
                return
            if fault is not None and fault.cut_after is not None:
                self.wfile.write(content[: fault.cut_after])
                asked.sent = min(fault.cut_after, len(content))
                break_off(self, fault.cut, STALL)
                return
            self.wfile.write(content)
            asked.sent = len(content)

        def log_message(self, *_: object) -> None:
            """Nothing: `HubServer.log` has it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def server_bind(self) -> None:
            """Without asking a name server for the machine's full name, which can take seconds."""
            TCPServer.server_bind(self)
            self.server_name, self.server_port = host, self.server_address[1]

        def handle_error(self, *_: object) -> None:
            """A client that left in the middle of an answer, as the tests want it to."""

    server = Server((host, 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def _ranged(asked: Asked, answer: Answer, content: bytes, fault: Fault | None) -> tuple[int, dict[str, str], bytes]:
    """The part that was asked for, as files are given out; everything else is given whole."""
    wanted = asked.headers.get("range", "")
    if answer.status != 200 or not answer.is_file or not wanted or (fault is not None and fault.ignore_range):
        return answer.status, answer.headers, content
    first, last = wanted.removeprefix("bytes=").split("-")
    end = min(int(last) + 1 if last else len(content), len(content))
    place = {"Content-Range": f"bytes {first}-{end - 1}/{len(content)}"}
    return 206, answer.headers | place, content[int(first) : end]

"""The page on this machine: a server that answers to this machine alone, and to its own page alone."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any

from hitzoo.errors import HitzooError, RequestError
from hitzoo.explore.page_files import HEADERS, LOCAL, TYPES, page_file
from hitzoo.explore.pictures import Pictures
from hitzoo.explore.request import PictureRequest, parse_request

HOST = "127.0.0.1"
PORT = 7860  # Gradio's, by which people know such pages
_LARGEST_BODY = 1 << 22  # bytes; a row of a hundred thousand numbers
_PATIENCE = 60.0  # seconds that a connection may be idle


class PageServer(ThreadingHTTPServer):
    """Serves the page of one model. Pictures are made one after another, in one thread.

    Raises:
        RequestError: the port is in use, or may not be taken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, pictures: Pictures, about: dict[str, Any], port: int | None = None) -> None:
        self.pictures, self.about = pictures, json.dumps(about | {"backend": "local"}).encode()
        # A thread of its own, so that torch keeps its pool of threads from one picture to the next.
        self.maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
        try:
            super().__init__((HOST, PORT if port is None else port), _Handler)
        except (OSError, OverflowError) as error:
            if port is not None or getattr(error, "errno", 0) != errno.EADDRINUSE:
                raise _refused(PORT if port is None else port, error) from None
            super().__init__((HOST, 0), _Handler)

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.server_port}/"

    def make(self, act: Callable[[PictureRequest], Any], body: bytes) -> Any:
        """Answer a request of the page in the thread that makes pictures."""
        return self.maker.submit(lambda: act(parse_request(body, self.pictures.quick))).result()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a tab be closed in the middle of an answer; anything else is a bug of ours."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """Give the port back, and end the thread."""
        super().server_close()
        self.maker.shutdown(wait=False, cancel_futures=True)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE
    disable_nagle_algorithm = True  # or head and body of an answer wait 40 ms for each other

    def do_GET(self) -> None:
        if not self._is_ours():
            return
        name = self.path.partition("?")[0].removeprefix("/") or "index.html"
        if name == "about.json":
            self._answer(200, self.server.about, TYPES[".json"])
        elif name in LOCAL:
            self._answer(200, page_file(name), TYPES[PurePosixPath(name).suffix])
        else:
            self._answer(404, b"there is no such file", "text/plain")

    def do_POST(self) -> None:
        if not self._is_ours():
            return
        acts = {"/image": self.server.pictures.image, "/stages": self.server.pictures.stages}
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._answer(413, b"too long", "text/plain")
            return
        body = self.rfile.read(int(length))
        if self.path not in acts or self.headers.get("Content-Type") != "application/json":
            self._answer(404, b"there is no such question", "text/plain")
            return
        try:
            made = self.server.make(acts[self.path], body)
        except HitzooError as error:
            self._answer(400, str(error).encode(), "text/plain; charset=utf-8")
            return
        if isinstance(made, bytes):
            self._answer(200, made, "image/png")
        else:
            self._answer(200, json.dumps(made).encode(), TYPES[".json"])

    def log_message(self, format: str, *words: Any) -> None:
        """Say nothing: every movement of a hand is a request."""

    def _is_ours(self) -> bool:
        """Refuse names that another machine's page has given to this address, and requests of other pages."""
        own = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") in own and (origin is None or origin.removeprefix("http://") in own):
            return True
        self.close_connection = True
        self._answer(403, b"this page is for this machine alone", "text/plain")
        return False

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _refused(port: int, error: Exception) -> RequestError:
    if getattr(error, "errno", 0) == errno.EADDRINUSE:
        return RequestError(f"--port {port}: in use; give another, or --port 0 for any that is free")
    if isinstance(error, OverflowError):
        return RequestError(f"--port {port}: give 0 to 65535")
    reason = getattr(error, "strerror", None) or error
    return RequestError(f"--port {port}: cannot be taken ({reason}); give another")

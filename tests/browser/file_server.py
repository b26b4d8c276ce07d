"""A plain file server, with headers as strict as a site may be given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from threading import Thread
from typing import Any


class _Files(SimpleHTTPRequestHandler):
    policy = ""

    def end_headers(self) -> None:
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(server: BaseServer) -> Iterator[str]:
    """Run a server in a thread, and give its address."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def file_server(folder: Path, policy: str = "") -> Iterator[str]:
    """Serve a folder's files as they are."""
    handler = type("Files", (_Files,), {"policy": policy})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))) as address:
        yield address

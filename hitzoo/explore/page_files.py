"""The files of the page, and what a browser is told about them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}

SHARED = ("index.html", "style.css", "main.js", "command.js", "view.js", "pad.js", "latents.js", "npy.js")
"""The files of the page wherever its pictures come from."""

LOCAL = (*SHARED, "local.js")
"""With a server that makes the pictures."""

STATIC = (*SHARED, "static.js", "worker.js")
"""With the network in the browser."""

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:;"
    " connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"
)
"""The content-security policy that the page itself names: nothing of other machines, and no script in the text."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page_file(name: str) -> bytes:
    """Return the contents of one of the page's files."""
    content = files("hitzoo.explore").joinpath("page", name).read_bytes()
    return content.replace(b"POLICY", POLICY.encode()) if name == "index.html" else content

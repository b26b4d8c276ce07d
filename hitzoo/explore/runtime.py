"""onnxruntime-web, which runs a network in a browser: one release, fetched once, its files known by their hashes."""

from __future__ import annotations

import hashlib
import os
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

from hitzoo.errors import RequestError
from hitzoo.files import atomic_file
from hitzoo.places import hitzoo_cache, is_file

VERSION = "1.30.0"
REGISTRY = "https://registry.npmjs.org"
PACKAGE = f"onnxruntime-web-{VERSION}.tgz"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
FILES: Mapping[str, str] = {
    "ort.wasm.min.mjs": "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
    "ort-wasm-simd-threaded.mjs": "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
    "ort.webgpu.min.mjs": "3dffff71811bc13a3a3d9591c57ca5ee5735b8f5f3eaf789510b02bb040ae3a0",
    "ort-wasm-simd-threaded.asyncify.mjs": "3d1c85995364bb643302fc6fd877a0c3ba5ae72401815e0f24828a53d9191e28",
    "ort-wasm-simd-threaded.asyncify.wasm": "39f9f0894d478800487ed9f7dbe92618498db320cf55c8e3d89adff8dce658da",
}
"""The files of the package that a page needs, with sha256: three for WebAssembly alone, three for WebGPU."""

NOTICE = f"""onnxruntime-web {VERSION}, unchanged but for the endings of its modules' names (.mjs became .js).

MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
_TIMEOUT = 60  # seconds without a byte
_PIECE = 1 << 20
_BY_HAND = f"`npm pack onnxruntime-web@{VERSION}` fetches it elsewhere, and --runtime {PACKAGE} takes it"


def runtime_files(
    given: Path | None = None, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, bytes]:
    """Return the files of `FILES`, from a place that is given, the cache, or npm's registry.

    Args:
        given: the package as `npm pack` makes it, or a folder with its files (also `node_modules/onnxruntime-web`).
        progress: called with (bytes done, bytes in all) while it is fetched.

    Raises:
        RequestError: what is given is not this release, or it cannot be fetched.
        OutputError: the cache cannot be written.
    """
    if given is not None:
        found = _of_package(_read(given)) if is_file(given) else _of_folder(given)
        return _checked(found, f"--runtime {given}")
    cache = hitzoo_cache()
    kept = None if cache is None else cache / PACKAGE
    if kept is not None and is_file(kept):
        package = _read(kept)
        if hashlib.sha256(package).hexdigest() == SHA256:  # a damaged one is fetched anew
            return _of_package(package)
    package = _fetch(progress)
    if kept is not None:
        with atomic_file(kept) as temporary:
            temporary.write_bytes(package)
    return _of_package(package)


def _fetch(progress: Callable[[int, int], None]) -> bytes:
    registry = os.environ.get("NPM_CONFIG_REGISTRY", REGISTRY).rstrip("/")  # npm's own variable, for mirrors
    address = f"{registry}/onnxruntime-web/-/{PACKAGE}"
    if not address.startswith(("https://", "http://")):
        raise RequestError(f"NPM_CONFIG_REGISTRY {registry}: give an address that begins with https://")
    content = BytesIO()
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            while piece := answer.read(_PIECE):
                content.write(piece)
                progress(content.tell(), max(total, content.tell()))
    except (OSError, urllib.error.URLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise RequestError(f"onnxruntime-web cannot be fetched from {address} ({reason}); {_BY_HAND}") from None
    package = content.getvalue()
    if hashlib.sha256(package).hexdigest() != SHA256:
        raise RequestError(f"{address} is not the package that was expected (sha256 {SHA256[:12]}…); {_BY_HAND}")
    return package


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RequestError(f"{path} cannot be read ({error.strerror or error})") from None


def _of_package(package: bytes) -> dict[str, bytes]:
    """Take the files out of an npm package; none are written anywhere."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=BytesIO(package), mode="r:gz") as archive:
            for name in FILES:
                file = archive.extractfile(f"package/dist/{name}")
                if file is not None:
                    found[name] = file.read()
    except (tarfile.TarError, OSError, EOFError, KeyError):
        pass  # what is missing is told of
    return found


def _of_folder(folder: Path) -> dict[str, bytes]:
    places = [folder, folder / "dist", folder / "package" / "dist"]
    found = {name: next((place / name for place in places if is_file(place / name)), None) for name in FILES}
    return {name: _read(path) for name, path in found.items() if path is not None}


def _checked(found: dict[str, bytes], place: str) -> dict[str, bytes]:
    for name, wanted in FILES.items():
        if name not in found:
            raise RequestError(f"{place}: has no {name} of onnxruntime-web; {_BY_HAND}")
        if hashlib.sha256(found[name]).hexdigest() != wanted:
            raise RequestError(f"{place}: {name} is not that of onnxruntime-web {VERSION}; {_BY_HAND}")
    return found

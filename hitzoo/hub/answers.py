"""Check a Hub's answers about files before its client acts on them: the client makes paths of them unchecked.

`huggingface_hub` (seen in 1.20 and 2.4) joins a file's ETag to the cache's folder, `os.path.join(storage_folder,
"blobs", etag)`, and the `X-Repo-Commit` of a file that is missing, `.no_exist/COMMIT/NAME`. An ETag `../../../.bashrc`
would be written there. So every answer to a request of ours goes through `refuse_paths` first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from hitzoo.errors import HubError
from hitzoo.hub.environment import CannotAsk, bad_proxies, of_certificates, refuse_unproxied, without_bad_proxies
from hitzoo.hub.secrets import redact

_HASH = r"(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})"  # md5, sha1 or git's, sha256
_ETAG = re.compile(rf'(?:W/)?("?){_HASH}(?:[-:;][A-Za-z0-9]{{1,16}})?\1')  # "-gzip" and the like: servers add them
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SIZE = re.compile(r"[0-9]{1,18}")
_ADDRESS = re.compile(r"https?://[^/\s\\]+(?:/[^\s\\]*)?|/[^\s\\]*|[^\s\\:/]+(?:/[^\s\\]*)?", re.IGNORECASE)
_ALWAYS = {"X-Linked-Etag": _ETAG, "X-Repo-Commit": _COMMIT, "X-Linked-Size": _SIZE, "X-Xet-Hash": re.compile(_HASH)}
_OF_FILES = _ALWAYS | {"ETag": _ETAG, "Location": _ADDRESS}
_OF_A_FILE = re.compile(r"/(resolve|resolve-cache)/")
_OF_A_COMMIT = re.compile(r"/resolve/([0-9a-f]{40})/")
_WAITS = {"Retry-After": re.compile(r"^\s*(\d+)\s*$"), "RateLimit": re.compile(r"\bt\s*=\s*(\d+)")}
_DIGITS = 9  # what asks for more seconds asks for years
LONGEST_WAIT = 60  # seconds; a server that asks for more is not waited for
SAID_WAIT = "hitzoo_wait"  # in a response's extensions: the seconds that were asked for
_ours: ContextVar[bool] = ContextVar("_ours", default=False)


def is_hash(commit: object) -> bool:
    """Check for a commit's form: 40 hexadecimal digits, or 64 of a repository by sha256."""
    return isinstance(commit, str) and bool(_COMMIT.fullmatch(commit))


@contextmanager
def looking_through() -> Iterator[None]:
    """Refuse, inside, every answer that would lead the client elsewhere than into its cache.

    The look is part of the client's session and of those it makes instead (it does so after a broken connection); other
    requests of the same program are left alone.
    """
    from huggingface_hub import get_session
    from huggingface_hub.utils import _http

    if not isinstance(_http._GLOBAL_CLIENT_FACTORY, _Sessions):
        # not `set_client_factory`, which would close the session under a download of another thread
        _http._GLOBAL_CLIENT_FACTORY = _Sessions(_http._GLOBAL_CLIENT_FACTORY)
    _watch(get_session())
    before = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(before)


def refuse_paths(response: Any) -> None:
    """A hook of the client's session: end a request of ours whose answer is not what a Hub says of a file.

    Raises:
        HubError: a hash, a commit, a size or an address is something else.
    """
    if not _ours.get():
        return
    _take_long_waits(response)
    asked = response.request
    wanted = _OF_FILES if asked.method == "HEAD" or _OF_A_FILE.search(asked.url.path) else _ALWAYS
    problem = _problem(asked.url.path, response.headers, wanted)
    if problem:
        host = redact(f"{asked.url.scheme}://{asked.url.netloc.decode('ascii', 'replace')}")
        raise HubError(f"{host} does not answer as a Hub does: {problem}; nothing was written, check HF_ENDPOINT")


def _problem(path: str, headers: Mapping[str, str], wanted: Mapping[str, re.Pattern[str]]) -> str:
    for name, allowed in wanted.items():
        said = headers.get(name)
        if said is not None and not allowed.fullmatch(said):
            return f"{name} is {redact(said)[:80]!r}"
    asked, commit = _OF_A_COMMIT.search(path), headers.get("X-Repo-Commit")
    if asked and commit is not None and commit != asked[1]:
        return f"X-Repo-Commit is {commit[:12]}, where {asked[1][:12]} was asked for"
    return ""


def _take_long_waits(response: Any) -> None:
    """Times to wait that nobody would, out of the client's sight: it would sleep for them without a word.

    What was said stays in `response.extensions`, where `hub_retry` finds it.
    """
    for name, pattern in _WAITS.items():
        found = pattern.search(response.headers.get(name, ""))
        if found and (len(found[1]) > _DIGITS or int(found[1]) > LONGEST_WAIT):
            response.extensions[SAID_WAIT] = float(found[1][:_DIGITS])
            del response.headers[name]


class _Sessions:
    """Makes the client's sessions as before, each with the look."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __call__(self) -> Any:
        try:
            return _watch(self._make())
        except OSError as error:
            raise CannotAsk(of_certificates(error)) from error
        except Exception:
            if not bad_proxies():
                raise
        with without_bad_proxies():  # it may be that the Hub is asked without a proxy: NO_PROXY
            session = _watch(self._make())
        hooks = session.event_hooks
        session.event_hooks = {**hooks, "request": [_refuse_unproxied, *hooks["request"]]}
        return session


def _watch(session: Any) -> Any:
    hooks = session.event_hooks
    if refuse_paths not in hooks["response"]:
        session.event_hooks = {**hooks, "response": [refuse_paths, *hooks["response"]]}
    return session


def _refuse_unproxied(request: Any) -> None:
    refuse_unproxied(request.url.scheme, request.url.host)

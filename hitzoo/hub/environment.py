"""The variables that the Hub's client reads, looked at before it does: written wrongly they end in its tracebacks.

The client reads its own (HF_…) while it is imported, and its HTTP library reads proxies and certificates when a session
is made. What can only be meant one way is put right (blanks and quotes around, an empty value); the rest is remembered
here and said where the Hub would be asked, so that what is in the cache still works.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from hitzoo.errors import HubError
from hitzoo.places import caches

_TIMEOUTS = ("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT")
_LONGEST = 86_400  # seconds
_PROXIES = ("http", "https", "all")
_SCHEMES = ("http", "https", "socks5", "socks5h")
_LOGIN = re.compile(r"[^/\s'\"]*@")
_wrong: dict[str, str] = {}
_notes: list[str] = []


class CannotAsk(HubError):  # noqa: N818 - what is the case
    """No request can be made: a variable of the environment is written wrongly."""


def settle() -> None:
    """Make of the environment what the client can be imported with; nothing where it has been already."""
    if "huggingface_hub.constants" in sys.modules:
        return
    for name in ("HF_ENDPOINT", *_TIMEOUTS, "HF_HOME", "HF_HUB_CACHE"):
        written = os.environ.get(name)
        if written is None:
            continue
        bare = _bare(written)
        problem = _endpoint_problem(bare) if name == "HF_ENDPOINT" else _seconds_problem(bare, name)
        if problem and bare:
            _wrong[name] = f"{name} is '{_shown(written)}'; {problem}"
        if problem or not bare:
            del os.environ[name]
        elif bare != written:
            os.environ[name] = bare
    if caches() is None and not os.environ.get("HF_HOME"):
        _settle_homeless()


def notes() -> Iterator[str]:
    """Warnings that a user should read before anything is written, each once."""
    while _notes:
        yield _notes.pop()


def refuse_wrong() -> None:
    """Say at once what keeps the Hub from being asked.

    Raises:
        CannotAsk: a variable of the client is written wrongly, or names no address.
    """
    for message in _wrong.values():
        raise CannotAsk(message)


def check_endpoint(endpoint: str | None) -> None:
    """Check an address that a program gives, likewise.

    Raises:
        CannotAsk: it is none.
    """
    if endpoint is not None and (problem := _endpoint_problem(endpoint)):
        raise CannotAsk(f"the Hub's address is '{_shown(endpoint)}'; {problem}")


@contextmanager
def without_bad_proxies() -> Iterator[None]:
    """The environment without the proxies that no session can be made with."""
    bad = {f"{scheme}_proxy" for scheme in bad_proxies()}
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.lower() in bad}
    try:
        yield
    finally:
        os.environ.update(kept)


def refuse_unproxied(scheme: str, host: str) -> None:
    """Refuse a request whose proxy cannot be used, rather than let it go out beside it.

    Raises:
        CannotAsk: with what is wrong and the way on.
    """
    bad = bad_proxies()
    mine = next((name for name in (scheme, "all") if getproxies().get(name)), "")
    if mine in bad and not proxy_bypass(host):
        raise CannotAsk(bad[mine])


def bad_proxies() -> dict[str, str]:
    """Describe each proxy of the environment that cannot be used, by its scheme."""
    found = getproxies()
    if "*" in (name.strip() for name in found.get("no", "").split(",")):
        return {}
    problems = {scheme: _proxy_problem(scheme, found[scheme]) for scheme in _PROXIES if found.get(scheme)}
    return {scheme: problem for scheme, problem in problems.items() if problem}


def of_certificates(error: OSError) -> str:
    """Describe certificates that cannot be read."""
    name = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), "")
    reason = (error.strerror or str(error)).lower()
    if not name:
        return f"the certificates of this system cannot be read ({reason}); name a file of them with SSL_CERT_FILE"
    return f"{name} is '{os.environ[name]}' ({reason}); name a file of certificates (PEM) there, or unset it"


def _proxy_problem(scheme: str, value: str) -> str:
    names = [name for name, set_to in os.environ.items() if name.lower() == f"{scheme}_proxy" and set_to == value]
    said = f"{names[0] if names else f'the {scheme} proxy of this system'} is '{_shown(value)}'"
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0) and parts.scheme in _SCHEMES
    except ValueError:
        whole = False
    if not whole or re.search(r"[\s'\"]", value):
        return f"{said}; write it as http://HOST:PORT or socks5://HOST:PORT, or unset it"
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        return (
            f"{said}, and SOCKS proxies need a package that is not installed: pip install 'httpx[socks]',"
            " or give an http:// proxy, or name the Hub in NO_PROXY"
        )
    return ""


def _endpoint_problem(value: str) -> str:
    bare = re.fullmatch(r"[\w.-]+(:\d+)?(/\S*)?", value, re.ASCII)
    way = f"write it with https://, for example https://{value if bare else 'huggingface.co'}, or unset it"
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    return "" if whole and not re.search(r"[\s'\"<>\\]", value) else way


def _seconds_problem(value: str, name: str) -> str:
    if name not in _TIMEOUTS or (value.isascii() and value.isdecimal() and 0 < int(value[:9]) <= _LONGEST):
        return ""
    return f"write a whole number of seconds, for example {name}=30, or unset it"


def _bare(value: str) -> str:
    """Without blanks and quotes around, as a file of variables leaves them."""
    bare = value.strip()
    while len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":
        bare = bare[1:-1].strip()
    return bare


def _shown(value: str) -> str:
    return _LOGIN.sub("…@", value)[:120]


def _settle_homeless() -> None:
    """A cache for who has no home: the client would make a folder named ~ in the current one."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"huggingface-of-{owner}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        own = not folder.is_symlink() and folder.stat().st_uid == owner
    except OSError:
        own = False
    if not own:
        folder = Path(tempfile.mkdtemp(prefix="huggingface-"))
    os.environ["HF_HOME"] = str(folder)
    _notes.append(f"there is no home folder: models of the Hub are kept in {folder}; set HF_HOME for another place")

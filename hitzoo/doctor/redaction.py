"""Redaction of a report: home folders, names of user and host, tokens, and addresses and paths that are private."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hitzoo.doctor.report import Fact, Report, Result, Section

_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_KEY", re.IGNORECASE)
_USERS = ("USER", "LOGNAME", "USERNAME", "SUDO_USER")
_ADDRESSES = re.compile(r"(.*_)?PROXY|HF_ENDPOINT|HF_MIRROR|.*_INDEX_URL", re.IGNORECASE)
_PATHS = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"})
_LOGIN = re.compile(r"(?<=//)[^/@\s]+(?=@)")
_TOKEN = re.compile(r"hf_[A-Za-z0-9]{8,}|(?<=[Bb]earer )\S+")
_PUBLIC = frozenset({"root", "localhost", "huggingface.co", "pypi.org", "github.com", "pytorch.org"})
_SHORTEST = 2  # characters of a name; one letter would be found everywhere
_SHORTEST_SECRET = 6  # characters; a shorter value is a switch, such as TOKENIZERS_PARALLELISM=false


class Redactor:
    """Replaces what identifies a person or a machine, as the process's environment tells it, in texts of a report."""

    def __init__(self) -> None:
        pieces = {text: mark for text, mark in _pieces() if len(text) >= _SHORTEST and text not in _PUBLIC}
        longest_first = sorted(pieces, key=len, reverse=True)
        self._marks = pieces
        self._pattern = re.compile("|".join(_bounded(text) for text in longest_first)) if pieces else None

    def text(self, text: str) -> str:
        """Return a text without them."""
        text = _TOKEN.sub("…", _LOGIN.sub("…", text))
        return self._pattern.sub(lambda found: self._marks[found[0]], text) if self._pattern else text

    def data(self, data: Any) -> Any:
        """Return JSON data whose texts are without them; keys stay."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, Mapping):
            return {key: self.data(value) for key, value in data.items()}
        return [self.data(value) for value in data] if isinstance(data, list | tuple) else data

    def report(self, report: Report) -> Report:
        """Return a report without them. The words of hitzoo's own that programs compare stay."""
        return replace(report, sections=self._sections(report.sections), results=self._results(report.results))

    def _sections(self, sections: Sequence[Section]) -> list[Section]:
        return [replace(section, facts=tuple(map(self._fact, section.facts))) for section in sections]

    def _fact(self, fact: Fact) -> Fact:
        return replace(fact, text=self.text(fact.text), value=self.data(fact.value), hint=self.text(fact.hint))

    def _results(self, results: Sequence[Result]) -> list[Result]:
        return [replace(result, note=self.text(result.note)) for result in results]


def _pieces() -> Iterator[tuple[str, str]]:
    """Texts to be replaced, each with what stands in its place."""
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= _SHORTEST_SECRET:
            yield value, "…"
        elif _ADDRESSES.fullmatch(name):
            yield from ((part, "…") for part in _parts_of(value))
        elif name in _PATHS:
            yield value, "…"
    for home in _homes():
        yield home, "~"
        yield os.path.realpath(home), "~"
    for user in _users():
        yield user, "USER"
    for host in (socket.gethostname(), os.environ.get("HOSTNAME", ""), os.environ.get("COMPUTERNAME", "")):
        yield host, "HOST"
        yield host.partition(".")[0], "HOST"


def _parts_of(address: str) -> Iterator[str]:
    """Host, user name and password of an address."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        found = (parts.hostname, parts.username, parts.password)
    except ValueError:
        found = (address, None, None)
    yield from (part for part in found if part)


def _homes() -> Iterator[str]:
    for name in ("HOME", "USERPROFILE"):
        if len(home := os.environ.get(name, "")) > 1:
            yield home.rstrip("/\\")
    try:
        yield str(Path.home())
    except RuntimeError:  # no home
        return


def _users() -> Iterator[str]:
    yield from (os.environ.get(name, "") for name in _USERS)
    yield from (Path(home).name for home in _homes())
    try:
        import pwd

        yield pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # Windows; a container started with a number
        return


def _bounded(text: str) -> str:
    """Match a text where no word goes on before or after it."""
    return rf"(?<!\w){re.escape(text)}(?!\w)"

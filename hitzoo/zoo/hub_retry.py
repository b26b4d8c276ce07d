"""Trying again what can pass, which the Hub's client does for some requests and not for others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

T = TypeVar("T")

_WAITS = (1.0, 2.0)  # seconds before the second and the third try
_LONGEST_WAIT = 60  # seconds; a server that asks for more is not waited for
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NO_ANSWER = frozenset({"ConnectError", "ConnectTimeout", "ProxyError"})  # as both of the client's HTTP libraries say
_log = logging.getLogger(__name__)


def retrying(action: Callable[[], T]) -> T:
    """The result of an action that is tried up to three times, as long as what goes wrong can pass."""
    for wait in _WAITS:
        try:
            return action()
        except Exception as error:
            pause = max(wait, asked_to_wait(error))
            if not passes(error) or pause > _LONGEST_WAIT:
                raise
            _log.info("%s; trying again in %g s", type(error).__name__, pause)
        time.sleep(pause)
    return action()


def passes(error: BaseException) -> bool:
    """Whether it is worth trying again: a broken connection, a server in trouble, a signature that ran out."""
    from huggingface_hub import errors

    if isinstance(error, RuntimeError) and error.__cause__ is not None:  # an upload, in the client's wrapping
        return passes(error.__cause__)
    if isinstance(error, errors.HfHubHTTPError):
        return error.response.status_code in _PASSING or (is_of_storage(error) and error.response.status_code == 403)
    if isinstance(error, errors.HTTPError):
        return not is_without_answer(error)
    return isinstance(error, OSError) and "Consistency check failed" in str(error)


def is_in_trouble(error: BaseException) -> bool:
    """Whether the Hub could not be asked, or could not answer: a copy of before is then the best there is."""
    from huggingface_hub import errors

    if isinstance(error, errors.HfHubHTTPError):
        return error.response.status_code in _PASSING
    return isinstance(error, errors.HTTPError | errors.OfflineModeIsEnabled)


def is_missing(error: BaseException) -> bool:
    """Whether there is no such repository, as far as this account may know."""
    from huggingface_hub import errors

    return isinstance(error, errors.RepositoryNotFoundError) and not isinstance(error, errors.GatedRepoError)


def status_of(error: BaseException) -> int:
    """The server's answer as a number; 0 where it was none."""
    response = getattr(error, "response", None)
    return int(response.status_code) if response is not None else 0


def is_without_answer(error: BaseException) -> bool:
    """Whether nobody was there to answer."""
    return any(kind.__name__ in _NO_ANSWER for kind in type(error).__mro__)


def is_of_storage(error: HfHubHTTPError) -> bool:
    """Whether the storage behind a signed address said so, not the Hub: such an address is good for a while only."""
    path = error.response.request.url.path
    return not error.response.headers.get("X-Error-Code") and "/resolve/" not in path and not path.startswith("/api/")


def asked_to_wait(error: BaseException) -> float:
    """Seconds that the server wants to be left alone; 0 where it does not say."""
    response = getattr(error, "response", None)
    said = response.headers.get("Retry-After", "") if response is not None else ""
    return float(said) if said.isdecimal() else 0.0

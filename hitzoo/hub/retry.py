"""Trying again what can pass, and waiting for no answer for ever: the Hub's client does both for some requests only."""

from __future__ import annotations

import logging
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from hitzoo.hub.answers import LONGEST_WAIT, SAID_WAIT, looking_through
from hitzoo.hub.environment import CannotAsk, refuse_wrong

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

T = TypeVar("T")

_WAITS = (1.0, 2.0)  # seconds before the second and the third try
_PATIENCE = 30.0  # seconds without a byte, for requests to which the client gives no limit of its own
_LONGEST_SILENCE = 60  # seconds; what stalls is not tried again after that: the client has tried it too
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NO_ANSWER = frozenset({"ConnectError", "ConnectTimeout", "ProxyError"})  # as both of the client's HTTP libraries say
_MODEL = re.compile(r"/api/models/[^/]+/[^/]+(/revision/.+)?")
_limited: dict[int, tuple[Any, int]] = {}  # by session: its own limit, and how many requests of ours are under way
_of_sessions = Lock()
_log = logging.getLogger(__name__)


def retrying(action: Callable[[], T]) -> T:
    """The result of an action that is tried up to three times, as long as what goes wrong can pass."""
    refuse_wrong()
    began = time.monotonic()
    with looking_through(), _patience(), _silence():
        for wait in _WAITS:
            try:
                return action()
            except Exception as error:
                pause = max(wait, asked_to_wait(error))
                waited = _is_timeout(error) and time.monotonic() - began > _LONGEST_SILENCE
                if not passes(error) or waited or pause > LONGEST_WAIT:
                    raise
                what = status_of(error) or status_of(error.__cause__) or type(error).__name__
                _log.warning("a request to the Hub failed (%s); trying again in %g s", what, pause)
            time.sleep(pause)
        return action()


@contextmanager
def _patience() -> Iterator[None]:
    """A limit for the client's requests that have none; what else a program set for them stays.

    The session is one for all threads: the first that needs the limit sets it, the last takes it back.
    """
    from huggingface_hub import get_session

    session = get_session()
    with _of_sessions:
        before, users = _limited.get(id(session), (session.timeout, 0))
        _limited[id(session)] = (before, users + 1)
        if before.read is None:
            session.timeout = _PATIENCE
    try:
        yield
    finally:
        with _of_sessions:
            before, users = _limited.pop(id(session))
            if users > 1:
                _limited[id(session)] = (before, users - 1)
            else:
                session.timeout = before


@contextmanager
def _silence() -> Iterator[None]:
    """Without the client's own words on each of its tries, unless HF_HUB_VERBOSITY or HF_DEBUG ask for them."""
    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    if before == logging.WARNING and "HF_HUB_VERBOSITY" not in os.environ:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module=r"huggingface_hub\.")
            yield
    finally:
        logger.setLevel(before)


def passes(error: BaseException) -> bool:
    """Check for an error worth a retry: a broken connection, a server in trouble, an expired signature."""
    from huggingface_hub import errors

    if isinstance(error, RuntimeError) and error.__cause__ is not None:  # an upload, in the client's wrapping
        return passes(error.__cause__)
    if isinstance(error, errors.HfHubHTTPError):
        return error.response.status_code in _PASSING or (is_of_storage(error) and error.response.status_code == 403)
    if isinstance(error, errors.HTTPError):
        return not is_without_answer(error)
    return isinstance(error, OSError) and "Consistency check failed" in str(error)


def is_in_trouble(error: BaseException) -> bool:
    """Check for a Hub that could not be reached or could not answer: a cached copy is then the best there is."""
    from huggingface_hub import errors

    if isinstance(error, errors.HfHubHTTPError):
        return error.response.status_code in _PASSING
    return isinstance(error, errors.HTTPError | errors.OfflineModeIsEnabled | CannotAsk)


def is_missing(error: BaseException) -> bool:
    """Check for a missing repository, as far as this account may know; not every Hub says so by name."""
    from huggingface_hub import errors

    if isinstance(error, errors.RepositoryNotFoundError):
        return not isinstance(error, errors.GatedRepoError)
    if not isinstance(error, errors.HfHubHTTPError) or _is_named(error):
        return False
    return status_of(error) == 404 and bool(_MODEL.fullmatch(error.response.request.url.path))


def status_of(error: BaseException | None) -> int:
    """The server's answer as a number; 0 where it was none."""
    response = getattr(error, "response", None)
    return int(response.status_code) if response is not None else 0


def is_empty(error: BaseException) -> bool:
    """Check for a repository without a first commit, as Hubs other than Hugging Face's may create them."""
    from huggingface_hub import errors

    return isinstance(error, errors.RevisionNotFoundError)


def _is_named(error: HfHubHTTPError) -> bool:
    """Check for an answer that names what is missing."""
    return bool(error.response.headers.get("X-Error-Code"))


def is_without_answer(error: BaseException) -> bool:
    """Check for an error without any answer."""
    return any(kind.__name__ in _NO_ANSWER for kind in type(error).__mro__)


def _is_timeout(error: BaseException) -> bool:
    kinds = (*type(error).__mro__, *type(error.__cause__).__mro__)  # an upload's is the cause of another error
    return any(kind.__name__ == "TimeoutException" for kind in kinds)


def is_of_storage(error: HfHubHTTPError) -> bool:
    """Check for an answer of the storage behind a signed address, which expires, rather than of the Hub."""
    path = error.response.request.url.path
    return not _is_named(error) and "/resolve/" not in path and not path.startswith("/api/")


def asked_to_wait(error: BaseException) -> float:
    """Seconds that the server wants to be left alone; 0 where it does not say."""
    response = getattr(error, "response", None)
    if response is None:
        return 0.0
    said = response.headers.get("Retry-After", "")
    return float(response.extensions.get(SAID_WAIT) or (said if said.isdecimal() else 0.0))

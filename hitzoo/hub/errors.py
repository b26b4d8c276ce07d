"""Everything that can go wrong with the Hub, as one sentence and a way on.

The client raises a dozen kinds, and lets through what its HTTP library, the system and the YAML reader raise. What is
said is written here: the client's own texts hold signed addresses, and no token or signature may be printed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING

from hitzoo.errors import HitzooError, HubError, OutputError
from hitzoo.files import reason_of
from hitzoo.hub.retry import asked_to_wait, is_missing, is_of_storage, is_without_answer
from hitzoo.hub.secrets import redact
from hitzoo.zoo.repo_name import RepoName

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

    from hitzoo.hub.client import Hub

_LOG_IN = "log in with `hf auth login` or set HF_TOKEN"


@dataclass(frozen=True)
class Asked:
    """The request that failed: `doing` is "pull", "publish" or "look at"."""

    doing: str
    repo: RepoName
    hub: Hub


@contextmanager
def in_plain_words(doing: str, repo: RepoName, hub: Hub) -> Iterator[None]:
    """Turn whatever the Hub's client raises inside into a `HitzooError`; what is none of its business passes."""
    try:
        yield
    except HitzooError:
        raise
    except Exception as error:
        explained = explain(error, Asked(doing, repo, hub))
        if explained is None:
            raise
        raise explained from error


def explain(error: BaseException, asked: Asked) -> HitzooError | None:
    """Explain an error in one message; None for what cannot come from the Hub, its client or the disk."""
    from huggingface_hub import errors

    address = asked.hub.address
    match error:
        case errors.LocalEntryNotFoundError() | RuntimeError() if error.__cause__ is not None:
            return explain(error.__cause__, asked) or _of_the_rest(error, asked)
        case errors.HfHubHTTPError():
            return HubError(_of_answer(error, asked, address))
        case errors.OfflineModeIsEnabled() | errors.LocalEntryNotFoundError():
            return HubError(_of_offline(asked))
        case errors.HTTPError():
            return HubError(_of_connection(error, asked, address))
        case errors.FileMetadataError() | JSONDecodeError():
            hint = "check HF_ENDPOINT and the proxy, and whether this network wants you to log in first"
            return HubError(f"{address} does not answer as a Hub does; {hint}")
        case UnicodeEncodeError():
            return HubError(f"the token contains invalid characters; create another at {address}/settings/tokens")
        case errors.LocalTokenNotFoundError():
            return HubError(f"nobody is logged in at {address}; {_LOG_IN}")
        case errors.SafetensorsParsingError() | errors.NotASafetensorsRepoError():
            return HubError(f"the weights of {asked.repo} are not a safetensors file; ask its author")
        case ConnectionError():
            return HubError(_of_transfer(error, asked, address))
        case TypeError() | LookupError() | AttributeError() if _is_of_client(error):
            hint = "check HF_ENDPOINT, or the front matter of its README.md"
            return HubError(f"what {address} says of {asked.repo} cannot be understood; {hint}")
    return _of_the_rest(error, asked)


def _of_answer(error: HfHubHTTPError, asked: Asked, address: str) -> str:
    """The server answered, with an error."""
    from huggingface_hub import errors

    repo, logged_in = asked.repo, asked.hub.has_token
    page = f"{address}/{repo.repo_id}"
    match error:
        case errors.GatedRepoError() if logged_in:
            return f"{repo.repo_id} is gated and this account has no access yet; ask for it at {page}"
        case errors.GatedRepoError():
            return f"{repo.repo_id} is gated; accept its terms at {page}, then {_LOG_IN}"
        case _ if is_missing(error):
            return _of_missing(asked, address)
        case errors.RevisionNotFoundError():
            return f"{repo.repo_id} has no revision '{repo.revision}'; {_tags_of(asked)}"
        case errors.EntryNotFoundError():
            return f"{repo} lacks a file of a hitzoo model; it was not made by `hitzoo publish`, or was changed since"
        case errors.DisabledRepoError():
            return f"{repo.repo_id} has been disabled by {address}; choose another model"
    status = error.response.status_code
    said = f" ({' '.join(redact(error.server_message).split())[:200]})" if error.server_message else ""
    if status >= 500:
        return f"{address} is in trouble, it answers {status}{said}; try again later"
    if is_of_storage(error):
        return f"the storage behind {address} answers {status}{said}; try again later"
    return _of_refusal(status, said, asked, address) + _how_long(error)


def _of_missing(asked: Asked, address: str) -> str:
    if asked.hub.has_token:
        return (
            f"{address} has no model {asked.repo.repo_id} that the token which is set may see; check name and account"
        )
    return f"{address} has no model {asked.repo.repo_id}, or it is private; check the name, or {_LOG_IN}"


def _of_refusal(status: int, said: str, asked: Asked, address: str) -> str:
    repo, logged_in = asked.repo, asked.hub.has_token
    match status:
        case 401 if logged_in:
            return f"{address} does not accept the token that is set{said}; make another at {address}/settings/tokens"
        case 401:
            return f"{address} wants to know who you are{said}; {_LOG_IN}"
        case 403 if asked.doing == "publish":
            return f"this account may not write to {repo.repo_id}{said}; the token needs write access to {repo.owner}"
        case 403:
            return f"this account may not {asked.doing} {repo}{said}; ask its owner for access"
        case 409:
            return f"{repo.repo_id} is being changed by somebody else{said}; run the same command again"
        case 412:
            return f"somebody else changed {repo.repo_id} meanwhile, nothing was published; run the same command again"
        case 429:
            return f"{address} was asked too often{said}; try again later"
    return f"could not {asked.doing} {repo}: {address} answers {status}{said}"


def _how_long(error: HfHubHTTPError) -> str:
    seconds = asked_to_wait(error)
    return f", in {seconds:,.0f} s" if seconds else ""


def _of_offline(asked: Asked) -> str:
    if asked.doing != "pull":
        return f"HF_HUB_OFFLINE is set, but to {asked.doing} {asked.repo} the Hub must be asked; unset it"
    where = f"HF_HUB_OFFLINE is set and {asked.repo} is not, or not wholly, in the cache {asked.hub.cache_folder}"
    return f"{where}; unset it and run `hitzoo pull {asked.repo}` once"


def _of_connection(error: BaseException, asked: Asked, address: str) -> str:
    """No answer, or not a whole one."""
    reason = redact(str(error)).strip() or type(error).__name__
    if is_without_answer(error):
        way = "check the network, the proxy and HF_ENDPOINT; models that were pulled work without"
        return f"{address} cannot be reached to {asked.doing} {asked.repo} ({reason}); {way}"
    return f"the connection to {address} broke off each of three times ({reason}); try again later"


def _of_transfer(error: ConnectionError, asked: Asked, address: str) -> str:
    """The transfer engine, xet, speaks of every trouble as a `ConnectionError`."""
    if "xet" not in str(error):
        return f"the connection to {address} broke off ({redact(str(error))[:200]}); try again later"
    hint = "a Hub without xet storage needs HF_HUB_DISABLE_XET=1; else try again later"
    return f"could not {asked.doing} {asked.repo}: its transfer by xet failed at {address}; {hint}"


def _of_the_rest(error: BaseException, asked: Asked) -> HitzooError | None:
    """The disk, the client's checks of what it is given, and what it says of an upload."""
    text = " ".join(redact(str(error)).split())
    if isinstance(error, OSError) and error.errno:
        place = Path(error.filename or asked.hub.cache_folder)
        if place.exists() and not os.access(place, os.R_OK):
            return OutputError(f"cannot read {place}: {reason_of(error, reading=True)}")
        return OutputError(f"cannot write {place}: {reason_of(error)}")
    if isinstance(error, OSError) and "Consistency check failed" in text:
        return HubError(f"{asked.repo} arrived cut short each of three times; try again later")
    if isinstance(error, ValueError | OSError | RuntimeError):
        return HubError(f"could not {asked.doing} {asked.repo}: {text[:300]}")
    return None


def _is_of_client(error: BaseException) -> bool:
    """Check for a client that failed on an answer: it reads keys unchecked. In our own code the same is a bug."""
    modules = [str(frame.f_globals.get("__name__", "")).split(".")[0] for frame, _ in walk_tb(error.__traceback__)]
    beyond_ours = modules[::-1][: modules[::-1].index("hitzoo")]
    return "huggingface_hub" in beyond_ours


def _tags_of(asked: Asked) -> str:
    with suppress(Exception):
        tags = ", ".join(sorted(asked.hub.tags(asked.repo.repo_id)))
        return f"its tags: {tags}" if tags else "it has no tags; leave out the part after @ for its newest"
    return "its page shows those it has"

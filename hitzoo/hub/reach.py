"""One small request to the Hub, to see whether it answers and takes the token that is set."""

from __future__ import annotations

import time
from dataclasses import dataclass

from hitzoo.errors import HubError
from hitzoo.hub.client import Hub
from hitzoo.hub.environment import check_endpoint
from hitzoo.hub.retry import is_without_answer, retrying, status_of
from hitzoo.hub.secrets import redact, redact_logs


@dataclass(frozen=True, kw_only=True)
class Reached:
    """An answer of the Hub: the seconds it took, and whether it knows who asks."""

    seconds: float
    logged_in: bool


class HubOffline(HubError):  # noqa: N818 - what is the case, not an error
    """No request may be made."""


def reach_hub() -> Reached:
    """Ask the Hub who is logged in, or for the name of any model where nobody is.

    Raises:
        HubOffline: HF_HUB_OFFLINE is set.
        HubError: it does not answer, or does not take the token; the reason alone, without an address.
    """
    hub = Hub()
    if hub.offline:
        raise HubOffline("HF_HUB_OFFLINE is set, so it was not asked")
    began = time.monotonic()
    try:
        _ask(hub)
    except HubError:
        raise
    except Exception as error:
        raise HubError(_reason(error, hub)) from error
    return Reached(seconds=time.monotonic() - began, logged_in=hub.has_token)


def _ask(hub: Hub) -> None:
    from huggingface_hub import HfApi, constants, get_session
    from huggingface_hub.utils import hf_raise_for_status

    redact_logs()
    check_endpoint(constants.ENDPOINT)
    if hub.has_token:
        retrying(HfApi(library_name="hitzoo").whoami)
        return
    any_model = f"{constants.ENDPOINT}/api/models"  # by `list_models`, the client tries for 20 s where nobody answers
    retrying(lambda: hf_raise_for_status(get_session().get(any_model, params={"limit": 1})))


def _reason(error: Exception, hub: Hub) -> str:
    status = status_of(error)
    if status == 401 and hub.has_token:
        return "it does not accept the token that is set; log in anew with `hf auth login`"
    if status:
        return f"it answers {status}"
    words = redact(str(error)).strip().splitlines() or [type(error).__name__]
    return f"no answer ({words[0]})" if is_without_answer(error) else f"the request failed ({words[0][:200]})"

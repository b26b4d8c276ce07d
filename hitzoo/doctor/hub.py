"""Reachability of the Hugging Face Hub; asked for only when a user wants it."""

from __future__ import annotations

import time

from hitzoo.doctor.report import Outline, Result
from hitzoo.errors import HubError

OUTLINE = Outline(
    group="hub",
    name="Hugging Face Hub answers",
    device="",
    workaround="check the network, HTTPS_PROXY and HF_ENDPOINT; models that were pulled work without",
)


def hub() -> Result:
    """Ask the Hub once; the figure is the time until its answer."""
    from hitzoo.hub.reach import HubOffline, reach_hub

    began = time.monotonic()
    try:
        reached = reach_hub()
    except HubOffline as reason:
        return Result(outline=OUTLINE, status="not applicable", note=str(reason))
    except HubError as error:
        return Result(outline=OUTLINE, status="fail", note=str(error), seconds=time.monotonic() - began)
    who = "the token that is set is accepted" if reached.logged_in else "no token is set: public models only"
    return Result(outline=OUTLINE, status="pass", value=reached.seconds, unit="s", note=who, seconds=reached.seconds)

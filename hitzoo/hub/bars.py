"""The client's progress bars, replaced by telling a caller how far a download is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[int, int], None]
"""A function that is called with (bytes done, bytes in all) during a download."""


def reporting_to(progress: Progress | None) -> type:
    """The class of a bar that draws nothing and tells `progress`; made in the client's own manner of taking one."""

    class Bar:
        def __init__(self, *_: Any, total: int | None = None, initial: int = 0, **__: Any) -> None:
            self.total, self.n = total, initial

        def update(self, count: float | None = 1) -> None:
            self.n += int(count or 0)
            if progress is not None and self.total:
                progress(min(self.n, self.total), self.total)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            """Do nothing: no bar was drawn."""

        def update_transfer(self, *_: object, **__: object) -> None:
            """Ignore bytes that came over the network and are not written yet; the client draws the rest of these."""

        close = refresh = set_description = set_description_str = update_transfer
        set_postfix_str = set_transfer_postfix_str = update_transfer

    return Bar


@contextmanager
def without_bars() -> Iterator[None]:
    """The client's own bars off for a while, unless the user's environment decides."""
    from huggingface_hub import constants
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    ours = constants.HF_HUB_DISABLE_PROGRESS_BARS is None and not are_progress_bars_disabled()
    if ours:
        disable_progress_bars()
    try:
        yield
    finally:
        if ours:
            enable_progress_bars()

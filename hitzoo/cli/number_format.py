"""Formatting of a run's numbers: three significant digits, however small."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitzoo.training.run.metrics import Record

_WAIT_WORTH_SHOWING = 0.01  # of the time
_SHORT = {
    "generator": "loss G",
    "discriminator": "loss D",
    "r1": "R1",
    "r2": "R2",
    "bcr": "bCR",
    "san": "SAN",
    "wgan_gp": "WGAN-GP",
}


def figures(value: float, sign: str = "") -> str:
    """Format a number: `0.500`, `1.25`, `0.000612`, `12,345`; with the `sign` `+` positive numbers carry one."""
    if abs(value) >= 1000:
        return f"{value:{sign},.0f}"
    return f"{value:{sign}#.3g}".removesuffix(".")


def facts(record: Record) -> list[tuple[str, str]]:
    """Names and values of a record, most important first."""
    return [
        ("img/s", figures(record.images_per_second)),
        *((_SHORT.get(name, name), figures(value)) for name, value in record.losses.items()),
        *([] if record.losses else [("losses", "not finite")]),
        *([("skipped", str(record.skipped))] if record.skipped else []),
        *([("data wait", f"{record.data_wait:.0%}")] if record.data_wait >= _WAIT_WORTH_SHOWING else []),
        *(
            [("D(real)", figures(record.d_real, "+")), ("D(fake)", figures(record.d_fake, "+"))]
            if record.losses
            else []
        ),
        *([] if record.augment_p is None else [("augment p", figures(record.augment_p))]),
        ("images", f"{record.images:,}"),
    ]

"""A moving average of the generator, as a spec says it."""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.spec.number import Number, ScheduleSpec

_DECAY = 0.999  # of an average that has no half-life
_PLAIN = 1e15  # from here on numbers have an exponent


@dataclass(frozen=True, kw_only=True)
class EmaSpec:
    """Exponential moving average of the generator: copied up to `start_step`, then decayed per step.

    With a `half_life` of h real images the decay is 0.5^(B/h) for the B of a step, and `decay` is None: 0.999, its
    default, is what specs that hitzoo wrote in full have beside a half-life. With a `ramp` of r the half-life is at
    most r times the images seen. With `ramp_up` the decay of step n is at most (1 + n)/(10 + n), so that early samples
    show the network of the last tenth of the run and not its beginnings.
    With `recalibrate` the statistics of batch norms are those of so many samples of the averaged network.
    """

    decay: float | None = _DECAY
    start_step: int = 10
    ramp_up: bool = False
    half_life: Number | None = None
    ramp: float | None = None
    recalibrate: int | None = None

    def __post_init__(self) -> None:
        """Let one of decay and half-life hold."""
        if self.half_life is None and self.decay is None:
            object.__setattr__(self, "decay", _DECAY)
        elif self.half_life is not None and self.decay == _DECAY:
            object.__setattr__(self, "decay", None)

    @property
    def name(self) -> str:
        """Name among several averages: the half-life at the end of its schedule, or else the decay; `100000`."""
        value = self.decay if self.half_life is None else self.half_life
        number = value.to if isinstance(value, ScheduleSpec) else value
        assert number is not None, "one of both holds"
        whole = abs(number) < _PLAIN and number == int(number)
        plain = str(int(number)) if whole else repr(number)
        return plain if self.recalibrate is None else f"{plain}-recalibrated"

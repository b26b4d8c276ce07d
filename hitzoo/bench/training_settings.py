"""Settings of a training step whose gain is measured: choices of `Execution`, and levers of a spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from hitzoo.errors import RequestError, suggestion
from hitzoo.spec.types import R1Spec, R2Spec, TrainingSpec
from hitzoo.training.engine.execution import Execution

_PLAIN = Execution(replayed_penalty=False, one_backward=False, onednn_linear=False, channels_last=False)
LAZY = 16
"""Steps between two evaluations of a term in a lazy setting."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A way to execute a step. `change` alters the spec's training; `keeps_memory` keeps freed memory."""

    about: str
    execution: Execution = field(default_factory=Execution)
    change: Callable[[TrainingSpec], TrainingSpec] = lambda training: training
    keeps_memory: bool = True


def _lazy(training: TrainingSpec) -> TrainingSpec:
    kinds = R1Spec | R2Spec
    terms = (replace(term, interval=LAZY) if isinstance(term, kinds) else term for term in training.regularizers)
    return replace(training, regularizers=tuple(terms))


def _checkpointed(training: TrainingSpec) -> TrainingSpec:
    return replace(training, activation_checkpointing="all")


SETTINGS: dict[str, Setting] = {
    "plain": Setting(about="none of what follows", execution=_PLAIN, keeps_memory=False),
    "memory": Setting(about="plain, and freed memory stays with the process", execution=_PLAIN),
    "linear": Setting(
        about="plain, and linear layers by oneDNN", execution=replace(_PLAIN, onednn_linear=True), keeps_memory=False
    ),
    "replay": Setting(
        about="plain, and R1 without double backward",
        execution=replace(_PLAIN, replayed_penalty=True),
        keeps_memory=False,
    ),
    "one-backward": Setting(
        about="plain, and one pass back for both losses",
        execution=replace(_PLAIN, one_backward=True),
        keeps_memory=False,
    ),
    "channels-last": Setting(
        about="plain, and the discriminator channels-last",
        execution=replace(_PLAIN, channels_last=True),
        keeps_memory=False,
    ),
    "default": Setting(about="all of these: what hitzoo train does"),
    "nchw": Setting(about="default, but the discriminator channels-first", execution=Execution(channels_last=False)),
    "bf16": Setting(about="default, --precision bf16", execution=Execution(precision="bf16")),
    "tf32": Setting(about="default, --precision tf32 (CUDA)", execution=Execution(precision="tf32")),
    "compile": Setting(about="default, --compile", execution=Execution(compiled=True)),
    "compile-bf16": Setting(
        about="default, --compile --precision bf16", execution=Execution(compiled=True, precision="bf16")
    ),
    "deterministic": Setting(about="default, --deterministic (CUDA)", execution=Execution(deterministic=True)),
    "lazy": Setting(about=f"default, r1 every {LAZY} steps (another objective)", change=_lazy),
    "checkpointing": Setting(about="default, activation_checkpointing: all", change=_checkpointed),
}
"""In the order in which they are told; `default` is the one the others are measured against."""

ON_CPU = tuple(name for name in SETTINGS if name not in ("tf32", "compile", "compile-bf16", "deterministic"))


def refuse_unknown(names: Sequence[str]) -> None:
    """Refuse names that are no setting's.

    Raises:
        RequestError: there is one.
    """
    for name in names:
        if name not in SETTINGS:
            hint = suggestion(name, SETTINGS) or f"known: {', '.join(SETTINGS)}"
            raise RequestError(f"unknown setting '{name}'; {hint}")

"""A resumed run goes on with the very networks it was begun with: their identities are compared, and named where not.

Another version of hitzoo may plan the same spec otherwise, and weights of other heads or block sizes still fit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from hitzoo.errors import RunError, WeightsError
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.plan.types import BlockPlan
from hitzoo.releases import release_of
from hitzoo.training.run.record import RunRecord
from hitzoo.zoo.model_layout import WEIGHTS_NAME, file_of
from hitzoo.zoo.weights import read_metadata

_MOST_LINES = 5


def networks_of(plan: ModelPlan) -> dict[str, dict[str, str]]:
    """All networks in words, for `run.json`: the blocks of each, one per line."""
    return {role: dict(_words(network, "")) for role, network in plan.networks.items()}


def hashes_of(plan: ModelPlan) -> dict[str, str]:
    """All identities."""
    return {role: plan.hash(role) for role in plan.networks}


def refuse_other_networks(run: RunRecord, checkpoint: Path | None, plan: ModelPlan) -> None:
    """Compare the identities in `run.json` and in the checkpoint with those of the plan.

    Raises:
        RunError: the run's networks are others.
    """
    stored = {"run.json": run.plan_hashes()}
    if checkpoint is not None:
        stored[checkpoint.name] = _in_checkpoint(checkpoint)
    for network, wanted in hashes_of(plan).items():
        for place, found in stored.items():
            if network in found and found[network] != wanted:
                raise RunError(_refusal(run, plan, network, place, found[network], wanted))


def versions_note(run: RunRecord) -> str | None:
    """The line that tells of other versions or threads than the last session's, which round otherwise; None if none."""
    session = run.last_session()
    known = session.get("versions")
    known = known if isinstance(known, Mapping) else {}
    now = {"hitzoo": release_of(), "torch": _torch_version()}
    changed = [
        f"{name} {known[name]}, now {now[name]}"
        for name in now
        if isinstance(known.get(name), str) and known[name] != now[name]
    ]
    threads = session.get("threads")
    if isinstance(threads, int) and threads != _threads():
        changed.append(f"{threads} threads, now {_threads()}")
    if not changed:
        return None
    return f"note: the last session ran on {', '.join(changed)}; from here on the numbers may differ by rounding"


def determinism_note(run: RunRecord, now: bool) -> str | None:
    """The line that tells that a deterministic run goes on as one that is not; None if it does not."""
    options = run.last_session().get("options")
    if now or not isinstance(options, Mapping) or options.get("deterministic") is not True:
        return None
    return (
        "note: the last session ran with --deterministic, this one does not; on CUDA its steps are no longer repeatable"
    )


def _refusal(run: RunRecord, plan: ModelPlan, network: str, place: str, found: str, wanted: str) -> str:
    known = run.last_session().get("versions")
    before = known.get("hitzoo") if isinstance(known, Mapping) else None
    lines = [
        f"{run.path} was begun with another {network} than hitzoo {release_of()} makes of its spec"
        f" (plan {found[:12]} in {place}, {wanted[:12]} now):",
        *_differences(run.networks().get(network), networks_of(plan)[network]),
        f"go on with the version of hitzoo that began it{f', {before}' if before else ''}; or begin a new run from its"
        f" weights: hitzoo train SPEC --out NEW --init {run.path}",
    ]
    return "\n".join(lines)


def _differences(before: Mapping[str, str] | None, now: Mapping[str, str]) -> list[str]:
    if not before:
        return []
    names = [
        name for name in (*now, *(name for name in before if name not in now)) if before.get(name) != now.get(name)
    ]
    lines = [f"  {name}: {before.get(name, 'nothing')} in the run, {now.get(name, 'nothing')} now" for name in names]
    return lines[:_MOST_LINES] + ([f"  … and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else [])


def _in_checkpoint(checkpoint: Path) -> dict[str, str]:
    """The identities in the headers of a checkpoint's weights; none where it was written before they were there."""
    found: dict[str, str] = {}
    for network in get_args(Role):
        place = checkpoint / (WEIGHTS_NAME if network == "generator" else file_of(network))
        try:
            value = read_metadata(place).get(f"{network}_plan")
        except WeightsError:  # which loading says by itself
            continue
        if isinstance(value, str):
            found[network] = value
    return found


def _words(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Name and words of every block, and of every other value of a plan."""
    if isinstance(value, BlockPlan):
        yield value.name, " ".join([value.kind, *(f"{key}={word}" for key, word in value.args)])
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name != "name":
                yield from _words(getattr(value, field.name), f"{name}.{field.name}" if name else field.name)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _words(item, getattr(item, "name", f"{name}.{index}"))
    elif value is not None:
        yield name, str(value)


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _torch_version() -> str:
    import torch

    return str(torch.__version__)

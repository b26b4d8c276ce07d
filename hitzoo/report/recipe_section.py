"""What was trained: the networks as tables, the spec with every default, and how the runs' specs differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hitzoo.families.recipe_in_words import recipe_in_words
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.table import Row
from hitzoo.report.markup import Content, Markup, element, joined
from hitzoo.report.numbers import scaled
from hitzoo.report.run_facts import RunFacts
from hitzoo.report.table import table
from hitzoo.spec.write import leaves, to_yaml

_NAMED = ("name", "summary")  # what differs anyway
_FLOAT32 = 4  # bytes


def network_section(runs: Sequence[RunFacts]) -> Markup:
    """Return the networks of the runs; those that several have are shown once."""
    plans: dict[tuple[str, ...], list[RunFacts]] = {}
    for run in runs:
        if run.plan is not None:
            key = tuple(run.plan.hash(role) for role in run.plan.networks)
            plans.setdefault(key, []).append(run)
    return element(
        "section",
        element("h2", "Networks", id="networks"),
        [_networks(same, several=len(plans) > 1) for same in plans.values()],
        [_missing(run) for run in runs if run.plan is None],
        aria_labelledby="networks",
    )


def _missing(run: RunFacts) -> Markup:
    return element("p", f"The networks of {run.name} are not shown: {run.problem}", class_="missing")


def _networks(runs: Sequence[RunFacts], *, several: bool) -> Markup:
    plan = runs[0].plan
    assert plan is not None, "runs without are not among them"
    names = ", ".join(run.name for run in runs)
    return joined(
        element("h3", names) if several else None,
        [_network(plan, role, list(network.rows())) for role, network in plan.networks.items()],
    )


def _network(plan: ModelPlan, role: str, rows: Sequence[Row]) -> Markup:
    heads = ["part", "attention", "resolution", "channels", "heads", "depth", "parameters", "FLOPs", "activations"]
    costs = [row.cost for row in rows]
    total = ["whole", "", "", "", "", ""]
    total += [f"{sum(cost.parameters for cost in costs):,}", scaled(sum(cost.flops for cost in costs))]
    total += [scaled(_FLOAT32 * sum(cost.activations for cost in costs), "B")]
    caption = f"{role.capitalize()} ({plan.networks[role].family})"  # type: ignore[index]
    return table(caption, heads, [*map(_cells, rows), total], words=(0, 1))


def _cells(row: Row) -> list[Content]:
    blocks = f" {row.block_size}²·{row.grid_size}²" if row.block_size else ""
    return [
        f"{row.name}{' → rgb' if row.to_rgb else ''}",
        f"{row.attention}{blocks}",
        f"{row.resolution}²",
        str(row.channels),
        str(row.heads or ""),
        str(row.depth or ""),
        f"{row.cost.parameters:,}" if row.cost.parameters else "",
        scaled(row.cost.flops),
        scaled(_FLOAT32 * row.cost.activations, "B"),
    ]


def spec_section(runs: Sequence[RunFacts]) -> Markup:
    """Return each run's spec with every default written out, after a table of what differs."""
    return element(
        "section",
        element("h2", "Spec", id="spec"),
        _differences(runs) if len(runs) > 1 else None,
        [_spec(run, opened=len(runs) == 1) for run in runs],
        aria_labelledby="spec",
    )


def _spec(run: RunFacts, *, opened: bool) -> Markup:
    if run.spec is None:
        return element("p", f"The spec of {run.name} is not shown: {run.problem}", class_="missing")
    return element(
        "details",
        element("summary", f"{run.name}: {recipe_in_words(run.spec)}"),
        element("pre", to_yaml(run.spec), tabindex=0, role="region", aria_label=f"Spec of {run.name}"),
        open=opened,
    )


def _differences(runs: Sequence[RunFacts]) -> Markup:
    """Return the values that are not the same in all specs that are there."""
    known = [(run.name, dict(leaves(run.spec))) for run in runs if run.spec is not None]
    rows = list(_different(known))
    if not rows:
        return element("p", "The specs are the same.")
    return table("What differs between the specs", ["value", *(name for name, _ in known)], rows, words=range(99))


def _different(known: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[list[Content]]:
    for path in dict.fromkeys(path for _, values in known for path in values):
        found = [values.get(path, "") for _, values in known]
        if path not in _NAMED and any(value != found[0] for value in found):
            yield [path, *(str(value) for value in found)]

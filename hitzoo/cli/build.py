"""`hitzoo build`: the networks as a table, or as an initialised model on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.options import ForceOption, JsonOption, SetOption, SpecArgument

if TYPE_CHECKING:
    from hitzoo.cli.table import Cell
    from hitzoo.plan.model import ModelPlan
    from hitzoo.plan.role import Role
    from hitzoo.plan.table import Row
    from hitzoo.spec.types import Spec


_FLOAT32 = 4  # bytes
_PROCESS = 600_000_000  # bytes; a training process on a CPU before its networks


def build(
    spec: SpecArgument,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write a model with initial weights to this folder.", show_default=False),
    ] = None,
    force: ForceOption = False,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the initial weights that --out writes.")] = 0,
    as_json: JsonOption = False,
    overrides: SetOption = [],  # noqa: B006
) -> None:
    """Print the networks of a spec as a table: sizes and costs of every stage, totals, and the memory training takes.

    FLOPs are per image and forward pass (2 × multiply-accumulates). Activations are kept per image for the backward
    pass, in float32; the training estimate counts every tensor of a real step, run on meta tensors.
    """
    from hitzoo.cli import console
    from hitzoo.families.open import open_spec
    from hitzoo.families.recipe_in_words import recipe_in_words
    from hitzoo.targets import check_folder
    from hitzoo.zoo.model_layout import MODEL_FILES

    loaded, plan = open_spec(spec, overrides)
    if out is not None:
        check_folder(out, MODEL_FILES, force=force)
    report = _report(plan) | {"recipe": recipe_in_words(loaded)}
    report["notes"] = [*loaded.places.chosen.values(), *report["notes"]]
    if not as_json:
        _print(report)  # the table needs no torch; the rest takes seconds to load it
    report["training"] = _training(loaded, plan)
    if as_json:
        console.print_json(report)
    else:
        _print_training(report)
        console.print_line(f"time and disk on this machine: hitzoo estimate {_words(spec, overrides)}")
    if out is not None:
        _write(out, loaded, plan, seed, force=force)
        if not as_json:
            console.print_blank()
            verb = "reconstruct PICTURES" if plan.is_autoencoder else "sample"
            console.print_line(f"wrote an untrained model to {out}: hitzoo {verb} --model {out}")


def _words(spec: str, overrides: list[str]) -> str:
    return " ".join([quote(spec), *(f"--set {quote(override)}" for override in overrides)])


def _report(plan: ModelPlan) -> dict[str, Any]:
    """Collect everything the table shows, as plain data."""
    return {
        "name": plan.name,
        "resolution": plan.resolution,
        "image_channels": plan.image_channels,
        "latent_dim": plan.latent_dim,
        **({"codes": asdict(plan.codes)} if plan.is_autoencoder else {}),
        **{role: _part(network.rows()) for role, network in plan.networks.items()},
        "families": {role: network.family for role, network in plan.networks.items()},
        "notes": list(plan.notes),
        "plan": {role: plan.hash(role) for role in plan.networks},
    }


def _training(spec: Spec, plan: ModelPlan) -> dict[str, int]:
    """Estimate the memory of a step of the spec's own training."""
    from hitzoo.training.engine.memory_estimate import measure_footprint

    footprint, batch = measure_footprint(spec, plan), spec.training.batch_size
    return {
        "batch_size": batch,
        "bytes_per_image": footprint.training_per_image,
        "bytes_fixed": footprint.training_fixed,
        "bytes_of_a_step": footprint.training_fixed + batch * footprint.training_per_image,
    }


def _part(rows: Iterable[Row]) -> dict[str, Any]:
    listed = [_row(row) for row in rows]
    totals = {key: sum(row[key] for row in listed) for key in ("parameters", "flops", "activation_bytes")}
    return {**totals, "rows": listed}


def _row(row: Row) -> dict[str, Any]:
    facts = asdict(row)
    del facts["cost"]
    return facts | {
        "parameters": row.cost.parameters,
        "flops": row.cost.flops,
        "activation_bytes": _FLOAT32 * row.cost.activations,
    }


def _print(report: dict[str, Any]) -> None:
    from hitzoo.cli import console

    columns = (
        "part", "attention", "resolution", "channels", "heads", "depth", "parameters", "FLOPs", "activations",
    )  # fmt: skip
    sections = [[*map(_cells, report[part]["rows"]), _total(part, report[part])] for part in report["families"]]
    console.print_table(columns, sections, words=(0, 1), last_to_go=(6, 7, 8, 2, 3, 1))
    codes = report.get("codes")
    given = (
        f"{codes['side']}×{codes['side']} of {codes['count']:,} codes" if codes else f"latent {report['latent_dim']}"
    )
    console.print_line(
        f"{report['name']}: {given} to {report['resolution']}×{report['resolution']}×{report['image_channels']}"
    )
    console.print_paragraph(f"recipe: {report['recipe']}")


def _print_training(report: dict[str, Any]) -> None:
    from hitzoo.cli import console

    training = report["training"]
    per_image, fixed, whole = (
        console.size(training[key]) for key in ("bytes_per_image", "bytes_fixed", "bytes_of_a_step")
    )
    console.print_line(
        f"training in float32: {per_image} per image and {fixed} besides, {whole} at batch {training['batch_size']};"
        f" Python and torch take about {console.size(_PROCESS)} more"
    )
    for note in report["notes"]:
        console.print_paragraph(f"note: {note}")


def _cells(row: dict[str, Any]) -> list[Cell]:
    from hitzoo.cli import console

    blocks = f" {row['block_size']}²·{row['grid_size']}²" if row["block_size"] else ""
    return [
        row["name"] + (" → rgb" if row["to_rgb"] else ""),
        row["attention"] + blocks,
        f"{row['resolution']}²",
        str(row["channels"]),
        *(str(row[key] or "") for key in ("heads", "depth")),
        console.number_forms(row["parameters"]),
        console.flops(row["flops"]),
        console.size(row["activation_bytes"]),
    ]


def _total(part: str, totals: dict[str, Any]) -> list[Cell]:
    from hitzoo.cli import console

    numbers = [console.number_forms(totals["parameters"]), console.flops(totals["flops"])]
    return [part, "", "", "", "", "", *numbers, console.size(totals["activation_bytes"])]


def _write(out: Path, spec: Spec, plan: ModelPlan, seed: int, *, force: bool) -> None:
    from hitzoo.sampling.initial import initial_network
    from hitzoo.targets import folder_target
    from hitzoo.zoo.model_folder import write_model
    from hitzoo.zoo.model_layout import MODEL_FILES

    weights: dict[Role, Any] = {
        role: initial_network(plan, role, seed).state_dict() for role in plan.networks if role != "discriminator"
    }
    with folder_target(out, MODEL_FILES, force=force) as folder:
        write_model(folder, spec, plan, weights.pop("generator"), weights, seed=seed, step=0)

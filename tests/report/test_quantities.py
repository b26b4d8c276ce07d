"""Plots for what runs have, each under one heading and with a name of its own."""

from __future__ import annotations

from hitzoo.report.curve import Curves
from hitzoo.report.quantities import groups_of, slug

ALL = {
    "d_real": 1.0, "d_fake": -1.0, "loss/r1": 0.1, "loss/generator": 2.0, "loss/discriminator": 1.0, "eval/fid": 9.0,
    "eval-slow/fid": 8.0, "gradient_norm/generator": 3.0, "images_per_second": 5.0, "diversity": 0.5, "odd": 1.0,
}  # fmt: skip


def test_every_quantity_has_its_place() -> None:
    runs = [Curves.of([{"step": 1, "images": 4, **ALL}]), Curves.of([{"step": 2, "images": 8, "loss/r1": 1.0}])]
    groups, left = groups_of(["a", "b"], runs)
    assert left == 0
    assert {group.title: [plot.title for plot in group.plots] for group in groups} == {
        "Losses and gradients": [
            "Loss of the generator",
            "Loss of the discriminator",
            "Outputs of the discriminator",
            "Penalty R1",
            "Gradient norm of the generator",
        ],
        "Quality": ["FID", "FID, average slow", "Diversity of samples"],
        "Speed": ["Images per second"],
        "Others": ["odd"],
    }
    plots = {plot.key: plot for group in groups for plot in group.plots}
    assert [line.label for line in plots["loss-r1"].lines] == ["a", "b"]
    assert [(line.label, line.dashed) for line in plots["d-outputs"].lines] == [("a, real", False), ("a, fake", True)]
    assert {plot.until for plot in plots.values()} == {8}


def test_names_of_plots_are_names_of_files() -> None:
    assert slug("eval-x/../../FID ü") == "eval-x-fid"
    assert slug("///") == "plot"
    keys = {"a/b": 1.0, "a-b": 1.0, "A_B": 1.0, "d-outputs": 1.0, "d_real": 1.0}
    groups, _ = groups_of(["a"], [Curves.of([{"step": 1, "images": 4, **keys}])])
    assert sorted(plot.key for group in groups for plot in group.plots) == [
        "a-b", "a-b-2", "a-b-3", "d-outputs", "d-outputs-2",
    ]  # fmt: skip


def test_plots_are_bounded_and_the_rest_is_counted() -> None:
    groups, left = groups_of(["a"], [Curves.of([{"step": 1, "images": 4, **{f"x{k}": 1.0 for k in range(300)}}])])
    assert sum(len(group.plots) for group in groups) == 60
    assert left == 240


def test_runs_without_numbers_have_no_plots() -> None:
    assert groups_of(["a"], [Curves()]) == ([], 0)

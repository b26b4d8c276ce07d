from __future__ import annotations

import json
from pathlib import Path

import pytest

from hitzoo.errors import RunError
from hitzoo.training.curves.reference import Range, read_reference, reference_from, shipped_references


def test_reference_of_several_seeds_has_their_mean_and_their_ends(enter, tmp_path: Path) -> None:
    runs = [enter(f"run{seed}", seed, d_real=lambda images, seed=seed: float(2 * seed + 1)) for seed in (0, 1, 2)]
    made = reference_from("tiny", runs)
    assert made.origin.seeds == (0, 1, 2)
    assert made.values["d_real"][16_000] == Range(3.0, 1.0, 5.0)
    file = tmp_path / "tiny.json"
    file.write_text(made.to_text(), encoding="utf-8")
    assert read_reference(file) == made
    assert json.loads(made.to_text())["device"] == "a CPU"


def test_reference_ends_where_its_shortest_run_does(enter) -> None:
    long, short = enter("long", 0), enter("short", 1, records=20)
    assert max(reference_from("tiny", [long, short]).values["loss/discriminator"]) == 5700


def test_two_records_are_no_range_of_losses_and_one_grid_is_one_of_diversity(enter) -> None:
    run = enter("run", **{"loss/r1": lambda images: 0.1, "diversity": lambda images: 0.9})
    values = reference_from("tiny", [run]).values
    assert (min(values["loss/r1"]), min(values["diversity"])) == (2800, 1000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"loss": "wasserstein"}, "what their specs say of training differs"),
        ({"batch_size": 8}, "their batches differ"),
    ],
)
def test_runs_of_two_recipes_are_no_reference(enter, change, words) -> None:
    with pytest.raises(RunError, match=words):
        reference_from("tiny", [enter("one"), enter("other", training=change)])


def test_key_that_a_later_version_adds_makes_no_other_recipe(enter, tmp_path: Path) -> None:
    made = reference_from("tiny", [enter("run")])
    text = json.loads(made.to_text())
    assert text["training"].pop("norm_statistics") == "per_replica"
    (tmp_path / "tiny.json").write_text(json.dumps(text), encoding="utf-8")
    assert read_reference(tmp_path / "tiny.json").origin == made.origin


def test_length_is_no_part_of_a_recipe(enter) -> None:
    assert reference_from("tiny", [enter("one"), enter("other", 1, training={"steps": 99})]).origin.seeds == (0, 1)


def test_no_runs_and_runs_without_numbers_are_told(enter) -> None:
    with pytest.raises(RunError, match="holds no run"):
        reference_from("runs", [])
    with pytest.raises(RunError, match="too few images"):
        reference_from("runs", [enter("run", records=1)])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"curve": 1}', '{"curve": 1, "values": {"a": [[1, 2]]}}', '{"curve": 1, "values": 3}', "\0"],
)
def test_file_that_is_no_curve_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match="is no reference curve"):
        read_reference(tmp_path / "a.json")


def test_curve_of_a_later_version_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"curve": 2}', encoding="utf-8")
    with pytest.raises(RunError, match="another version"):
        read_reference(tmp_path / "a.json")


def test_shipped_curves_are_small_and_say_where_they_are_from() -> None:
    shipped = shipped_references()
    assert "hit-ti-shapes32" in shipped
    for path in shipped.values():
        found = read_reference(path)
        assert path.stat().st_size < 20_000
        assert {"loss/generator", "loss/discriminator", "d_real", "d_fake"} <= set(found.values)
        assert found.origin.spec
        assert found.origin.generator, "a copied spec finds it by that"
        assert found.origin.data
        assert found.origin.date
        assert found.origin.device
        assert found.origin.seeds
        assert all(one.low <= one.mean <= one.high for ranges in found.values.values() for one in ranges.values())

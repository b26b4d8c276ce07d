from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hitzoo.errors import RunError
from hitzoo.training.curves import compare as module
from hitzoo.training.curves import reference as references
from hitzoo.training.curves.compare import Point, Row, compare
from hitzoo.training.curves.reference import Range, reference_from


def point(value: float, low: float = 1.0, high: float = 2.0) -> Point:
    return Point(1000, value, Range((low + high) / 2, low, high))


@pytest.mark.parametrize(
    ("value", "side"), [(0.51, "inside"), (2.49, "inside"), (2.51, "above"), (0.49, "below"), (1.5, "inside")]
)
def test_range_has_a_margin_of_half_its_width(value: float, side: str) -> None:
    assert point(value).side == side


def test_narrow_range_has_a_margin_of_a_tenth_of_its_mean() -> None:
    assert [point(value, 10.0, 10.0).side for value in (8.9, 9.1, 10.9, 11.1)] == ["below", "inside", "inside", "above"]


def test_quantity_is_normal_unless_it_stays_outside() -> None:
    inside, outside = point(1.5), point(9.0)
    assert Row("x", (inside, outside, inside, inside)).normal
    assert Row("x", (inside, inside, inside, outside)).normal, "a single one, even if it is the last"
    assert not Row("x", (*[inside] * 9, outside, outside)).normal
    assert not Row("x", (outside, outside, inside, inside)).normal
    assert Row("x", (outside, outside)).normal, "two image counts are shown and not judged"


def test_another_seed_is_normal_and_another_curve_is_not(enter) -> None:
    reference = str(enter("reference"))
    same = compare(enter("same", 1), reference)
    assert same.normal
    assert same.verdict().startswith("a normal curve up to 32,000 images: all quantities (1) are")
    other = compare(enter("other", **{"loss/discriminator": lambda images: 1 - images / 32_000}), reference)
    assert not other.normal
    assert "outside its range is loss/discriminator (below it at " in other.verdict()
    assert "last at 32,000" in other.verdict()


def test_runs_are_compared_at_the_images_that_both_have(enter) -> None:
    (row,) = compare(enter("short", records=30), str(enter("reference"))).rows
    assert [one.images for one in row.points] == [2800, 4000, 5700, 8000]
    fast = enter("fast", training={"batch_size": 64})
    assert compare(fast, str(enter("again"))).differences == ("a batch of 32 instead of 64",)


def test_run_of_before_there_was_diversity_is_compared(enter) -> None:
    old = {"loss/r1": lambda images: 0.1}
    found = compare(enter("old", **old), str(enter("reference", **old, diversity=lambda images: 0.9)))
    assert [row.name for row in found.rows] == ["loss/r1"]


def test_metrics_of_other_numbers_of_samples_are_left_out(enter) -> None:
    series = {"d_real": lambda images: 0.5, "eval/fid": lambda images: 30.0}
    reference = str(enter("reference", **series))
    assert [row.name for row in compare(enter("same", **series), reference).rows] == ["d_real", "eval/fid"]
    other = compare(enter("other", samples=50, **series), reference)
    assert [row.name for row in other.rows] == ["d_real"]
    assert other.differences == ("other evaluations, which are left out",)


def test_default_is_the_shipped_curve_of_the_recipe(enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setattr(references, "SHIPPED", shelf)
    run = enter("run", 3)
    with pytest.raises(RunError, match="no reference curve travels with hitzoo for tiny"):
        compare(run)
    for name, training in (("a", {"loss": "wasserstein"}), ("b", None)):
        made = reference_from(name, [enter(f"of-{name}", training=training)])
        (shelf / f"{name}.json").write_text(made.to_text(), encoding="utf-8")
    assert compare(run).reference.name == "b"
    assert compare(run).differences == ()
    assert compare(run, "a").differences == ("another recipe",)
    (shelf / "b.json").unlink()
    assert compare(run).reference.name == "a", "of the same spec, for want of its recipe"
    with pytest.raises(RunError, match="no reference curve is called 'aa'"):
        compare(run, "aa")


def test_default_of_another_recipe_has_its_loss_and_penalties(
    enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setattr(references, "SHIPPED", shelf)
    r1 = {"loss": "relativistic", "regularizers": [{"kind": "r1", "weight": 1.0}]}
    recipes = {
        "a": {"loss": "hinge", "regularizers": []},
        "b": r1 | {"augment": {"kind": "ada"}},
        "c": r1,
        "d": r1 | {"regularizers": r1["regularizers"] + [{"kind": "r2", "weight": 1.0}]},
    }
    for name, training in recipes.items():
        made = reference_from(name, [enter(f"of-{name}", training=training)])
        (shelf / f"{name}.json").write_text(made.to_text(), encoding="utf-8")
    for name, training in recipes.items():
        penalties = [one | {"weight": 0.3} for one in training["regularizers"]]
        augment = {"augment": training["augment"] | {"target": 0.5}} if "augment" in training else {}
        run = enter(f"run-{name}", training=training | augment | {"regularizers": penalties, "ema": {"decay": 0.9}})
        assert compare(run).reference.name == name
        assert compare(run).differences == ("another recipe",)


def test_default_of_a_copied_spec_is_of_its_generator(enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`hitzoo new mine.yaml --from NAME --recipe r3gan` gives the spec a name of its own, and ADA."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setattr(references, "SHIPPED", shelf)
    r3gan = {"loss": "relativistic", "regularizers": [{"kind": "r1", "weight": 1.0}, {"kind": "r2", "weight": 1.0}]}
    recipes = {"a": {"loss": "hinge"}, "b": r3gan | {"augment": {"kind": "diffaugment"}}, "c": r3gan}
    for name, training in recipes.items():
        made = reference_from(name, [enter(f"of-{name}", training=training)])
        (shelf / f"{name}.json").write_text(made.to_text(), encoding="utf-8")
    run = enter("mine", training=r3gan | {"augment": {"kind": "ada"}})
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps(about | {"made_from": "mine"}), encoding="utf-8")
    assert compare(run).reference.name == "c"
    (run / "run.json").write_text(json.dumps(about | {"made_from": "mine", "generator_plan": "h"}), encoding="utf-8")
    with pytest.raises(RunError, match="no reference curve travels with hitzoo for mine"):
        compare(run)


def test_reference_may_be_a_folder_of_runs(enter, tmp_path: Path) -> None:
    for seed in (0, 1):
        enter(f"group/seed{seed}", seed)
    found = compare(enter("run"), str(tmp_path / "group"))
    assert found.reference.origin.seeds == (0, 1)


def test_what_cannot_be_compared_is_told(enter, tmp_path: Path) -> None:
    run = enter("run")
    with pytest.raises(RunError, match="is no run with numbers"):
        compare(tmp_path)
    early = compare(enter("beginner", records=12), str(run))
    assert early.verdict().startswith("too early to judge up to 2,800 images")
    shutil.rmtree(tmp_path / "beginner")
    with pytest.raises(RunError, match="share no image count yet"):
        compare(enter("young", records=2), str(run))
    shutil.rmtree(tmp_path / "young")
    assert module.runs_in(tmp_path) == [run]

"""`hitzoo explain`: one key, a section, all sections; in words and as JSON."""

from __future__ import annotations

import json

from hitzoo.cli.completion import complete_explained
from hitzoo.families.language import shipped_language
from hitzoo.spec.reference import reference
from tests.conftest import Run

EMA = ("decay", "start_step", "ramp_up", "half_life", "ramp", "recalibrate")


def test_explain_says_all_of_one_key(run: Run) -> None:
    text = run("explain", "training.ema.decay").stdout
    for words in (
        "training.ema.decay\n",
        "type        number",
        "allowed     at least 0 and less than 1",
        "default     0.999",
    ):
        assert words in text
    assert "0.998 in hit-ti-" in text
    assert "default     none, it is required" in run("explain", "name").stdout
    assert "default     absent" in run("explain", "data.resolution").stdout


def test_explain_lists_what_a_section_has(run: Run) -> None:
    text = run("explain", "training.ema").stdout
    for key in ("decay", "start_step", "ramp_up", "half_life"):
        assert f"  training.ema.{key} " in text
    assert "Moving average of the generator" in text
    text = run("explain", "training.regularizers").stdout
    assert text.index("With kind: r1.") < text.index("With kind: bcr.") < text.index("training.regularizers[].augment")


def test_explain_has_each_choice(run: Run) -> None:
    text = run("explain", "generator.latent_dim").stdout
    assert text.index("with family: hit\n") < text.index("default     512")
    assert text.index("default     512") < text.index("with family: convnet\n") < text.index("default     256")


def test_explain_without_a_path_lists_the_sections(run: Run) -> None:
    text = run("explain").stdout
    for entry in reference(shipped_language()).entries:
        assert f"\n  {entry.path} " in f"\n{text}"
    assert [entry["path"] for entry in json.loads(run("explain", "--json").stdout)][-1] == "evaluation"


def test_explain_as_json(run: Run) -> None:
    said, other, *_ = json.loads(run("explain", "generator.stages[2].heads", "--json").stdout)
    assert other["with"] == {"family": "transgan"}
    assert said["with"] == {"family": "hit"}
    assert said["path"] == "generator.stages[].heads"
    assert (said["type"], said["default"], said["required"]) == ("whole number", 4, False)
    assert "hit-b-ffhq256" in said["specs"]["16"]
    (section,) = json.loads(run("explain", "training.ema", "--json").stdout)
    assert section["members"] == [f"training.ema.{key}" for key in EMA]
    found = json.loads(run("explain", "generator.initial_size", "--json").stdout)
    assert {"hit", "convnet", "transgan"} <= {one["with"]["family"] for one in found}


def test_explain_says_once_what_schedules_of_all_regularizers_have(run: Run) -> None:
    (said,) = json.loads(run("explain", "training.regularizers.weight.from", "--json").stdout)
    assert said["path"] == "training.regularizers[].weight.from"
    assert "75" in said["specs"]


def test_explain_refuses_a_wrong_path(run: Run) -> None:
    assert "did you mean 'training.ema'?" in run("explain", "training.emma", code=2).stderr
    assert "training.optimizer.learning_rate" in run("explain", "lr", "--json", code=2).stderr


def test_paths_are_completed_for_explain() -> None:
    assert complete_explained("training.ema") == ["training.ema"] + [f"training.ema.{key}" for key in EMA]
    assert complete_explained("generator.latent_d") == ["generator.latent_dim"]
    assert complete_explained("nothing") == []


def test_explain_says_which_sections_are_there_when_left_out(run: Run) -> None:
    assert "default     absent" in run("explain", "training.augment").stdout
    assert "default     the defaults of its keys" in run("explain", "training.optimizer").stdout

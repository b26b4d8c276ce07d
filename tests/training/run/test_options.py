from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.errors import OutputError, RequestError, RunError
from hitzoo.training.engine.execution import PRECISIONS, Execution
from hitzoo.training.run.checkpoint import Progress
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import (
    RunOptions,
    Start,
    decide_start,
    parse_batch_per_device,
    parse_precision,
    refuse_uneven,
    with_source,
)


def unheard(message: str) -> None:
    raise AssertionError(message)


def start(spec, out: Path, **changes: object) -> Start:
    return decide_start(RunFolder(out), spec, RunOptions(**{"out": out, "device": "cpu", **changes}), unheard)


def test_a_precision_is_one_of_three() -> None:
    assert [parse_precision(text) for text in PRECISIONS] == ["float32", "tf32", "bf16"]
    assert [parse_precision(text) for text in ("fp32", "bfloat16")] == ["float32", "bf16"]
    for text in ("float16", "BF16", "", "bf16 "):
        with pytest.raises(RequestError, match=f"precision '{text}': not possible here; possible: float32, tf32, bf16"):
            parse_precision(text)


def test_a_size_is_a_number_or_auto() -> None:
    assert [parse_batch_per_device(text) for text in (None, "auto", "1", "64")] == [None, "auto", 1, 64]
    for text in ("0", "-1", "4.0", "many", "", "²", "1e3"):
        with pytest.raises(RequestError, match=f"--batch-per-device {text}: give a number of images, 1 or more, or"):
            parse_batch_per_device(text)


def test_options_say_how_steps_are_carried_out(tmp_path) -> None:
    assert RunOptions(out=tmp_path).execution == Execution()
    assert RunOptions(out=tmp_path, precision="bf16", compiled=True).execution == Execution(
        precision="bf16", compiled=True
    )


def test_a_batch_that_processes_cannot_share_evenly_is_refused(tiny_spec) -> None:
    for processes in (1, 2, 4):
        refuse_uneven(tiny_spec(), processes)
    with pytest.raises(RequestError, match=r"training\.batch_size 4 is for all 3 processes together") as caught:
        refuse_uneven(tiny_spec(), 3)
    assert "choose a multiple of 3: --set training.batch_size=6" in str(caught.value)
    with pytest.raises(RequestError, match=r"--set training\.batch_size=8"):
        refuse_uneven(tiny_spec(), 8)
    uneven = tiny_spec("training.updates={generator_batch_size: 6}")
    refuse_uneven(uneven, 2)
    with pytest.raises(RequestError, match=r"training\.updates\.generator_batch_size 6 is for all 4") as caught:
        refuse_uneven(uneven, 4)
    assert "--set training.updates.generator_batch_size=8" in str(caught.value)
    grouped = tiny_spec("training.updates={generator_batch_size: 6}", "discriminator.minibatch_std=2")
    with pytest.raises(
        RequestError, match=r"gets 3 images, .* of 2 .* choose a training\.updates.generator_batch_size that"
    ):
        refuse_uneven(grouped, 2)


def test_the_source_given_goes_before_the_specs(tiny_spec) -> None:
    assert with_source(tiny_spec(), "elsewhere").data.source == "elsewhere"
    assert with_source(tiny_spec(), None).data.source == "synthetic"
    with pytest.raises(RunError, match="tiny names no data"):
        with_source(tiny_spec("data={}"), None)


def test_a_new_run_begins_at_nothing(tiny_spec, tmp_path) -> None:
    assert start(tiny_spec(), tmp_path / "run") == Start(Progress(0, 0, 0))
    assert start(tiny_spec(), tmp_path / "run", seed=7) == Start(Progress(0, 0, 7))
    assert start(tiny_spec(), tmp_path / "run", seed=7, resume=True) == Start(Progress(0, 0, 7))
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_there_is_gone_on_from_its_newest_checkpoint(tiny_spec, tmp_path) -> None:
    end = train(tiny_spec("training.steps=2"), RunOptions(out=tmp_path / "run", device="cpu", seed=7))
    found = start(tiny_spec(), tmp_path / "run", resume=True)
    assert found == Start(Progress(step=2, images=8, seed=7), end.checkpoint)
    assert Start.from_data(found.to_data()) == found
    with pytest.raises(OutputError, match="holds a run already"):
        start(tiny_spec(), tmp_path / "run")
    with pytest.raises(RunError, match="was started with seed 7, not 8"):
        start(tiny_spec(), tmp_path / "run", resume=True, seed=8)
    with pytest.raises(RunError, match=r"is complete: step 2 of 2; go further with overrides=\['training\.steps=4'\]"):
        start(tiny_spec("training.steps=2"), tmp_path / "run", resume=True)


def test_where_to_begin_can_be_told_to_others() -> None:
    beginning = Start(Progress(0, 0, 3))
    assert beginning.to_data()["checkpoint"] is None
    assert Start.from_data(beginning.to_data()) == beginning


def test_activation_checkpointing_may_change_in_a_resumed_run(tiny_spec, tmp_path) -> None:
    train(tiny_spec("training.steps=1"), RunOptions(out=tmp_path / "run", device="cpu"))
    again = tiny_spec("training.steps=2", "training.activation_checkpointing=all")
    assert train(again, RunOptions(out=tmp_path / "run", device="cpu", resume=True)).step == 2
    with pytest.raises(RunError, match=r"training\.norm_statistics: per_replica in the run, 2 now"):
        start(tiny_spec("training.norm_statistics=2"), tmp_path / "run", resume=True)


def test_the_compiler_and_activation_checkpointing_are_refused_together(tiny_spec, tmp_path) -> None:
    spec = tiny_spec("training.activation_checkpointing=[4]")
    with pytest.raises(RequestError, match=r"--compile and training\.activation_checkpointing do not go together"):
        train(spec, RunOptions(out=tmp_path / "run", device="cpu", compiled=True))
    assert not (tmp_path / "run").exists()

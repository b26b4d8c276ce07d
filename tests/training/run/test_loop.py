from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hitzoo.errors import DataError, OutputError, RunError
from hitzoo.families.load import load_spec
from hitzoo.sampling.load import load
from hitzoo.training.run.events import NoEvents, RunStart
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", "log_every": 1, **changes})


def files(folder: Path) -> set[str]:
    """All but TensorBoard's, which are there where its package is."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith("tensorboard/")}


def records(folder: Path) -> list[dict[str, Any]]:
    """The lines of records; those of grids have no time."""
    text = (folder / "metrics.jsonl").read_text(encoding="utf-8")
    return [line for line in map(json.loads, text.splitlines()) if "seconds" in line]


def steps(folder: Path) -> list[int]:
    return [record["step"] for record in records(folder)]


class Listener(NoEvents):
    def __init__(self) -> None:
        self.starts: list[RunStart] = []
        self.records: list[int] = []
        self.notes: list[str] = []

    def started(self, start: RunStart) -> None:
        self.starts.append(start)

    def recorded(self, record) -> None:
        self.records.append(record.step)

    def noted(self, message: str) -> None:
        self.notes.append(message)


CHECKPOINT = {"config.json", "model.safetensors"} | {
    f"training/{name}"
    for name in (
        "generator.safetensors",
        "discriminator.safetensors",
        "optimizer.safetensors",
        "state.json",
        "index.json",
    )
}


def test_what_a_run_leaves(tiny_spec, tmp_path) -> None:
    listener = Listener()
    schedule = {"log_every": 2, "sample_every": 3, "checkpoint_every": 2, "keep": 2}
    end = train(tiny_spec("training.steps=7"), options(tmp_path / "run", **schedule), listener)
    expected = {"spec.yaml", "run.json", "metrics.jsonl"}
    expected |= {f"samples/{name}.png" for name in ("real", "step-00000003", "step-00000006", "step-00000007")}
    expected |= {f"checkpoints/step-0000000{step}/{file}" for step in (6, 7) for file in CHECKPOINT}
    assert files(tmp_path / "run") == expected
    assert steps(end.folder) == listener.records == [2, 4, 6, 7]
    assert (end.step, end.signal, end.unreadable) == (7, None, ())
    assert end.checkpoint == tmp_path / "run/checkpoints/step-00000007"
    assert end.samples == tmp_path / "run/samples/step-00000007.png"
    (start,) = listener.starts
    assert (start.name, start.device, start.data) == ("tiny", "cpu", "synthetic")
    assert (start.images, start.batch_size, start.first, start.last) == (65536, 4, 0, 7)
    assert (start.processes, start.at_once) == (1, 4)
    assert load_spec(tmp_path / "run/spec.yaml") == tiny_spec("training.steps=7")


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_a_folder_of_pictures_trains_a_model_of_its_kind(tiny_spec, pictures, tmp_path, mode, channels) -> None:
    spec = tiny_spec(f"data.channels={channels}", "training.steps=2", "training.regularizers=[{kind: bcr}, {kind: r1}]")
    listener = Listener()
    end = train(spec, options(tmp_path / "run", data=str(pictures(mode=mode))), listener)
    assert listener.starts[0].images == 6
    with Image.open(end.samples) as grid:
        assert (grid.mode, grid.size) == (mode, (6 * 10 + 2, 6 * 10 + 2))
        assert grid.text["hitzoo:step"] == "2"
    with Image.open(tmp_path / "run/samples/real.png") as grid:
        assert (grid.mode, grid.size) == (mode, (6 * 10 + 2, 6 * 10 + 2))
        assert np.asarray(grid).std() > 20
    generator = load(end.folder, device="cpu")
    assert generator.sample(seeds=[1, 2]).raw.shape == (2, 8, 8, channels)
    assert end.folder / "checkpoints/step-00000002" == end.checkpoint


def test_the_grid_shows_the_average_at_fixed_seeds(tiny_spec, tmp_path) -> None:
    end = train(tiny_spec("training.steps=3"), options(tmp_path / "run"))
    pixels = load(end.checkpoint, device="cpu").sample(seeds=range(36)).pixels
    with Image.open(end.samples) as grid:
        shown = np.asarray(grid)
    for seed in range(36):
        top, left = 2 + 10 * (seed // 6), 2 + 10 * (seed % 6)
        assert np.array_equal(shown[top : top + 8, left : left + 8], pixels[seed])


def test_workers_change_nothing(tiny_spec, pictures, tmp_path) -> None:
    spec, folder = tiny_spec("training.steps=2"), str(pictures())
    runs = [train(spec, options(tmp_path / str(n), data=folder, workers=n)) for n in (0, 1)]
    one, other = ((run.checkpoint / "training/discriminator.safetensors").read_bytes() for run in runs)
    assert one == other


def test_the_source_given_goes_before_the_specs(tiny_spec, pictures, tmp_path) -> None:
    folder = str(pictures())
    end = train(tiny_spec("training.steps=1"), options(tmp_path / "run", data=folder))
    assert load_spec(end.folder / "spec.yaml").data.source == folder


def test_no_source_at_all_is_said(tiny_spec, tmp_path) -> None:
    with pytest.raises(RunError, match=r"tiny names no data: with data, "):
        train(tiny_spec("data={}"), options(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_used_folder_is_refused_untouched(tiny_spec, tmp_path) -> None:
    train(tiny_spec("training.steps=1"), options(tmp_path / "run"))
    before = {name: (tmp_path / "run" / name).read_bytes() for name in files(tmp_path / "run")}
    with pytest.raises(OutputError, match="holds a run already"):
        train(tiny_spec("training.steps=2"), options(tmp_path / "run"))
    assert {name: (tmp_path / "run" / name).read_bytes() for name in files(tmp_path / "run")} == before


def test_resuming_what_is_not_there_starts_anew(tiny_spec, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    for place in ("absent", "empty"):
        end = train(tiny_spec("training.steps=1"), options(tmp_path / place, resume=True, seed=9))
        assert end.step == 1
        assert json.loads((end.folder / "run.json").read_text(encoding="utf-8"))["seed"] == 9


def test_a_complete_run_says_so_and_how_to_go_further(tiny_spec, tmp_path) -> None:
    train(tiny_spec("training.steps=2"), options(tmp_path / "run"))
    with pytest.raises(RunError, match=r"complete: step 2 of 2.*training\.steps=4"):
        train(tiny_spec("training.steps=2"), options(tmp_path / "run", resume=True))
    assert train(tiny_spec("training.steps=3"), options(tmp_path / "run", resume=True)).step == 3
    assert steps(tmp_path / "run") == [1, 2, 3]


def test_another_spec_and_another_seed_do_not_resume(tiny_spec, tmp_path) -> None:
    train(tiny_spec("training.steps=1"), options(tmp_path / "run", seed=5))
    with pytest.raises(RunError, match=r"training\.batch_size: 4 in the run, 8 now"):
        train(tiny_spec("training.batch_size=8"), options(tmp_path / "run", resume=True))
    with pytest.raises(RunError, match="started with seed 5, not 6"):
        train(tiny_spec(), options(tmp_path / "run", resume=True, seed=6))
    assert train(tiny_spec(), options(tmp_path / "run", resume=True, seed=5)).step == 4


def test_lines_after_the_checkpoint_are_written_again(tiny_spec, tmp_path) -> None:
    train(tiny_spec("training.steps=2"), options(tmp_path / "run"))
    with (tmp_path / "run/metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 3, "from": "before the crash"}\n{"step": 4, "los')
    train(tiny_spec(), options(tmp_path / "run", resume=True))
    assert steps(tmp_path / "run") == [1, 2, 3, 4]
    assert "crash" not in (tmp_path / "run/metrics.jsonl").read_text(encoding="utf-8")


def test_where_no_checkpoint_is_whole_resuming_stops_by_name(tiny_spec, tmp_path) -> None:
    end = train(tiny_spec("training.steps=2"), options(tmp_path / "run"))
    file = end.checkpoint / "training/generator.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    before = files(tmp_path / "run")
    with pytest.raises(RunError, match=f"{end.checkpoint.name}: training/generator.safetensors is cut"):
        train(tiny_spec(), options(tmp_path / "run", resume=True))
    assert files(tmp_path / "run") == before


def test_a_damaged_checkpoint_is_said_and_the_one_before_is_gone_on_from(tiny_spec, tmp_path) -> None:
    listener = Listener()
    end = train(tiny_spec("training.steps=2"), options(tmp_path / "run", checkpoint_every=1))
    file = end.checkpoint / "training/generator.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    train(tiny_spec(), options(tmp_path / "run", resume=True), listener)
    assert listener.starts[0].first == 1
    assert "training/generator.safetensors is cut" in listener.notes[0]
    assert steps(tmp_path / "run") == [1, 2, 3, 4]


def test_unreadable_data_leaves_nothing(tiny_spec, pictures, tmp_path) -> None:
    folder = pictures()
    (folder / "3.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"3\.png: not a readable image"):
        train(tiny_spec(), options(tmp_path / "run", data=str(folder)))
    with pytest.raises(DataError, match="no such folder"):
        train(tiny_spec(), options(tmp_path / "run", data=str(tmp_path / "absent")))
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_what_is_skipped_is_said_once(tiny_spec, pictures, tmp_path) -> None:
    folder = pictures()
    (folder / "3.png").write_bytes(b"no picture")
    listener = Listener()
    end = train(tiny_spec("data.on_error=skip"), options(tmp_path / "run", data=str(folder)), listener)
    assert end.step == 4  # sixteen images: the file's turn comes more than once
    assert end.unreadable == ("3.png",)
    few, skipped = listener.notes
    assert "6 images are few" in few
    assert "3.png" in skipped


def test_a_resumed_run_whose_data_fails_keeps_what_it_logged(tiny_spec, pictures, tmp_path) -> None:
    """Killed before its first checkpoint, it begins anew, but what it logged is not this session's to remove."""
    folder, run = pictures(), tmp_path / "run"
    train(tiny_spec(), options(run, data=str(folder)))
    shutil.rmtree(run / "checkpoints")
    for picture in folder.iterdir():
        picture.write_bytes(b"no picture")
    with pytest.raises(DataError, match="not a readable image"):
        train(tiny_spec(), options(run, data=str(folder), resume=True))
    assert (run / "spec.yaml").is_file()
    assert list((run / "samples").iterdir())


@pytest.mark.parametrize(("log_every", "expected"), [(1, [True, False, True, False, True]), (2, [True, True, True])])
def test_a_lazy_term_is_logged_for_the_steps_in_which_it_was_taken(tiny_spec, tmp_path, log_every, expected) -> None:
    spec = tiny_spec("training.regularizers=[{kind: r1, weight: 2.0, interval: 2}]", "training.steps=5")
    end = train(spec, options(tmp_path / "run", log_every=log_every))
    lines = records(end.folder)
    assert ["loss/r1" in line for line in lines] == expected


def test_the_interval_is_in_the_gradient_and_not_in_the_number(tiny_spec, tmp_path) -> None:
    found = []
    for interval in (1, 4):
        term = f"training.regularizers=[{{kind: r1, weight: 2.0, interval: {interval}}}]"
        end = train(tiny_spec(term, "training.steps=1"), options(tmp_path / str(interval)))
        (line,) = records(end.folder)
        found.append((line["loss/r1"], (end.checkpoint / "training/discriminator.safetensors").read_bytes()))
    assert found[0][0] == found[1][0] > 0
    assert found[0][1] != found[1][1]


@pytest.mark.skipif(os.name == "nt", reason="names are bytes")
def test_data_of_a_name_that_is_not_utf_8_are_recorded_and_found_again(tiny_spec, pictures, tmp_path) -> None:
    folder = pictures().rename(tmp_path / os.fsdecode(b"fot\xf6s"))
    (folder / os.fsdecode(b"k\xf6ln.png")).write_bytes(b"no picture")
    spec = tiny_spec("data.on_error=skip")
    train(spec, options(tmp_path / "run", data=str(folder)))
    kept = load_spec(str(tmp_path / "run" / "spec.yaml"), ["training.steps=5"])
    assert str(kept.data.source).endswith("fot\\xf6s")
    end = train(kept, options(tmp_path / "run", resume=True))
    assert end.step == 5

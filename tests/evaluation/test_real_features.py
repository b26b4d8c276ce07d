"""Features of the real images: computed once, never stale."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from hitzoo.data.open import open_source
from hitzoo.evaluation.pictures import StoredImages
from hitzoo.evaluation.random_conv import RandomConv
from hitzoo.evaluation.real_features import real_features
from hitzoo.evaluation.sliced_wasserstein import LaplacianPatches
from hitzoo.runtime.distributed import World
from hitzoo.spec.types import DataSpec
from hitzoo.zoo.weights import read_metadata
from tests.evaluation.conftest import Shapes
from tests.threads_as_processes import together

CPU = torch.device("cpu")


def features(stored: StoredImages, notes: list[str] | None = None, **more: Any) -> torch.Tensor:
    told = notes.append if notes is not None else pytest.fail
    networks = {"random_conv": RandomConv(CPU)}
    return real_features(stored, networks, batch_size=4, device=CPU, note=told, **more)["random_conv"]


def stored(shapes: Shapes | None = None, count: int | None = None, resolution: int = 16, **data: Any) -> StoredImages:
    return StoredImages(shapes or Shapes(9), DataSpec(**data), resolution, count)


def test_the_second_time_nothing_is_read(cache: Path) -> None:
    first, second = Shapes(9), Shapes(9)
    computed = features(stored(first))
    assert first.reads == 9
    seen: list[tuple[int, int]] = []
    torch.testing.assert_close(
        features(stored(second), progress=lambda done, total: seen.append((done, total))), computed, rtol=0, atol=0
    )
    assert second.reads == 0
    assert seen == []
    (file,) = cache.rglob("*.*")
    assert file.parent == cache / "real-features"
    assert file.suffix == ".safetensors"
    facts = read_metadata(file)["facts"]
    assert facts["fingerprint"] == "shapes-0-9"
    assert facts["features"] == "random-conv-1"


@pytest.mark.parametrize(
    "other",
    [
        lambda: stored(Shapes(9, first=1)),
        lambda: stored(count=8),
        lambda: stored(resolution=32),
        lambda: stored(channels=1),
        lambda: stored(crop="none"),
        lambda: stored(crop_fraction=0.5),
        lambda: stored(on_error="skip"),
    ],
)
def test_what_changes_the_features_changes_the_key(other: Callable[[], StoredImages], cache: Path) -> None:
    features(stored())
    changed = other()
    features(changed)
    assert changed.source.reads == len(changed)  # type: ignore[attr-defined]
    assert len(list(cache.rglob("*.safetensors"))) == 2


def test_what_changes_nothing_keeps_the_key() -> None:
    features(stored())
    moved = Shapes(9)
    moved.location = "elsewhere"
    for same in (
        stored(moved),
        stored(crop="random"),
        stored(flip=False),
        stored(source="elsewhere"),
        stored(count=9),
        stored(count=20),
    ):
        features(same)
        assert same.source.reads == 0  # type: ignore[attr-defined]


def test_a_new_version_of_the_network_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    features(stored())
    monkeypatch.setattr(RandomConv, "name", "random-conv-2")
    again = stored()
    features(again)
    assert again.source.reads == 9  # type: ignore[attr-defined]


def test_a_changed_folder_is_computed_again(noise_folder: Callable[..., Path]) -> None:
    folder = noise_folder("set", 6)
    before = features(StoredImages(open_source(str(folder), resolution=8), DataSpec(), 8))
    (folder / "003.png").write_bytes((folder / "004.png").read_bytes())
    after = features(StoredImages(open_source(str(folder), resolution=8), DataSpec(), 8))
    assert not torch.equal(before, after)
    torch.testing.assert_close(after[3], after[4])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def altered(path: Path) -> None:
    tensors, metadata = load_file(path), {"hitzoo": json.dumps(read_metadata(path))}
    tensors["features"][0, 0] += 1
    save_file(tensors, path, metadata=metadata)


def of_others(path: Path) -> None:
    tensors, metadata = load_file(path), read_metadata(path)
    save_file(tensors, path, metadata={"hitzoo": json.dumps(metadata | {"facts": {}})})


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, altered, of_others, empty])
def test_a_damaged_file_is_computed_again(cache: Path, damage: Callable[[Path], None]) -> None:
    whole = features(stored())
    (path,) = cache.rglob("*.safetensors")
    damage(path)
    again = stored()
    torch.testing.assert_close(features(again), whole, rtol=0, atol=0)
    assert again.source.reads == 9  # type: ignore[attr-defined]
    last = stored()
    features(last)
    assert last.source.reads == 0  # type: ignore[attr-defined]


def test_only_what_is_missing_is_computed() -> None:
    both = {"random_conv": RandomConv(CPU), "patches": LaplacianPatches(16, 9, CPU)}
    seen: list[list[str]] = []

    def spied(kind: str) -> Any:
        network = both[kind]

        class Spy:
            name, shape = network.name, network.shape

            def __call__(self, pictures: Any, positions: Any) -> torch.Tensor:
                seen.append([kind])
                return network(pictures, positions)

        return Spy()

    features(stored())
    found = real_features(stored(), {kind: spied(kind) for kind in both}, batch_size=9, device=CPU, note=pytest.fail)
    assert seen == [["patches"]]
    assert list(found) == ["random_conv", "patches"]
    assert found["patches"].shape == (9, *both["patches"].shape)


def test_unreadable_names_are_kept_too(noise_folder: Callable[..., Path]) -> None:
    folder = noise_folder("set", 6)
    (folder / "001.png").write_bytes(b"broken")
    for _ in range(2):
        skipping = StoredImages(open_source(str(folder), resolution=8), DataSpec(on_error="skip"), 8)
        assert len(features(skipping)) == 5
        assert skipping.unreadable == ["001.png"]


def test_a_cache_that_cannot_be_written_is_said_and_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path / "file"))
    notes: list[str] = []
    assert len(features(stored(), notes)) == 9
    assert len(notes) == 1
    assert notes[0].startswith("the features of the real images are not cached: cannot write ")


def test_features_without_a_home_are_given_and_a_note_says_they_are_not_kept(homeless: None) -> None:
    notes: list[str] = []
    assert len(features(stored(), notes)) == 9
    said = "the features of the real images are not cached: there is no home folder; set HITZOO_CACHE"
    assert notes == [said]


@pytest.mark.parametrize("processes", [2, 3, 5])
@pytest.mark.parametrize("bad", [(), (1, 6, 7)])
def test_several_processes_read_each_image_once_and_agree_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int, bad: tuple[int, ...]
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(10):
        Shapes(10).read(number).save(folder / f"{number}.png")
    for number in bad:
        (folder / f"{number}.png").write_bytes(b"no picture")
    read: list[str] = []
    networks = {"random_conv": RandomConv(CPU), "patches": LaplacianPatches(16, 10, CPU)}

    def pictures() -> StoredImages:
        source = open_source(str(folder), resolution=16)
        real = source.read
        source.read = lambda index: read.append(source.label(index)) or real(index)  # type: ignore[method-assign]
        return StoredImages(source, DataSpec(on_error="skip"), 16)

    def compute(world: World) -> tuple[dict[str, torch.Tensor], list[str]]:
        own, heard = pictures(), []
        found = real_features(
            own,
            networks,
            batch_size=3,
            device=CPU,
            note=pytest.fail,
            progress=lambda *state: heard.append(state),
            world=world,
        )
        assert not (world.first and heard) or heard[-1] == (10, 10)
        return found, own.unreadable

    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path / "one"))
    alone, names = compute(World())
    assert (len(read), names) == (10, [f"{number}.png" for number in bad])
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").rglob("*.safetensors")}
    assert len(files) == 2

    read.clear()
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path / "many"))
    (found, first), *others = together(processes, compute)
    assert sorted(read) == [f"{number}.png" for number in range(10)]
    assert found.keys() == alone.keys()
    assert all(torch.equal(found[kind], alone[kind]) for kind in alone)
    assert first == names
    assert all(rows == {} for rows, _ in others)
    assert {path.name: path.read_bytes() for path in (tmp_path / "many").rglob("*.safetensors")} == files

    read.clear()
    next((tmp_path / "many").rglob("*.safetensors")).unlink()  # one kind is computed again, the other is read
    (found, first), *_ = together(processes, compute)
    assert (len(read), first) == (10, names)
    assert all(torch.equal(found[kind], alone[kind]) for kind in alone)
    read.clear()
    (found, first), *_ = together(processes, compute)
    assert (len(read), first) == (0, names)
    assert all(torch.equal(found[kind], alone[kind]) for kind in alone)

"""Images made by several processes, or by one that goes on where another was ended: those of one, each once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hitzoo.errors import OutputError
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.sampling.gallery import SampleRequest, make_images
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.grid import Layout
from hitzoo.sampling.latents import latents_of_seeds
from tests.threads_as_processes import together

COUNT = 11
GRID = Layout(rows=2, columns=2, padding=1)


def request(folder: Path, count: int = COUNT, **changes: object) -> SampleRequest:
    seeds = range(count)
    names = [f"seed{seed:04d}" for seed in seeds]
    whole = {"latents": latents_of_seeds(seeds, 6), "names": names, "seeds": list(seeds), "folder": folder}
    return SampleRequest(**{**whole, "batch_size": 2, "grid": GRID, **changes})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    """A file that is written anew has another number, or another time."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.fixture
def generator(tiny_generator: Callable[..., Generator]) -> Generator:
    return tiny_generator()


@pytest.fixture
def sizes(generator: Generator) -> list[int]:
    """Sizes of the batches that are computed."""
    made: list[int] = []
    generator.module.register_forward_pre_hook(lambda _, given: made.append(len(given[0])))
    return made


@pytest.mark.parametrize("processes", [2, 3, 8])
@pytest.mark.parametrize(("batch_size", "extra"), [(2, {}), (4, {"npy": "n.npy"}), (3, {"grid": None}), (64, {})])
def test_several_processes_write_the_files_of_one(
    generator: Generator, sizes: list[int], tmp_path: Path, processes: int, batch_size: int, extra: dict
) -> None:
    def wanted(folder: Path) -> SampleRequest:
        npy = {"npy": folder / extra["npy"]} if "npy" in extra else {}
        return request(folder, batch_size=batch_size, **{**extra, **npy})

    heard: list[list[int]] = [[] for _ in range(processes)]
    alone = make_images(generator, wanted(tmp_path / "one"))
    expected, sizes[:] = sorted(sizes), []
    paths = together(
        processes,
        lambda world: make_images(generator, wanted(tmp_path / "many"), heard[world.rank].append, world=world),
    )
    assert sorted(sizes) == expected
    assert contents(tmp_path / "many") == contents(tmp_path / "one")
    assert [path.name for path in paths[0]] == [path.name for path in alone]
    assert [sum(counts) for counts in heard] == [COUNT] * processes


@pytest.mark.parametrize("processes", [1, 2])
def test_resume_makes_the_batches_of_missing_pictures_alone(
    generator: Generator, sizes: list[int], tmp_path: Path, processes: int
) -> None:
    def make(**changes: object) -> list[int]:
        sizes[:] = []
        together(
            processes,
            lambda world: make_images(generator, request(tmp_path, **changes), world=world if processes > 1 else ALONE),
        )
        return sorted(sizes)

    assert make() == [1, 2, 2, 2, 2, 2]
    whole, before = contents(tmp_path), identities(tmp_path)
    assert make(resume=True) == []
    for gone, batches in (("seed0003.png", [2]), ("seed0010.png", [1]), ("grid002.png", [2, 2])):
        (tmp_path / gone).unlink()
        (tmp_path / f".{gone}.0123abcd.tmp").write_bytes(b"left by a process that was killed")
        assert make(resume=True) == batches
        assert contents(tmp_path) == whole
        after = identities(tmp_path)
        assert {name for name in after if after[name] != before[name]} == {gone}
        before = after
    assert make() == [1, 2, 2, 2, 2, 2]  # as ever without it
    assert not identities(tmp_path).items() & before.items()


def test_resume_makes_anew_what_was_made_otherwise_where_that_is_replaced(
    generator: Generator, sizes: list[int], tmp_path: Path
) -> None:
    make_images(generator, request(tmp_path, 4, grid=None))
    make_images(generator, request(tmp_path, 2, grid=None, scale=2, force=True))
    with pytest.raises(OutputError, match=r"seed0000\.png exists already, .* scale"):
        make_images(generator, request(tmp_path, 4, grid=None, resume=True))
    sizes[:] = []
    make_images(generator, request(tmp_path, 4, grid=None, resume=True, force=True))
    assert sizes == [2]


def test_resume_writes_raw_numbers_whole(generator: Generator, sizes: list[int], tmp_path: Path) -> None:
    make_images(generator, request(tmp_path / "one", npy=tmp_path / "n.npy"))
    whole = (tmp_path / "n.npy").read_bytes()
    (tmp_path / "n.npy").unlink()
    before, sizes[:] = identities(tmp_path / "one"), []
    make_images(generator, request(tmp_path / "one", npy=tmp_path / "n.npy", resume=True))
    assert (tmp_path / "n.npy").read_bytes() == whole
    assert sorted(sizes) == [1, 2, 2, 2, 2, 2]
    assert identities(tmp_path / "one") == before


def test_process_that_cannot_write_ends_all(generator: Generator, tmp_path: Path) -> None:
    make_images(generator, request(tmp_path, 2, grid=None))
    (tmp_path / "seed0005.png").mkdir()
    with pytest.raises(OutputError, match=r"seed0005\.png"):
        together(3, lambda world: make_images(generator, request(tmp_path, force=True), world=world))
    (tmp_path / "file").write_text("no folder")
    refused: list[str] = []

    def into_file(world: World) -> None:
        try:
            make_images(generator, request(tmp_path / "file"), world=world)
        except OutputError as error:
            refused.append(str(error))
            raise

    with pytest.raises(OutputError, match="file: a part of the path is a file, not a folder"):
        together(2, into_file)
    assert len(refused) == 1  # what all would meet is met by the first, before the others begin
    (tmp_path / "n.npy").mkdir()
    with pytest.raises(OutputError, match=r"n\.npy: it is a folder"):
        together(2, lambda world: make_images(generator, request(tmp_path, npy=tmp_path / "n.npy"), world=world))

from __future__ import annotations

import gc
import random
from pathlib import Path

import numpy as np
import pytest

from hitzoo.errors import RequestError
from hitzoo.sampling.latents import latents_of_seeds, parse_seeds, read_latents

GOLDEN = {  # the first numbers of NumPy's RandomState, which never change
    0: [1.764052391052246, 0.40015721321105957, 0.978738009929657, 2.2408931255340576],
    7: [1.6905256509780884, -0.46593737602233887, 0.032820165157318115, 0.4075162708759308],
    4294967295: [0.6484086513519287, 0.6693235039710999, -1.0805437564849854, 0.2845010459423065],
}


def test_a_seed_is_a_latent_whatever_stands_around_it() -> None:
    for seed, expected in GOLDEN.items():
        assert latents_of_seeds([seed], 4).tolist() == [expected]
    together = latents_of_seeds(reversed(GOLDEN), 4)
    assert together.tolist() == list(reversed(GOLDEN.values()))
    assert together.dtype == np.float32
    assert latents_of_seeds([0], 8)[0, :4].tolist() == GOLDEN[0]


def test_the_global_random_state_is_neither_used_nor_changed() -> None:
    np.random.seed(5)
    before = np.random.get_state()[1].tolist()
    assert latents_of_seeds([7], 4).tolist() == [GOLDEN[7]]
    assert np.random.get_state()[1].tolist() == before


def test_no_seeds_are_no_latents() -> None:
    assert latents_of_seeds([], 4).shape == (0, 4)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed) -> None:
    with pytest.raises(RequestError, match=f"seed {seed} is out of range"):
        latents_of_seeds([0, seed], 4)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0", [0]),
        ("0-3", [0, 1, 2, 3]),
        ("0-2,40", [0, 1, 2, 40]),
        ("9,1-2,9", [9, 1, 2, 9]),
        (" 3 , 5 - 6 ", [3, 5, 6]),
        ("8-8", [8]),
        ("4294967295", [4294967295]),
        ("4294967294-4294967295", [4294967294, 4294967295]),
    ],
)
def test_seeds_as_they_are_written(text, seeds) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "''"),
        ("a", "'a'"),
        ("1,,2", "''"),
        ("1-", "'1-'"),
        ("-1", "'-1'"),
        ("5-3", "'5-3'"),
        ("1-2-3", "'1-2-3'"),
        ("1.5", "'1.5'"),
        ("0,+1", r"'\+1'"),
        ("²", "'²'"),
    ],
)
def test_what_is_no_seed_is_said(text, part) -> None:
    with pytest.raises(RequestError, match=f"--seeds .*{part} is neither a seed nor a range"):
        parse_seeds(text)


def test_seeds_out_of_range_and_endless_ranges_are_refused() -> None:
    for text in ("4294967296", "4294967290-4294967296"):
        with pytest.raises(RequestError, match="4294967296 is out of range"):
            parse_seeds(text)
    with pytest.raises(RequestError, match="more than ten million images"):
        parse_seeds("0-4294967295")


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "f8", "i2", "u1"])
def test_latents_from_a_file(tmp_path, dtype) -> None:
    array = np.arange(12, dtype=dtype).reshape(2, 6)
    np.save(tmp_path / "z.npy", np.asfortranarray(array))
    read = read_latents(tmp_path / "z.npy", 6)
    assert read.dtype == np.float32
    assert read.flags["C_CONTIGUOUS"]
    assert read.tolist() == array.tolist()


def _write(path: Path, content: object) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        with path.open("wb") as file:
            np.savez(file, **content)
    elif content is not None:
        np.save(path, content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"", r"not an \.npy file of numbers"),
        (b"garbage", r"not an \.npy file of numbers"),
        (b"\x93NUMPY\x01\x00", r"not an \.npy file of numbers"),
        ({"z": np.zeros((2, 6))}, r"not an \.npy file of numbers"),
        (np.zeros((2, 6), complex), r"not an \.npy file of numbers"),
        (np.array([["a"] * 6]), r"not an \.npy file of numbers"),
        (np.array([{}]), r"not an \.npy file of numbers"),
        (np.zeros((2, 5)), r"shape \(2, 5\), the model wants \(N, 6\)"),
        (np.zeros(6), r"shape \(6,\), the model wants \(N, 6\)"),
        (np.zeros((1, 2, 6)), r"shape \(1, 2, 6\)"),
        (np.array([[0, 0, np.nan, 0, 0, 0]]), "not finite"),
        (np.array([[0, 0, np.inf, 0, 0, 0]]), "not finite"),
    ],
)
def test_a_file_without_latents_is_refused(tmp_path, content, message) -> None:
    _write(tmp_path / "z.npy", content)
    with pytest.raises(RequestError, match=rf"--latents .*z\.npy.*{message}"):
        read_latents(tmp_path / "z.npy", 6)


def test_a_folder_is_no_file_of_latents(tmp_path) -> None:
    with pytest.raises(RequestError, match="cannot be read"):
        read_latents(tmp_path, 6)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_cut_archive_is_refused(tmp_path) -> None:
    _write(tmp_path / "z.npy", b"PK\x03\x04cut")

    def raised() -> type[Exception] | None:
        try:
            read_latents(tmp_path / "z.npy", 6)
        except Exception as error:
            return type(error)
        return None

    kind = raised()
    gc.collect()
    assert kind is RequestError


@pytest.mark.filterwarnings("ignore:overflow")
def test_numbers_too_large_for_float32_are_refused(tmp_path) -> None:
    _write(tmp_path / "z.npy", np.full((1, 6), 1e300))
    with pytest.raises(RequestError, match="not finite"):
        read_latents(tmp_path / "z.npy", 6)


def test_damaged_files_are_refused_or_read(tmp_path) -> None:
    path, dice, refused = tmp_path / "z.npy", random.Random(3), 0
    np.save(path, np.random.default_rng(0).standard_normal((4, 8)).astype(np.float32))
    raw = path.read_bytes()
    for _ in range(200):
        content = bytearray(raw)
        match dice.randrange(3):
            case 0:
                del content[dice.randrange(len(content)) :]
            case 1:
                for _ in range(dice.choice((1, 3, 10))):
                    content[dice.randrange(128)] = dice.randrange(256)
            case _:
                place = dice.randrange(100)
                content[place:place] = dice.randbytes(dice.randrange(1, 9))
        path.write_bytes(content)
        try:
            assert read_latents(path, 8).shape[1] == 8
        except RequestError:
            refused += 1
    assert refused > 130

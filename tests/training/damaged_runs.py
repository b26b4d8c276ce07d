"""A run's folder, damaged in one of many ways, the same each time for a number.

It is what a full disk, a careless hand, another program or somebody who means harm makes of its files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 3.5, 2**31, 2**63, 10**30, 10**400, -(10**400), float("inf"), float("nan"), "", "7", "step-1",
    "step-" + "9" * 30, "../../up", "\x1b[2J", "ü\udcff", [], {}, [[]], {"x": []}, ["a", 1], "x" * 3000,
)  # fmt: skip
NUMBERS = ("1e999", "-1e999", "NaN", "Infinity", "1" * 350, "9" * 5000, "0x1f", "01", "1e-400", "2147483648")


def damage(run: Path, number: int) -> str:
    """Do something to the files of the run in place, and say what."""
    random = Random(number)
    file = random.choice(sorted(path for path in run.rglob("*") if path.is_file() and path.suffix not in (".png",)))
    indexed = sorted(run.glob("checkpoints/*/training/index.json"))
    unsealed = random.random() < 0.5
    if unsealed and file not in indexed:
        for index in indexed:
            index.unlink()
    ways = _OF_TEXT if file.suffix in (".json", ".jsonl", ".yaml") else _OF_BYTES
    way = random.choice(ways)
    way(file, random)
    return f"{file.relative_to(run)}: {way.__name__.strip('_')}{', no index' if unsealed else ''}"


def _cut(file: Path, random: Random) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: random.randrange(len(content) + 1)])


def _flip_bits(file: Path, random: Random) -> None:
    content = bytearray(file.read_bytes() or b"x")
    for _ in range(random.choice((1, 3, 20))):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    file.write_bytes(content)


def _random_bytes(file: Path, random: Random) -> None:
    file.write_bytes(random.randbytes(random.randrange(200)))


def _remove(file: Path, random: Random) -> None:
    file.unlink()


def _make_a_folder(file: Path, random: Random) -> None:
    file.unlink()
    file.mkdir()


def _make_a_loop(file: Path, random: Random) -> None:
    file.unlink()
    file.symlink_to(file.name)


def _nest(file: Path, random: Random) -> None:
    inside = random.choice(("[", '{"a":', "[[", '{"spec":'))
    deep = inside * random.choice((50, 900, 100_000))
    file.write_text(random.choice((deep, f'{{"name": {deep}', f'{{"spec": {deep}')), encoding="utf-8")


def _foreign(file: Path, random: Random) -> None:
    file.write_text(json.dumps(random.choice(ODD[:5] + ODD[12:])), encoding="utf-8", errors="surrogatepass")


def _change_a_value(file: Path, random: Random) -> None:
    """One value of the document becomes another one, of whatever kind."""
    if file.suffix == ".yaml":
        _change_a_word(file, random)
        return
    lines = file.read_text(encoding="utf-8").splitlines() if file.suffix == ".jsonl" else [file.read_text("utf-8")]
    index = random.randrange(len(lines)) if lines else 0
    data = json.loads(lines[index])
    places = list(_places(data))
    holder, key = random.choice(places)
    how = random.random()
    if how < 0.15:
        del holder[key]
    elif how < 0.3:
        holder[random.choice(("extra", "step", "spec")) if isinstance(holder, dict) else 0] = random.choice(ODD)
    else:
        holder[key] = random.choice(ODD)
    lines[index] = json.dumps(data)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _change_a_word(file: Path, random: Random) -> None:
    """One number or word of the text becomes something that a reader of numbers stumbles over."""
    words = file.read_text(encoding="utf-8").split(" ")
    words[random.randrange(len(words))] = random.choice(NUMBERS) + random.choice(("", ",", "\n", ":"))
    file.write_text(" ".join(words), encoding="utf-8")


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(items):
        yield data, key
        yield from _places(value)


_OF_BYTES: tuple[Callable[[Path, Random], None], ...] = (
    _cut, _flip_bits, _random_bytes, _remove, _make_a_folder, _make_a_loop,
)  # fmt: skip
_OF_TEXT = (*_OF_BYTES, _nest, _foreign, *[_change_a_value] * 8, *[_change_a_word] * 3)


def damaged_copy(run: Path, place: Path, number: int) -> str:
    """A copy of the run at `place`, damaged."""
    shutil.copytree(run, place, symlinks=True)
    return damage(place, number)

"""Damaged weights in every kind of folder: the image of the undamaged ones or one message, never another image."""

from __future__ import annotations

import json
import logging
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hitzoo.errors import HitzooError
from hitzoo.files import atomic_folder
from hitzoo.hub.model_card import Terms
from hitzoo.hub.upload import prepare
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.load import load
from hitzoo.sampling.publish import publication
from hitzoo.zoo.checkpoint_index import write_index
from hitzoo.zoo.model_folder import write_model
from hitzoo.zoo.model_layout import WEIGHTS_NAME

DAMAGES = 110  # of each kind of folder


def bare(folder: Path, generator: Generator) -> Path:
    with atomic_folder(folder) as temporary:
        write_model(temporary, generator.spec, generator.plan, generator.module.state_dict(), seed=0, step=0)
    return folder


def without_checksum(folder: Path, generator: Generator) -> Path:
    """A checkpoint of before weights had a checksum of their own: its index has it."""
    place = run(folder, generator) / "checkpoints" / "step-00000002"
    raw = (place / WEIGHTS_NAME).read_bytes()
    begin = raw.index(b'\\"sha256\\": \\"')
    end = raw.index(b",", begin) + 2
    length = int.from_bytes(raw[:8], "little")
    header = (raw[8:begin] + raw[end : 8 + length]).ljust(length)
    (place / WEIGHTS_NAME).write_bytes(raw[:8] + header + raw[8 + length :])
    (place / "training" / "index.json").unlink()
    write_index(place)
    return place


def checkpoint(folder: Path, generator: Generator) -> Path:
    return run(folder, generator) / "checkpoints" / "step-00000002"


def run(folder: Path, generator: Generator) -> Path:
    for step in (1, 2):
        place = bare(folder / "checkpoints" / f"step-{step:08d}", generator)
        (place / "training").mkdir()
        write_index(place)
    shutil.rmtree(folder / "checkpoints" / "step-00000001")  # an older one would take the damaged one's place
    return folder


def published(folder: Path, generator: Generator) -> Path:
    model = bare(folder.with_name("unpublished"), generator)
    folder.with_name("draft").mkdir()
    release = prepare(publication(model, "acme/tiny", Terms(license="mit")), folder.with_name("draft"))
    for name, path in release.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    return folder


def damage(raw: bytes, random: random.Random) -> bytes:
    """One of the ways in which files are damaged on the way or on the disk."""
    content, length = bytearray(raw), len(raw)
    header = int.from_bytes(raw[:8], "little") + 8
    match random.randrange(7):
        case 0:  # bits of the body
            for _ in range(random.choice((1, 1, 3, 20))):
                content[random.randrange(header, length)] ^= 1 << random.randrange(8)
        case 1:  # bits of the header
            for _ in range(random.choice((1, 1, 3))):
                content[random.randrange(header)] ^= 1 << random.randrange(8)
        case 2:
            del content[random.randrange(length) :]
        case 3:  # a block of zeros, or of what was there before
            begin = random.randrange(length)
            content[begin : begin + 512] = bytes(random.choice((0, 255)) for _ in content[begin : begin + 512])
        case 4:  # two blocks of the body change places
            one, two = sorted(random.randrange(header, length - 64) for _ in range(2))
            content[one : one + 32], content[two : two + 32] = content[two : two + 32], content[one : one + 32]
        case 5:  # a relabelled tensor
            content = bytearray(raw.replace(b'"F32"', random.choice((b'"I32"', b'"U32"')), random.randrange(1, 9)))
        case _:
            content += bytes(random.randrange(1, 9))
    return bytes(content)


@pytest.mark.parametrize("make", [bare, checkpoint, without_checksum, run, published])
def test_damaged_weights_never_give_another_image(
    make: Callable[[Path, Generator], Path],
    tiny_generator: Callable[..., Generator],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    folder = make(tmp_path / "model", tiny_generator())
    (weights,) = folder.rglob(WEIGHTS_NAME)
    raw, wanted = weights.read_bytes(), load(folder, device="cpu").sample(seeds=[0, 1]).raw
    dice, refused, same = random.Random(11), 0, 0
    for _ in range(DAMAGES):
        weights.write_bytes(damage(raw, dice))
        try:
            found = load(folder, device="cpu").sample(seeds=[0, 1]).raw
        except HitzooError:
            refused += 1
        else:
            assert np.array_equal(found, wanted)
            same += 1
    assert refused > 0.8 * DAMAGES
    weights.write_bytes(raw)
    assert np.array_equal(load(folder, device="cpu").sample(seeds=[0, 1]).raw, wanted)


def test_file_of_before_there_were_checksums_still_loads(
    tiny_generator: Callable[..., Generator], tmp_path: Path
) -> None:
    place = without_checksum(tmp_path / "run", tiny_generator())
    header = (place / WEIGHTS_NAME).read_bytes()
    assert b"sha256" not in header
    assert json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["__metadata__"]
    assert np.isfinite(load(place, device="cpu").sample().raw).all()

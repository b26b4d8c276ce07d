from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from hitzoo.errors import DataError, UnreadableImage
from hitzoo.runtime.shard import Shard
from hitzoo.spec.types import DataSpec
from hitzoo.training.engine.batches import batches
from hitzoo.training.engine.stream import TrainingStream, to_real

SIDE = 4


class Numbered:
    """Image i is i everywhere, brighter at the right; some cannot be read."""

    location = "numbered"

    def __init__(self, count: int, broken: tuple[int, ...] = ()) -> None:
        self.count, self.broken = count, broken

    def __len__(self) -> int:
        return self.count

    def label(self, index: int) -> str:
        return f"{index}.png"

    def read(self, index: int) -> Image.Image:
        if index in self.broken:
            raise UnreadableImage(self.label(index), "it is broken")
        pixels = np.full((SIDE, SIDE, 3), index, np.uint8)
        pixels[:, -1] += 100
        return Image.fromarray(pixels)

    def fingerprint(self) -> str:
        return "numbered"


def stream(count: int = 10, *, broken: tuple[int, ...] = (), seed: int = 0, **data: object) -> TrainingStream:
    return TrainingStream(Numbered(count, broken), DataSpec(**data), SIDE, seed)


def number(pixels: np.ndarray) -> int:
    return int(pixels[..., 1:3, :].min())


def numbers(given: TrainingStream, first: int, last: int) -> list[int]:
    return [number(given[position][0]) for position in range(first, last)]


def collect(given: TrainingStream, first: int, last: int, workers: int = 0) -> torch.Tensor:
    return torch.stack([b.images for b in batches(given, first=first, last=last, batch_size=3, workers=workers)])


def test_every_epoch_is_a_permutation_of_its_own() -> None:
    epochs = [numbers(stream(), 10 * epoch, 10 * epoch + 10) for epoch in range(4)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert numbers(stream(seed=1), 0, 10) != epochs[0]


def test_a_position_alone_decides_the_image_and_its_draws() -> None:
    forwards = [stream()[position][0] for position in range(25)]
    given = stream()
    for position in reversed(range(25)):
        assert np.array_equal(given[position][0], forwards[position])


def test_flips_are_drawn_by_position_not_by_image() -> None:
    given = stream(1)
    mirrored = [bool(given[position][0][0, 0, 0] == 100) for position in range(200)]
    assert 70 < sum(mirrored) < 130
    kept = stream(1, flip=False)
    assert not any(kept[position][0][0, 0, 0] == 100 for position in range(50))


def test_batches_are_consecutive_positions() -> None:
    images = collect(stream(), 0, 4)
    assert images.shape == (4, 3, SIDE, SIDE, 3)
    assert images.dtype == torch.uint8
    expected = [stream()[position][0] for position in range(12)]
    assert np.array_equal(images.flatten(0, 1).numpy(), np.stack(expected))


def test_worker_processes_make_the_same_stream() -> None:
    assert torch.equal(collect(stream(), 0, 5), collect(stream(), 0, 5, workers=2))


def test_a_resumed_stream_goes_on_where_it_was() -> None:
    assert torch.equal(collect(stream(), 0, 7)[4:], collect(stream(), 4, 7))


@pytest.mark.parametrize("workers", [0, 1])
def test_an_unreadable_file_stops_the_run_by_name(workers) -> None:
    with pytest.raises(DataError, match=r"7\.png: not a readable image.*data\.on_error=skip") as caught:
        collect(stream(broken=(7,)), 0, 4, workers=workers)
    assert not isinstance(caught.value, UnreadableImage)


def test_batches_before_the_unreadable_file_are_still_given() -> None:
    order = numbers(stream(), 0, 10)
    given = batches(stream(broken=(order[7],)), first=0, last=4, batch_size=3, workers=0)
    assert len([next(given), next(given)]) == 2
    with pytest.raises(DataError):
        next(given)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_unreadable_file_gives_way_to_the_next_of_its_epoch(workers) -> None:
    order = numbers(stream(), 0, 10)
    broken = stream(broken=(order[4],), on_error="skip")
    read = list(batches(broken, first=0, last=3, batch_size=3, workers=workers))
    seen = [number(image) for batch in read for image in batch.images.numpy()]
    assert seen == [*order[:4], order[5], *order[5:9]]
    assert [[error.name for error in batch.unreadable] for batch in read] == [[], [f"{order[4]}.png"], []]
    assert read[1].unreadable[0].reason == "it is broken"


def test_the_last_of_an_epoch_gives_way_to_the_first() -> None:
    order = numbers(stream(), 0, 10)
    assert number(stream(broken=(order[9],), on_error="skip")[9][0]) == order[0]


@pytest.mark.parametrize("on_error", ["skip", "stop"])
def test_nothing_readable_is_an_error(on_error) -> None:
    message = r"numbered: .*\b3\b.*readable image" if on_error == "skip" else "png: not a readable image"
    with pytest.raises(DataError, match=message):
        collect(stream(3, broken=(0, 1, 2), on_error=on_error), 0, 1)


def test_bytes_become_numbers_from_minus_one_to_one() -> None:
    images = torch.arange(2 * 2 * 2 * 3, dtype=torch.uint8).view(2, 2, 2, 3)
    images[0, 0, 0, 0], images[1, 1, 1, 2] = 0, 255
    real = to_real(images, torch.device("cpu"))
    assert real.shape == (2, 3, 2, 2)
    assert real.dtype == torch.float32
    assert real.is_contiguous(memory_format=torch.channels_last)
    assert (real.min().item(), real.max().item()) == (-1, 1)
    assert real[1, 0, 0, 1].item() == pytest.approx(images[1, 0, 1, 0].item() / 127.5 - 1)


@pytest.mark.parametrize("workers", [0, 1])
def test_shards_of_the_batches_together_are_the_batches(workers) -> None:
    whole = [batch.images for batch in batches(stream(), first=1, last=3, batch_size=6, workers=0)]
    for index in range(3):
        shard = Shard(index, 3)
        own = list(batches(stream(), first=1, last=3, batch_size=6, workers=workers, shard=shard))
        assert [torch.equal(batch.images, images[index::3]) for batch, images in zip(own, whole, strict=True)] == [
            True,
            True,
        ]


def test_maps_may_lie_channel_by_channel() -> None:
    images = torch.randint(0, 256, (2, 4, 4, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    plain = to_real(images, torch.device("cpu"), channels_last=False)
    assert plain.is_contiguous()
    assert torch.equal(plain, to_real(images, torch.device("cpu")))

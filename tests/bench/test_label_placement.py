from __future__ import annotations

import itertools
import random

import pytest

from hitzoo.bench.label_placement import Box, place_labels

FRAME = Box(0, 0, 640, 440)
SIZE = (110.0, 16.0)


def test_lone_label_is_right_of_its_point_at_half_its_height() -> None:
    (box,) = place_labels([(200.0, 200.0)], [SIZE], FRAME)
    assert box.left > 200
    assert (box.low + box.high) / 2 == pytest.approx(200)


def test_label_at_the_edge_turns_inwards() -> None:
    (box,) = place_labels([(630.0, 200.0)], [SIZE], FRAME)
    assert box.right < 630


@pytest.mark.parametrize("seed", range(8))
def test_labels_cover_neither_each_other_nor_a_point(seed: int) -> None:
    """Eight points, half of them in a cluster smaller than a label."""
    rng = random.Random(seed)
    points = [(rng.uniform(300, 360), rng.uniform(200, 240)) for _ in range(4)]
    points += [(rng.uniform(20, 620), rng.uniform(20, 420)) for _ in range(4)]
    boxes = place_labels(points, [SIZE] * 8, FRAME, radius=5)
    assert max(one.common(other) for one, other in itertools.combinations(boxes, 2)) < 1
    discs = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    assert max(box.common(disc) for box, disc in itertools.product(boxes, discs)) < 1
    assert all(box.area - box.common(FRAME) < 1 for box in boxes)

from __future__ import annotations

import torch

from hitzoo.layers.inputs import classes_of


def test_every_number_is_of_a_class() -> None:
    numbers = torch.tensor([float("nan"), -float("inf"), float("inf"), -0.8, 0.8])
    classes = classes_of(numbers, 3).tolist()
    assert classes[1:] == [0, 2, 0, 2]
    assert 0 <= classes[0] < 3

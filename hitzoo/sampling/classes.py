"""Classes of images: those to make, and those that rows of inputs stand for.

N images.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from statistics import NormalDist

import numpy as np
import torch
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.layers.inputs import classes_of
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.ports import Labels, Port, columns_of
from hitzoo.sampling.ranges import Listed, parse_ranges, shortened

_LISTED = Listed(option="--classes", noun="class", largest=10**9, example="3 or 0-9,12")


def parse_classes(text: str) -> list[int]:
    """`0-9,12` as a list: single classes and inclusive ranges, in the order written.

    Raises:
        RequestError: a part is neither, or there are more than ten million.
    """
    return parse_ranges(text, _LISTED)


def chosen_classes(classes: int | Iterable[int], plan: ModelPlan) -> list[int]:
    """One class or several as a list, if the plan's generator has them.

    Raises:
        RequestError: it has no classes, or not this one; or something that is no class.
    """
    count = class_count(plan.generator.takes)
    if not count:
        raise RequestError(
            f"{plan.name} has no classes to choose from: its generator, of the family {plan.generator.family}, takes"
            " latents alone; leave the classes out"
        )
    found = _as_list(classes)
    for number in found:
        if not 0 <= number < count:
            raise RequestError(f"class {number} is out of range; {plan.name} has {count} classes, 0 to {count - 1}")
    return found


def class_count(ports: Iterable[Port]) -> int:
    """Classes of which a row of inputs holds one; 0 where it holds none."""
    found = _label_column(ports)
    return 0 if found is None else found[0]


def with_classes(rows: NDArray[np.float32], classes: Sequence[int], ports: Iterable[Port]) -> NDArray[np.float32]:
    """Put classes into rows of inputs (N, input_width), whose other numbers stay.

    They are gone through by image in turn, and begun again where they end. A row alone is taken for each of them.

    Raises:
        RequestError: there are more classes than rows, of which there are several.
    """
    found = _label_column(ports)
    assert found is not None, "classes were chosen of a generator that has some"
    count, column = found
    if len(rows) != 1 and len(classes) > max(len(rows), 1):
        raise RequestError(
            f"{len(classes):,} classes for {len(rows):,} images; give as many or fewer, which are gone through by image"
            " in turn, or one seed or latent, of which each class makes an image"
        )
    images = len(classes) if len(rows) == 1 else len(rows)
    middles = [NormalDist().inv_cdf((number + 0.5) / count) for number in classes]
    chosen = np.repeat(rows, images, axis=0) if len(rows) == 1 else rows.copy()
    chosen[:, column] = np.resize(np.asarray(middles, np.float32), images)
    return chosen


def classes_of_rows(rows: NDArray[np.float32], ports: Iterable[Port]) -> list[int] | None:
    """Class of each row of inputs (N, input_width); None where the generator has no classes."""
    found = _label_column(ports)
    if found is None:
        return None
    count, column = found
    classes: list[int] = classes_of(torch.from_numpy(np.ascontiguousarray(rows[:, column])), count).tolist()
    return classes


def _label_column(ports: Iterable[Port]) -> tuple[int, int] | None:
    """The count of classes, and the place in a row of the number that stands for one."""
    for port, columns in columns_of(ports):
        if isinstance(port, Labels):
            return port.count, columns.start
    return None


def _as_list(classes: int | Iterable[int]) -> list[int]:
    try:
        return [index(classes)]  # type: ignore[arg-type]  # an integer of Python, NumPy or torch
    except TypeError:
        pass
    try:
        found = [index(number) for number in classes]  # type: ignore[union-attr]
    except TypeError:
        raise RequestError(
            f"classes {shortened(repr(classes))}: give a class or several, as classes=3 or classes=range(10)"
        ) from None
    if not found:
        raise RequestError("classes: there are none; give a class or several, as classes=3 or classes=range(10)")
    return found

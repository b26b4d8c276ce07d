"""Feature extraction: one pass over the images for all networks, memory bounded by the features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch

from hitzoo.evaluation.metrics import FeatureKind
from hitzoo.evaluation.pictures import RGB, ImageSet
from hitzoo.evaluation.sharing import shard_batches
from hitzoo.runtime.float32_precision import float32_precision
from hitzoo.runtime.shard import WHOLE, Shard


class FeatureNetwork(Protocol):
    """Turns each image into a row of numbers, the same in any batch up to rounding.

    `name` changes when the numbers do.
    """

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image's features."""
        ...

    def __call__(self, pictures: RGB, positions: Sequence[int]) -> torch.Tensor:
        """Map bytes (B, R, R, 3) at these positions of their set to float32 (B, *shape) on the CPU."""
        ...


def extract(
    pictures: ImageSet,
    networks: Mapping[FeatureKind, FeatureNetwork],
    *,
    batch_size: int,
    shard: Shard = WHOLE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[FeatureKind, torch.Tensor]:
    """Extract features (N, *shape) of the images in this shard's batches, one after the other, for each network.

    N is smaller than the number of images if unreadable ones are left out.
    """
    batches = shard_batches(shard, len(pictures), batch_size)
    total, done, filled = sum(map(len, batches)), 0, 0
    rows = {kind: torch.empty(total, *network.shape) for kind, network in networks.items()}
    progress(0, total)
    for part in filter(len, batches):
        batch = pictures.read(part)
        if len(batch):
            with exact_float32():
                for kind, network in networks.items():
                    rows[kind][filled : filled + len(batch)] = network(batch, part[: len(batch)])
        filled += len(batch)
        done += len(part)
        progress(done, total)
    return {kind: values[:filled] for kind, values in rows.items()}


@contextmanager
def exact_float32() -> Iterator[None]:
    """Use full float32 and deterministic algorithms on CUDA, whatever training has set; a no-op elsewhere."""
    cudnn = torch.backends.cudnn  # whose `flags` reads settings that raise for some programs
    before = cudnn.benchmark, cudnn.deterministic
    cudnn.benchmark, cudnn.deterministic = False, True
    try:
        with torch.inference_mode(), float32_precision("ieee"):
            yield
    finally:
        cudnn.benchmark, cudnn.deterministic = before

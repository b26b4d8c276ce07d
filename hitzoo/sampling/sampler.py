"""Images by seed: the same latent, and with it the same image, in any batch on any machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Literal, TypeAlias, overload

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from hitzoo.arguments import whole_number
from hitzoo.errors import RequestError
from hitzoo.runtime.float32_precision import inference_precision
from hitzoo.sampling.classes import chosen_classes, with_classes
from hitzoo.sampling.latents import as_latents, check_truncation, latents_of_seeds
from hitzoo.sampling.module import GeneratorModule
from hitzoo.sampling.pictures import not_finite
from hitzoo.sampling.samples import Samples
from hitzoo.sampling.style_mixing import Mix, mixed
from hitzoo.sampling.truncation import truncation as truncation_of

Output: TypeAlias = Literal["samples", "pil", "np", "pt"]
_OUTPUTS = ("samples", "pil", "np", "pt")
_PIXELS_AT_ONCE = 1 << 20  # output pixels of one batch: 16 images of 256², 1 of 1024²
_PIXELS_AT_ONCE_ON_CPU = 1 << 16  # more is no faster there, and a batch is soon done: 64 images of 32², 1 of 256²


class Sampler(GeneratorModule):
    """A network that makes one image per seed."""

    @property
    def default_batch_size(self) -> int:
        """Images per batch: as many as make a million pixels, on a CPU a sixteenth of that."""
        pixels = _PIXELS_AT_ONCE_ON_CPU if self.device.type == "cpu" else _PIXELS_AT_ONCE
        return max(1, pixels // self.plan.resolution**2)

    @overload
    def sample(
        self,
        seeds: Iterable[int] | None = None,
        *,
        latents: ArrayLike | torch.Tensor | None = None,
        classes: int | Iterable[int] | None = None,
        truncation: float = 1.0,
        batch_size: int | None = None,
        output: Literal["samples"] = "samples",
        progress: Callable[[int], None] | None = None,
    ) -> Samples: ...

    @overload
    def sample(
        self,
        seeds: Iterable[int] | None = None,
        *,
        latents: ArrayLike | torch.Tensor | None = None,
        classes: int | Iterable[int] | None = None,
        truncation: float = 1.0,
        batch_size: int | None = None,
        output: Literal["pil"],
        progress: Callable[[int], None] | None = None,
    ) -> list[Image.Image]: ...

    @overload
    def sample(
        self,
        seeds: Iterable[int] | None = None,
        *,
        latents: ArrayLike | torch.Tensor | None = None,
        classes: int | Iterable[int] | None = None,
        truncation: float = 1.0,
        batch_size: int | None = None,
        output: Literal["np"],
        progress: Callable[[int], None] | None = None,
    ) -> NDArray[np.float32]: ...

    @overload
    def sample(
        self,
        seeds: Iterable[int] | None = None,
        *,
        latents: ArrayLike | torch.Tensor | None = None,
        classes: int | Iterable[int] | None = None,
        truncation: float = 1.0,
        batch_size: int | None = None,
        output: Literal["pt"],
        progress: Callable[[int], None] | None = None,
    ) -> torch.Tensor: ...

    def sample(
        self,
        seeds: Iterable[int] | None = None,
        *,
        latents: ArrayLike | torch.Tensor | None = None,
        classes: int | Iterable[int] | None = None,
        truncation: float = 1.0,
        batch_size: int | None = None,
        output: Output = "samples",
        progress: Callable[[int], None] | None = None,
    ) -> Samples | list[Image.Image] | NDArray[np.float32] | torch.Tensor:
        """Generate one image per seed, or per row of `latents`; no gradient is computed (call the generator for one).

        Args:
            seeds: 0 to 2³²−1 each; default seed 0 alone.
            latents: (N, latent_dim), of any array or a tensor on any device, instead of seeds. For a generator with
                noise: (N, latent_dim + 1), or without the key of the noise an image without noise. For one with
                classes: (N, latent_dim + 1), or without the last number where `classes` are given.
            classes: the class of every image, or several that are gone through by image in turn and begun again where
                they end; of a single seed or latent each class makes an image. By default the seed draws the class, or
                the latents hold it. The same seed keeps its latent and its noise in every class.
            truncation: factor of the latent; where the generator maps it to a style (HiT does not), StyleGAN's ψ
                towards the mean style.
            batch_size: images per batch; by default as many as make a million pixels, 65,536 on a CPU.
            output: `samples` for `Samples`; `pil` for a list of pictures; `np` for float32 (N, R, R, C); `pt` for a
                float32 tensor [N, C, R, R] on the generator's device, as calling it gives. Numbers are about -1 to 1
                and not clipped: `(x + 1) / 2` is what torchvision and diffusers call an image.
            progress: called after each batch with the number of images in it.

        Returns:
            The images in the order of the seeds, in the form that `output` names.

        Raises:
            RequestError: seeds and latents together, a wrong shape, a truncation or an output that is not possible,
                classes that the generator does not have or more of them than images, or a generator in training mode.
            WeightsError: an image is not finite.
        """
        if output not in _OUTPUTS:
            raise RequestError(f"output {output!r} is not possible; possible: {', '.join(_OUTPUTS)}")
        check_truncation(truncation)
        rows = self._latents(seeds, latents, classes)
        size = self.default_batch_size if batch_size is None else whole_number("batch_size", batch_size, 1)
        with truncation_of(self.module, rows, self.plan.generator.takes, truncation) as z:
            return self._collected(z, self._batches(z, size, progress), output)

    def mixing(self, seed: int, place: int) -> AbstractContextManager[None]:
        """Let images that are made inside take the style of another seed from a place on (style mixing).

        Places are those that take a style, from 0, the coarsest: in StyleSwin its blocks, in StyleGAN2 its layers.

        Raises:
            RequestError: on entering, where the generator has no such place.
        """
        return mixed(self.module, self.plan.generator, Mix(seed, place))

    def _collected(
        self, z: NDArray[np.float32], batches: Iterator[tuple[slice, torch.Tensor]], output: Output
    ) -> Samples | list[Image.Image] | NDArray[np.float32] | torch.Tensor:
        """The images of all batches in the form that `output` names."""
        side, channels = self.plan.resolution, self.plan.image_channels
        if output == "pt":
            parts = [images for _, images in batches]
            # Outside inference mode, so that the result may take part in a gradient.
            return torch.cat(parts) if parts else torch.empty(0, channels, side, side, device=self.device)
        raw = np.empty((len(z), side, side, channels), dtype=np.float32)
        for part, images in batches:
            raw[part] = images.permute(0, 2, 3, 1).cpu().numpy()
        samples = Samples(raw, z)
        return samples if output == "samples" else list(samples) if output == "pil" else samples.raw

    def images(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute one batch: (B, latent_dim) to (B, R, R, C), not clipped; a WeightsError where one is not finite."""
        return self._images(latents).permute(0, 2, 3, 1).cpu().numpy()

    @torch.inference_mode()
    def _images(self, latents: NDArray[np.float32]) -> torch.Tensor:
        if self.training or self.module.training:
            raise RequestError("a generator in training mode has no image of a seed; call .eval() before sampling")
        with inference_precision(self.device):
            output: torch.Tensor = self(torch.from_numpy(latents).to(self.device))
        if not output.isfinite().all():  # on the device, where it is quick
            raise not_finite(self.name)
        return output.float()

    def _batches(
        self, z: NDArray[np.float32], size: int, progress: Callable[[int], None] | None
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        for start in range(0, len(z), size):
            part = slice(start, min(start + size, len(z)))
            yield part, self._images(z[part])
            if progress is not None:
                progress(part.stop - part.start)

    def _latents(
        self,
        seeds: Iterable[int] | None,
        latents: ArrayLike | torch.Tensor | None,
        classes: int | Iterable[int] | None = None,
    ) -> NDArray[np.float32]:
        width, ports = self.plan.input_width, self.plan.generator.takes
        chosen = None if classes is None else chosen_classes(classes, self.plan)
        if latents is None:
            rows = latents_of_seeds([0] if seeds is None else seeds, width)
        elif seeds is None:
            rows = as_latents(latents, width, ports, classes_follow=chosen is not None)
        else:
            raise RequestError("give seeds or latents, not both")
        return rows if chosen is None else with_classes(rows, chosen, ports)

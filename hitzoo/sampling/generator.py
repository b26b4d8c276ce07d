"""The generator: the public face of a model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from numpy.typing import ArrayLike

from hitzoo.errors import RequestError
from hitzoo.families.build import allocate_generator, build_generator
from hitzoo.hub.bars import Progress
from hitzoo.hub.locate import locate
from hitzoo.hub.model_card import Terms
from hitzoo.hub.publication import publication_of
from hitzoo.hub.upload import Published, upload
from hitzoo.runtime.device import choose_device
from hitzoo.sampling.card_samples import save_card_samples
from hitzoo.sampling.fast import fast_network
from hitzoo.sampling.label import label_of
from hitzoo.sampling.latents import check_truncation
from hitzoo.sampling.pictures import finite
from hitzoo.sampling.region import region_of
from hitzoo.sampling.render import TILE, Renderer, View
from hitzoo.sampling.sampler import Sampler
from hitzoo.sampling.samples import Samples
from hitzoo.sampling.truncation import truncation as truncation_of
from hitzoo.sampling.weights_digest import weights_digest
from hitzoo.targets import folder_target
from hitzoo.zoo.model_folder import ModelFolder, load_generator, open_model, write_model
from hitzoo.zoo.model_layout import MODEL_FILES
from hitzoo.zoo.repo_name import is_repo_name
from hitzoo.zoo.weights import check_fit, read_metadata


class Generator(Sampler):
    """A model's generator with its weights: a `torch.nn.Module` that makes images.

        generator = hitzoo.load("hit-ti-shapes32")
        generator.sample(seeds=range(4))[0].save("shape.png")
        generator(torch.randn(8, 64))                      # [8, 3, 32, 32], with a gradient to the latents

    It comes in evaluation mode with `requires_grad` off; `.to`, `.half`, `.parameters`, `.state_dict` and `deepcopy`
    work as of any module, and the names of the weights are those of `model.safetensors`.

    Attributes:
        spec: what was written.
        plan: what was built from it: `plan.resolution`, `.image_channels`, `.latent_dim`, …
        module: the network itself, which shares its weights with the generator.
        origin: the repository and commit on the Hub that it came from; empty for others.
        metadata: what the header of its weights says: the step, the seed, …
    """

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        *,
        revision: str | None = None,
        device: str | torch.device = "auto",
        progress: Progress | None = None,
    ) -> Generator:
        """Load a trained model, as `hitzoo.load` does.

        Args:
            model: as for `hitzoo.load`.
            revision: tag, branch or commit of a model on the Hub.
            device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
            progress: called with (bytes done, bytes in all) while weights come from the Hub.

        Raises:
            RequestError: a revision of something that is not named as on the Hub.
            UnknownNameError, WeightsError, HubError: as `hitzoo.load`.
        """
        if revision is not None and (isinstance(model, Path) or not is_repo_name(f"{model}@{revision}")):
            raise RequestError(f"revision {revision} of {model}: only ORG/NAME on the Hub has revisions")
        name = model if revision is None else f"{model}@{revision}"
        where = choose_device(device)
        found = locate(name, progress=progress)
        return cls.from_folder(found, where, label=label_of(found, name))

    @classmethod
    def from_folder(
        cls, folder: ModelFolder | str | Path, device: str | torch.device = "auto", *, label: str = ""
    ) -> Generator:
        """Load the generator of a model folder.

        Args:
            folder: a folder with `config.json` and `model.safetensors`, or one that was located already.
            device: as for `from_pretrained`.
            label: the name of files made by it; by default the spec's.

        Raises:
            WeightsError: the weights are missing, damaged or of another network.
        """
        found = folder if isinstance(folder, ModelFolder) else open_model(Path(folder))
        where = choose_device(device)
        with torch.device("meta"):
            module = build_generator(found.plan)
        check_fit(found.weights, module)  # before it takes memory
        module = allocate_generator(found.plan, module)
        weights = load_generator(found, module)
        metadata = read_metadata(found.weights)
        return cls(
            found.spec, found.plan, module, where, origin=found.origin, metadata=metadata, label=label, weights=weights
        )

    def save_pretrained(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write the model as a folder that `hitzoo.load` takes: `config.json` and `model.safetensors`, in float32.

        The folder appears whole or not at all. The same model again is no change.

        Args:
            folder: where to; made where it does not exist.
            force: replace another model that is there.

        Returns:
            The folder.

        Raises:
            RequestError: an optimized generator, whose weights are products of the model's.
            OutputError: the folder holds something else, or cannot be written.
        """
        self._refuse_optimized("save")
        with folder_target(Path(folder), MODEL_FILES, force=force) as temporary:
            self._write(temporary)
        return Path(folder)

    def push_to_hub(
        self, repo_id: str, *, license: str, tag: str | None = None, private: bool = False, **terms: Any
    ) -> Published:
        """Publish the generator with its spec and a card: one commit, then the tag; nothing if it is there already.

        Args:
            repo_id: ORG/NAME.
            license: of the weights, as the Hub names licences; there is no default.
            tag: the version's name, such as v1.
            private: make a new repository private.
            terms: more for the card, as for `hitzoo.publish`: `data="FFHQ"`, `data_license="CC-BY-NC-SA-4.0"`, …

        Returns:
            The commit, its address and what changed.

        Raises:
            RequestError, HubError: as `hitzoo.publish`; or an optimized generator.
        """
        self._refuse_optimized("push")
        try:
            own = Terms(license=license, **terms)
        except TypeError:
            known = ", ".join(name for name in Terms.__dataclass_fields__ if name != "license")
            raise RequestError(
                f"{', '.join(terms)}: what can be said of a model besides its licence is {known}"
            ) from None
        with TemporaryDirectory(prefix="hitzoo-push-") as folder:
            self._write(Path(folder))
            found = open_model(Path(folder))
            return upload(publication_of(found, repo_id, own, draw=Drawing(found)), tag=tag, private=private)

    def fast(self, precision: str = "float32", *, keeps_memory: bool = False, graphs: int = 4) -> Generator:
        """Make the same model on the network optimized for inference (`hitzoo.sampling.fast`): the same images, faster.

        Gradients go through it to the latents. Its own weights are products of the model's: they have no gradient and
        cannot be saved, and it stays on its device.

        Args:
            precision: `float32`, or `bfloat16`, which moves nearly all pixels by at most one step of 256.
            keeps_memory: on a CPU, let the whole process keep memory that it frees from now on, which is faster still
                (`hitzoo.keep_freed_memory`).
            graphs: on CUDA, batch sizes that are replayed as CUDA graphs from their fourth batch on, at most; each
                keeps memory, and 0 suits a generator of few batches.

        Raises:
            RequestError: a precision other than these, a generator in training mode, or one that is optimized already.
        """
        network = fast_network(
            self.module, precision=precision, device=self.device, keeps_memory=keeps_memory, graphs=graphs
        )
        said: dict[str, Any] = {} if self.weights_changed else {"origin": self.origin, "metadata": self.metadata}
        said["weights"] = self.weights if self.dtype == torch.float32 else weights_digest(self.module)
        return type(self)(self.spec, self.plan, network, self.device, label=self._label, **said)

    def render(
        self,
        seeds: Iterable[int] | None = None,
        *,
        latents: ArrayLike | torch.Tensor | None = None,
        region: tuple[int, int, int, int] | None = None,
        level: int | None = None,
        size: int | None = None,
        tile: int | None = None,
        truncation: float = 1.0,
    ) -> Samples:
        """Render a rectangle of each image alone: its cost goes with its area (`hitzoo.sampling.render`).

        Args:
            seeds: 0 to 2³²−1 each; default seed 0 alone.
            latents: (N, latent_dim) instead of seeds.
            region: left, top, width, height in pixels; default the whole image.
            level: the image of a coarser stage, a preview; the region then counts in its pixels.
            size: pixels per side over which the whole image is spread, for generators that are a function of pixel
                coordinates (CIPS); the region then counts in them.
            tile: pixels per side that are computed at once, which bounds the memory; default 1024.
            truncation: as for `sample`.

        Raises:
            RequestError: the model's last stages mix pixels, or there is no such region or level.
        """
        wanted = None if region is None else region_of(region)
        view = View(region=wanted, level=level, size=size, tile=TILE if tile is None else tile)
        renderer = Renderer(self._optimized(), view, self.plan.pixel_range)
        check_truncation(truncation)
        rows, ports = self._latents(seeds, latents), self.plan.generator.takes
        with truncation_of(renderer.module, rows, ports, truncation) as z:
            return Samples(finite(renderer.images(torch.from_numpy(z).to(self.device)), self.name), z)

    def _optimized(self) -> torch.nn.Module:
        """The optimized network in float32, or in what this one is in already; made anew where weights have changed."""
        if self.is_fast:
            return self.module
        made_of = (self.device, self.dtype, self._versions())
        if self._made.get("of") != made_of:
            self._made = {"of": made_of, "network": self.fast().module}
        network: torch.nn.Module = self._made["network"]
        return network

    def _write(self, folder: Path) -> None:
        tensors = {
            name: tensor.float() if tensor.is_floating_point() else tensor
            for name, tensor in self.module.state_dict().items()
        }
        said = {} if self.weights_changed else self.metadata
        own = ("name", "architecture", "generator_plan", "pixel_range")  # written into every header anew
        more = {key: value for key, value in said.items() if key not in own}
        write_model(folder, self.spec, self.plan, tensors, **more)


class Drawing:
    """Draws the samples of a model's card: on the CPU, where the same weights give the same picture most widely."""

    def __init__(self, model: ModelFolder) -> None:
        self.model = model

    def __call__(self, path: Path, rows: int, columns: int) -> str:
        """Write the grid; what is odd about it."""
        return save_card_samples(Generator.from_folder(self.model, "cpu"), path, rows, columns)

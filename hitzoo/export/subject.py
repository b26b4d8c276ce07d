"""The subject of an export: a network with one input and one output, how it is traced, and how its file is checked."""

from __future__ import annotations

import copy
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.export import ExportedProgram

from hitzoo.export.trace import traced
from hitzoo.releases import release_of
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.spec.write import to_yaml


class Subject(Protocol):
    """A network on the CPU whose input and output have a dynamic batch.

    Attributes:
        input: name of the input.
        output: name of the output, which is what messages call a batch of it.
        owner: what the trained network is called in messages.
    """

    input: str
    output: str
    owner: str

    def metadata(self) -> dict[str, str]:
        """Return the file's metadata: enough to find the model, or to rebuild it from the spec."""

    def shapes(self) -> tuple[str, str]:
        """Write input and output with their shapes: `latents [batch, 512]`."""

    def traced(self) -> ExportedProgram:
        """Trace the network for any batch, without anything about this machine and without example inputs.

        Raises:
            RequestError: it is in training mode.
        """

    def inputs(self, first: int, batch: int) -> NDArray[Any]:
        """Return inputs number `first` and following, to check a file with; any two differ."""

    def outputs(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Compute what the trained network makes of inputs.

        Raises:
            WeightsError: it is not finite.
        """


class GeneratorSubject:
    """Latents [batch, input_width] -> images [batch, image_channels, R, R], by the optimized network."""

    input, output, owner = "latents", "images", "the generator"

    def __init__(self, generator: Generator) -> None:
        self.generator = _on_cpu(generator)

    def metadata(self) -> dict[str, str]:
        """Return what identifies the generator."""
        return metadata_of(self.generator)

    def shapes(self) -> tuple[str, str]:
        """Write the shapes of latents and images."""
        plan = self.generator.plan
        images = f"images [batch, {plan.image_channels}, {plan.resolution}, {plan.resolution}]"
        return f"latents [batch, {plan.input_width}]", images

    def traced(self) -> ExportedProgram:
        """Trace the optimized network."""
        return traced(self.generator)

    def inputs(self, first: int, batch: int) -> NDArray[np.float32]:
        """Return the latents of seeds."""
        return latents_of_seeds(range(first, first + batch), self.generator.plan.input_width)

    def outputs(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Compute images with the network as it was trained, not the optimized one that is exported."""
        return self.generator.sample(latents=inputs).raw.transpose(0, 3, 1, 2)


def metadata_of(generator: Generator) -> dict[str, str]:
    """Metadata of a generator's file: enough to find the model, or to rebuild it from the spec."""
    return {
        "hitzoo:version": release_of(),
        "hitzoo:model": generator.name,
        "hitzoo:from": generator.label,
        "hitzoo:weights": generator.weights,
        "hitzoo:plan": generator.plan.generator_hash,
        "hitzoo:spec": to_yaml(generator.spec),
    } | ({"hitzoo:repo": generator.origin} if generator.origin else {})


def _on_cpu(generator: Generator) -> Generator:
    """Copy the generator to the CPU: an accelerator may round float32 products, which the check would notice."""
    if generator.device.type == "cpu":
        return generator
    return Generator(
        generator.spec,
        generator.plan,
        copy.deepcopy(generator.module),
        torch.device("cpu"),
        origin=generator.origin,
        metadata=generator.metadata,
        label=generator.label,
        weights=generator.weights,
    )

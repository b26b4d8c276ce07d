"""A generator with recalibrated batch norms, made from one that is loaded."""

from __future__ import annotations

from copy import deepcopy

from hitzoo.arguments import whole_number
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.recalibration import Recalibration, recalibrate
from hitzoo.sampling.weights_digest import weights_digest


def recalibrated(generator: Generator, *, latents: int = 10_000, seed: int = 0) -> Generator:
    """Make the same generator with batch-norm statistics taken over whole batches of at least so many samples.

    The one given stays as it is. `metadata["recalibrated"]` has the number asked for.

    Raises:
        RequestError: a generator without batch norm, an optimized one, or fewer than 2 samples.
    """
    training = generator.spec.training
    how = Recalibration.of(generator.plan, training, whole_number("latents", latents, 2), whole_number("seed", seed, 0))
    copied = deepcopy(generator)
    recalibrate(copied.module, how)
    metadata = {} if generator.weights_changed else generator.metadata
    said = {**metadata, "recalibrated": how.latents}
    weights = weights_digest(copied.module)
    return Generator(generator.spec, generator.plan, copied.module, generator.device, metadata=said, weights=weights)

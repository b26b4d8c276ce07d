"""Every random draw of a run as a function of (seed, purpose, counter), so that no generator state exists to lose.

A run that is cut and resumed, or spread over more processes, draws what an undisturbed one draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    """What a draw is for; the numbers are part of the result and never change."""

    GENERATOR_WEIGHTS = 0
    DISCRIMINATOR_WEIGHTS = 1
    LATENTS = 2
    REGULARIZERS = 3
    ORDER = 4
    IMAGE = 5
    UPDATE = 6


def numpy_generator(seed: int, purpose: Purpose, counter: int) -> np.random.Generator:
    """A fresh generator for one draw."""
    return np.random.default_rng([seed, int(purpose), counter])


def torch_generator(seed: int, purpose: Purpose, counter: int) -> torch.Generator:
    """The same on the CPU for tensors."""
    state = np.random.SeedSequence([seed, int(purpose), counter]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


@contextmanager
def drawing_weights(seed: int, purpose: Purpose) -> Iterator[None]:
    """Modules built inside take their weights from (seed, purpose); the caller's random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch_generator(seed, purpose, 0).get_state())
        yield

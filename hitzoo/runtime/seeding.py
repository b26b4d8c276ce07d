"""Every random draw of a run as a function of (seed, purpose, counter): there is no generator state to save.

A run that is interrupted and resumed, or spread over more processes, draws the same numbers as an undisturbed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    """Purpose of a draw; the numbers are part of the result and never change."""

    GENERATOR_WEIGHTS = 0
    DISCRIMINATOR_WEIGHTS = 1
    LATENTS = 2
    REGULARIZERS = 3
    ORDER = 4
    IMAGE = 5
    UPDATE = 6
    RECALIBRATION = 7
    ENCODER_WEIGHTS = 8
    QUANTIZER_WEIGHTS = 9
    REVIVAL = 10


def numpy_generator(seed: int, purpose: Purpose, counter: int) -> np.random.Generator:
    """Create a generator for one draw."""
    return np.random.default_rng([seed, int(purpose), counter])


def torch_generator(seed: int, purpose: Purpose, counter: int) -> torch.Generator:
    """Create torch's CPU generator for one draw."""
    state = np.random.SeedSequence([seed, int(purpose), counter]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


@contextmanager
def drawing_weights(seed: int, purpose: Purpose) -> Iterator[None]:
    """Initialise modules built inside the block from (seed, purpose); the caller's random state is restored."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch_generator(seed, purpose, 0).get_state())
        yield

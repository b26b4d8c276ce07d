"""The time of one of the pictures that a run's grids and evaluations have: a sample, or a reconstruction."""

from __future__ import annotations

import time

import numpy as np
import torch

from hitzoo.plan.model import ModelPlan
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.generator import Generator
from hitzoo.spec.types import Spec
from hitzoo.training.engine.state import TrainState

GRID = 36


def seconds_per_picture(spec: Spec, plan: ModelPlan, state: TrainState, device: torch.device) -> float:
    """Make some pictures twice, and time the second time."""
    averages = {role: own[0].network for role, own in state.averages.items()}
    if plan.is_autoencoder:
        return _of_reconstructions(Autoencoder(spec, plan, averages, device))
    return _of_samples(Generator(spec, plan, averages["generator"], device))


def _of_samples(generator: Generator) -> float:
    count = min(GRID, generator.default_batch_size)
    generator.sample(seeds=range(count))
    began = time.perf_counter()
    generator.sample(seeds=range(count))
    return (time.perf_counter() - began) / count


def _of_reconstructions(autoencoder: Autoencoder) -> float:
    side, count = autoencoder.plan.resolution, min(GRID, autoencoder.default_batch_size)
    pictures = np.zeros((count, side, side, autoencoder.plan.image_channels), np.uint8)
    autoencoder.reconstruct(pictures)
    began = time.perf_counter()
    autoencoder.reconstruct(pictures)
    return (time.perf_counter() - began) / count

"""An update waits for its device once, when it reads whether all is finite; nothing else is read by waiting."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass
from inspect import isclass
from typing import Any

import pytest
import torch

import hitzoo
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.objectives import terms
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.augment.policy import AUGMENTATIONS
from hitzoo.objectives.augment.words import augmentation_of
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.term import AdversarialLoss, Term
from hitzoo.plan.role import Role
from hitzoo.runtime.transfer import send, send_together
from tests.plan.shipped import choices, one_of_each, shipped_plans
from tests.torch_release import needs_torch_2_15
from tests.training.conftest import TINY
from tests.training.engine.transfers import META, OnMeta, Transfers, page_locked, transfers_of_a_step

ONE_WAIT = {"training/engine/runner.py:_agree": 1}
BATCH = 8
CLIP: dict[Role, float] = {"generator": 1.0, "discriminator": 1.0}


def _terms() -> list[Any]:
    names = [module.name for module in pkgutil.iter_modules(terms.__path__)]
    modules = [importlib.import_module(f"{terms.__name__}.{name}") for name in names]
    return [value for module in modules for value in vars(module).values()]


LOSSES: list[AdversarialLoss] = list(
    {id(value): value for value in _terms() if isinstance(value, AdversarialLoss)}.values()
)
PENALTIES: tuple[Term, ...] = tuple(
    value(weight=1.0)
    for value in dict.fromkeys(
        value for value in _terms() if isclass(value) and is_dataclass(value) and hasattr(value, "asks")
    )
    if "weight" in {field.name for field in fields(value)}
)
"""Every loss and every penalty that there is."""


def overridden(*overrides: str) -> Any:
    return parse_spec(TINY, "tiny", [f"training.batch_size={BATCH}", *overrides])


OVERRIDES = {
    "layer norm, hinge": ["generator.norm=layer", "training.loss=hinge"],
    "groups": ["training.norm_statistics=2"],
    "minibatch_std, equalized": ["discriminator.minibatch_std=2", "discriminator.equalized=true"],
    "average pooling, recomputed": ["discriminator.downsample=average", "training.activation_checkpointing=all"],
    "neighborhoods": [
        "generator.stages[0]={channels: 16, depth: 1, heads: 2, attention: [{pattern: neighborhood, size: 3}]}",
    ],
    "torch's adam": ["training.optimizer.form=torch"],
    "augmented": [
        "training.augment={kind: diffaugment, strength: {from: 0, to: 1, images: 100}, policy: [flip, color, hue, "
        "translation, cutout, {kind: erase, probability: 0.3, per: batch}, filter]}",
    ],
    "adaptive augmentation": [
        "training.augment={kind: ada, transforms: [blit, geometry, color, filter, noise, cutout]}",
    ],
    "relativistic, san, differences, clipped, annealed": [
        "training.loss=relativistic",
        "discriminator.san=true",
        "training.regularizers=[{kind: r1, method: finite_difference, fraction: 0.5}, {kind: r2}]",
        "training.optimizer.clip_norm=1",
        "training.optimizer.learning_rate={from: 0.1, to: 0, images: 100}",
    ],
}


@pytest.mark.parametrize("overrides", OVERRIDES.values(), ids=OVERRIDES)
def test_step_of_a_spec_waits_once(overrides) -> None:
    spec = overridden(*overrides)
    found = transfers_of_a_step(spec, compile_spec(spec), objective_of(spec), micro_batches=2)
    assert found.waits == ONE_WAIT
    assert found.asynchronous.total() == 2  # the images, and all random numbers


CHOICES = {
    "plain": {"one_backward": False, "replayed_penalty": False},
    "contiguous maps": {"channels_last": False},
}


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
def test_step_of_an_execution_waits_once(choices) -> None:
    spec = overridden()
    found = transfers_of_a_step(spec, compile_spec(spec), objective_of(spec), execution=OnMeta(**choices))
    assert found.waits == ONE_WAIT


@pytest.mark.parametrize("number", range(len(LOSSES)))
def test_update_waits_once_with_every_loss_and_penalty(number) -> None:
    spec, loss, augment = overridden(), LOSSES[number], augmentation_of(tuple(AUGMENTATIONS))
    together = Simultaneous(loss=loss, penalties=PENALTIES, batch_size=BATCH, augment=augment)
    in_turn = Alternating(loss=loss, penalties=PENALTIES, batch_size=BATCH, augment=augment, clip_norm=CLIP)
    assert transfers_of_a_step(spec, compile_spec(spec), together, steps=1).waits == ONE_WAIT
    waits = transfers_of_a_step(spec, compile_spec(spec), in_turn, steps=1).waits
    assert waits == {site: 2 * count for site, count in ONE_WAIT.items()}  # of two updates


def trained(plan: Any) -> object:
    """The kind of a shipped spec's training."""
    return choices(hitzoo.load_spec(plan.name).training)


KINDS = dict.fromkeys([*one_of_each(shipped_plans()), *one_of_each(shipped_plans(), trained)])
SHIPPED = [
    pytest.param("hit-b-ffhq256", 1, "none"),
    *(
        pytest.param("hit-b-ffhq256", *how, marks=pytest.mark.exhaustive)
        for how in ((4, "none"), (1, "all"), (4, "all"))
    ),
    *(pytest.param(plan.name, 2, "all", marks=pytest.mark.exhaustive) for plan in KINDS),
]


@pytest.mark.parametrize(("name", "pieces", "recomputed"), SHIPPED)
def test_update_of_a_shipped_spec_waits_once(name, pieces, recomputed) -> None:
    spec = hitzoo.load_spec(name, [f"training.activation_checkpointing={recomputed}"])
    plan, objective = compile_spec(spec), objective_of(spec, BATCH)
    steps = 2 if plan.is_autoencoder else 1  # a perceptual network is made in the first
    waits = transfers_of_a_step(spec, plan, objective, pieces, steps=steps).waits
    assert waits == {site: len(objective.updates(1)) * count for site, count in ONE_WAIT.items()}


WAITS = {
    "one number": lambda x: x.sum().item(),
    "numbers": lambda x: x.tolist(),
    "a decision": lambda x: bool(x.sum() > 0),
    "a tensor of numbers": lambda x: torch.tensor([1.0, 2.0], device=x.device),
    "new_tensor": lambda x: x.new_tensor([1.0]),
    "a blocking copy": lambda x: torch.ones(3).to(x.device),
    "a copy from ordinary memory": lambda x: torch.ones(3).to(x.device, non_blocking=True),
    "a copy of a strided view": lambda x: (
        send(torch.ones(6), torch.device("cpu")).pin_memory()[::2].to(x.device, non_blocking=True)
    ),
    "a copy back": lambda x: x.cpu(),
    "an index of the host": lambda x: x[torch.tensor([0, 2])],
    "a map of the host": lambda x: x + torch.ones(3),
}


MADE_THERE = ("a tensor of numbers", "new_tensor")


@pytest.mark.parametrize(
    "wait",
    [pytest.param(wait, id=name, marks=needs_torch_2_15 if name in MADE_THERE else ()) for name, wait in WAITS.items()],
)
def test_every_kind_of_wait_is_counted(wait) -> None:
    """What the tests above are worth."""
    x = torch.ones(3, device=META)
    with page_locked() as pinned, Transfers(pinned) as transfers:
        try:
            wait(x)
        except RuntimeError:  # what is not known of tensors without contents
            assert transfers.waits.total()
    assert transfers.waits.total() == 1


def test_copies_from_page_locked_memory_are_no_waits() -> None:
    with page_locked() as pinned, Transfers(pinned) as transfers:
        send(torch.ones(4), META)
        parts = send_together([torch.ones(3), torch.ones(2, 2, dtype=torch.int64)], META)
        torch.full((1,), 2.0, device=META) * torch.tensor(3.0)
    assert [(part.shape, part.dtype) for part in parts] == [((3,), torch.float32), ((2, 2), torch.int64)]
    assert transfers.waits.total() == 0
    assert transfers.asynchronous.total() == 2

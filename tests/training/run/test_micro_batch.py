"""The micro-batch size of a session: for which circumstances a found one holds, and how it is found on CUDA."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from hitzoo.errors import RunError
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.moment import Moment
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.training.engine import micro_batch_search, runner
from hitzoo.training.engine.state import new_state
from hitzoo.training.run import micro_batch
from hitzoo.training.run.micro_batch import MicroBatchChoice
from hitzoo.training.run.options import RunOptions

CUDA = torch.device("cuda", 0)


def choice(spec, device: torch.device = CUDA, world: World = ALONE, **options: object) -> MicroBatchChoice:
    return MicroBatchChoice(
        spec=spec,
        plan=compile_spec(spec),
        options=RunOptions(out=Path("run"), batch_per_device="auto", **options),  # type: ignore[arg-type]
        world=world,
        device=device,
    )


def folder_after(made: MicroBatchChoice, size: int, **changes: object) -> SimpleNamespace:
    """A run folder whose last session had this size."""
    session = made.session(size) | {"versions": micro_batch._versions()} | changes
    return SimpleNamespace(last_session=lambda: session)


@pytest.fixture
def card(monkeypatch):
    """A card on which so many images fit; the sizes that were tried."""
    tried: list[int] = []

    def let(most: int) -> list[int]:
        def attempt(self: MicroBatchChoice, state, size: int) -> None:
            tried.append(size)
            if size > most:
                raise RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED")

        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a card")
        monkeypatch.setattr(MicroBatchChoice, "_attempt", attempt)
        tried.clear()
        return tried

    return let


@pytest.fixture
def state(tiny_spec):
    spec = tiny_spec()
    return new_state(compile_spec(spec), spec.training, 0, torch.device("cpu"))


def test_found_size_is_rehearsed_before_it_is_taken_over(tiny_spec, state, card) -> None:
    made = choice(tiny_spec())
    for most, found, tries in ((4, 2, [2]), (1, 1, [2, 1])):
        tried = card(most)
        assert made.decide(state, folder_after(made, 2)) == found
        assert tried == tries
    tried = card(4)
    assert made.decide(state, folder_after(made, 2, fitted=False)) == 4
    assert tried == [4]


@pytest.mark.parametrize(
    ("overrides", "options", "environment"),
    [
        (["training.activation_checkpointing=all"], {}, {}),
        (["training.activation_checkpointing=[8]"], {}, {}),
        ([], {"precision": "bf16"}, {}),
        ([], {"compiled": True}, {}),
        ([], {"deterministic": True}, {}),
        ([], {}, {"PYTORCH_ALLOC_CONF": "expandable_segments:True"}),
        ([], {}, {"PYTORCH_CUDA_ALLOC_CONF": "backend:cudaMallocAsync"}),
        ([], {}, {"LOCAL_WORLD_SIZE": "2"}),
    ],
    ids=str,
)
def test_found_size_does_not_hold_in_other_circumstances(
    tiny_spec, state, card, monkeypatch, overrides, options, environment
) -> None:
    """Also where they allow more: what decides how much a step takes is none of the number's own."""
    card(4)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    earlier = choice(tiny_spec(*overrides), **options)
    folder = folder_after(earlier, 2)
    assert earlier.decide(state, folder) == 2
    for name in environment:
        monkeypatch.delenv(name)
    assert choice(tiny_spec()).decide(state, folder) == 4


@pytest.mark.parametrize("package", ["torch", "hitzoo"])
def test_found_size_does_not_hold_for_another_version(tiny_spec, state, card, package) -> None:
    card(4)
    made = choice(tiny_spec())
    assert made.decide(state, folder_after(made, 2, versions=micro_batch._versions() | {package: "0.1"})) == 4
    assert made.decide(state, folder_after(made, 2, versions=None)) == 4


def test_circumstances_of_a_cpu_are_its_own(tiny_spec, state, monkeypatch) -> None:
    monkeypatch.setattr(micro_batch_search, "free_memory", lambda: 10**12)
    cpu = torch.device("cpu")
    made = choice(tiny_spec(), cpu)
    assert made.decide(state, folder_after(made, 2)) == 2
    checkpointed = choice(tiny_spec("training.activation_checkpointing=all"), cpu)
    assert checkpointed.decide(state, folder_after(made, 2)) == 4


def test_where_no_size_fits_the_device_says_what_it_said_last(tiny_spec, state, card) -> None:
    card(0)
    with pytest.raises(
        RunError, match=r"not even 1 images at once fit on the device \(cuDNN error: CUDNN_STATUS_NOT_S"
    ):
        choice(tiny_spec()).decide(state, folder_after(choice(tiny_spec()), 2))


@pytest.fixture
def rehearsals(monkeypatch):
    """Every rehearsal on a CPU: its gradients' micro-batches, images at once, and the bytes that it required."""
    seen: list[dict] = []
    gradients = runner.StepRunner._gradients

    def record(self, update, at: Moment, images, cutting_off):
        seen[-1] |= {"pieces": self.micro_batches, "images": len(images), "compiled": self.execution.compiled}
        return gradients(self, update, at, images, cutting_off)

    class Memory:
        def __init__(self, device: torch.device) -> None:
            seen.append({})

        def require(self, further: int) -> None:
            seen[-1]["further"] = further

    monkeypatch.setattr(runner.StepRunner, "_gradients", record)
    monkeypatch.setattr(runner, "DeviceMemory", Memory)
    return seen


def test_rehearsal_has_gradients_of_an_earlier_micro_batch_and_runs_without_the_compiler(
    tiny_spec, state, rehearsals
) -> None:
    made = choice(tiny_spec(), torch.device("cpu"), compiled=True)
    weights = micro_batch._gradient_bytes(state)
    for size, pieces, images in ((4, 1, 4), (2, 2, 4), (1, 2, 2)):
        made._attempt(state, size)
        assert rehearsals[-1] == {"pieces": pieces, "images": images, "compiled": False, "further": 2 * weights}


def test_rehearsal_of_several_processes_has_room_for_their_exchange(tiny_spec, state, rehearsals) -> None:
    made = choice(tiny_spec(), torch.device("cpu"), World(0, 2))
    made._attempt(state, 2)
    assert rehearsals[-1]["further"] == 3 * micro_batch._gradient_bytes(state)


def test_moments_that_are_there_already_are_not_counted_again(tiny_spec, state, rehearsals) -> None:
    made = choice(tiny_spec(), torch.device("cpu"))
    for network in state.networks.values():
        for weight in network.parameters():
            weight.grad = torch.zeros_like(weight)
    for optimizer in state.optimizers.values():
        optimizer.step()
    made._attempt(state, 2)
    assert rehearsals[-1]["further"] == 0


def test_connections_between_processes_are_made_before_the_search(tiny_spec, state, card, monkeypatch) -> None:
    """They take memory that is then not free."""
    done: list[object] = []
    tried = card(4)
    monkeypatch.setattr(torch, "zeros", lambda *size, device: SimpleNamespace(size=size, device=device))
    world = SimpleNamespace(
        size=2,
        broadcast_from_first=lambda decide: decide(),
        all_reduce_sum=lambda values: done.append((values.size, values.device, list(tried))),
        all_reduce_min=lambda value, device: value,
    )
    made = choice(tiny_spec(), world=world)  # type: ignore[arg-type]
    assert made.decide(state, SimpleNamespace(last_session=dict)) == 2
    assert done == [((25 * 2**20 // 4,), CUDA, [])]

"""Over which images a batch norm takes its statistics: a process, groups, or all processes."""

from __future__ import annotations

import os
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch.utils._python_dispatch import TorchDispatchMode

from hitzoo.layers.batch_statistics import GhostStatistics, synchronised
from hitzoo.layers.norm import BatchNorm, set_statistics
from tests.processes.launch import run_alike
from tests.processes.start import Starter


def normed(x: torch.Tensor, statistics=None) -> tuple[BatchNorm, torch.Tensor]:
    """A batch norm with uneven weights after one training pass, and what it made."""
    norm = BatchNorm(x.shape[-1]).double()
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(0.5, 2, x.shape[-1]))
        norm.bias.copy_(torch.linspace(-1, 1, x.shape[-1]))
    if statistics is not None:
        set_statistics(norm, statistics)
    return norm, norm(x)


def test_groups_are_replicas_of_their_own(randn) -> None:
    x = randn(6, 5, 3)
    whole, out = normed(x, GhostStatistics(2))
    parts = [normed(x[g::3]) for g in range(3)]  # three groups of two images
    for g, (_, part) in enumerate(parts):
        torch.testing.assert_close(out[g::3], part, rtol=1e-12, atol=1e-12)
    for name in ("running_mean", "running_var"):
        mean = torch.stack([getattr(norm, name) for norm, _ in parts]).mean(dim=0)
        torch.testing.assert_close(getattr(whole, name), mean, rtol=1e-12, atol=1e-12)


def test_uneven_groups_are_normed_one_by_one(randn) -> None:
    x = randn(7, 5, 3)
    _, out = normed(x, GhostStatistics(3))
    for g in range(3):  # of three, two and two images
        torch.testing.assert_close(out[g::3], normed(x[g::3])[1], rtol=1e-12, atol=1e-12)


def test_groups_have_the_gradients_of_replicas(randn) -> None:
    given, weights, found = randn(6, 5, 3), randn(6, 5, 3, seed=1), []
    for size, parts in ((2, [slice(None)]), (6, [slice(g, None, 3) for g in range(3)])):
        x = given.clone().requires_grad_()
        norm, _ = normed(given, GhostStatistics(size))
        for part in parts:
            (norm(x[part]) * weights[part]).sum().backward()
        found.append((x.grad, norm.weight.grad, norm.bias.grad))
    for grouped, replicas in zip(*found, strict=True):
        torch.testing.assert_close(grouped, replicas, rtol=1e-12, atol=1e-12)


class Operations(TorchDispatchMode):
    """Counts operations that write so many entries or more."""

    def __init__(self, entries: int) -> None:
        super().__init__()
        self.entries, self.count = entries, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        first = result[0] if isinstance(result, tuple) else result
        self.count += not function.is_view and first.numel() >= self.entries
        return result


def test_many_groups_cost_the_work_of_two(randn) -> None:
    """The map is copied once each way, forward and backward, not once per group."""
    counts = {}
    for groups in (2, 8):
        x = randn(16, 32, 4).requires_grad_()
        with Operations(x.numel() // 8) as operations:
            out = normed(x, GhostStatistics(16 // groups))[1]
            out.backward(torch.ones_like(out))
        counts[groups] = operations.count
    assert counts[2] == counts[8] > 0


def test_one_group_is_the_plain_norm(randn) -> None:
    x = randn(4, 3, 2)
    (plain, expected), (grouped, out) = normed(x), normed(x, GhostStatistics(8))
    torch.testing.assert_close(out, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(grouped.running_var, plain.running_var, rtol=1e-12, atol=1e-12)


def test_groups_differ_from_the_whole_batch(randn) -> None:
    x = randn(4, 3, 2)
    assert (normed(x, GhostStatistics(2))[1] - normed(x)[1]).abs().max() > 0.1


def test_evaluation_does_not_ask_for_groups(randn) -> None:
    norm, _ = normed(randn(4, 3, 2), GhostStatistics(2))
    norm.eval()
    x = randn(3, 5, 2, seed=2)
    expected = (x - norm.running_mean) / (norm.running_var + 1e-3).sqrt() * norm.weight + norm.bias
    torch.testing.assert_close(norm(x), expected, rtol=1e-12, atol=1e-12)


def whole_batch() -> tuple[torch.Tensor, torch.Tensor]:
    """The images of all processes, and by what their outputs are weighted in the loss."""
    draw = torch.Generator().manual_seed(1)
    return tuple(torch.randn(4, 5, 3, dtype=torch.float64, generator=draw) for _ in range(2))  # type: ignore[return-value]


def numbers(x: torch.Tensor, weights: torch.Tensor, statistics) -> dict[str, torch.Tensor]:
    """Outputs, the loss's gradient by the inputs, and the running statistics after one pass."""
    x = x.clone().requires_grad_()
    norm, out = normed(x, statistics)
    (out * weights).sum().backward()
    return {"out": out.detach(), "gradient": x.grad, "mean": norm.running_mean, "var": norm.running_var}


def process(rank: int, world: int, folder: str) -> None:
    dist.init_process_group("gloo", rank=rank, world_size=world, init_method=f"file://{folder}/store")
    x, weights = (tensor.chunk(world)[rank] for tensor in whole_batch())
    save_file(numbers(x, weights, synchronised), Path(folder, f"{rank}.safetensors"))
    dist.barrier()  # neither leaves while the other still listens
    dist.destroy_process_group()
    os._exit(0)  # all is written; gloo's threads have been seen to abort an interpreter's ordinary exit


def test_two_processes_compute_what_one_does(start_hitzoo: Starter, tmp_path: Path) -> None:
    run_alike(start_hitzoo, f"from {__name__} import process\nprocess({{rank}}, 2, {str(tmp_path)!r})", count=2)
    expected = numbers(*whole_batch(), None)
    found = [load_file(tmp_path / f"{rank}.safetensors") for rank in range(2)]
    for name in ("out", "gradient"):
        both = torch.cat([part[name] for part in found])
        torch.testing.assert_close(both, expected[name], rtol=1e-10, atol=1e-10)
    for name in ("mean", "var"):
        for part in found:
            torch.testing.assert_close(part[name], expected[name], rtol=1e-10, atol=1e-10)


def test_one_process_needs_no_others(randn) -> None:
    x = randn(4, 3, 2)
    torch.testing.assert_close(normed(x, synchronised)[1], normed(x)[1], rtol=0, atol=0)

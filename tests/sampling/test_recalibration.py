from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from hitzoo.errors import RequestError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.layers.norm import BatchNorm, set_statistics
from hitzoo.sampling.recalibration import Recalibration, batch_norms, recalibrate
from tests.support import TINY_HIT, fill
from tests.threads_as_processes import together

HOW = Recalibration(latents=22, size=8, width=6, seed=3)


def spec_of(*overrides: str):
    return parse_spec(TINY_HIT, "tiny", overrides)


@pytest.fixture
def generator() -> nn.Module:
    """A generator in evaluation whose weights matter and whose statistics are those of nothing."""
    network = build_generator(compile_spec(spec_of())).eval().requires_grad_(False)
    fill(network, scale=0.4)
    for norm in batch_norms(network):
        norm.running_mean.fill_(float("nan"))
        norm.running_var.fill_(7.0)
    return network


def statistics(network: nn.Module) -> torch.Tensor:
    norms = batch_norms(network)
    return torch.cat([value for norm in norms for value in (norm.running_mean, norm.running_var)])


def test_statistics_are_those_of_torchs_update_bn() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(), nn.Linear(5, 4), nn.BatchNorm1d(4, momentum=0.3)
    )
    network.eval()
    reference = deepcopy(network)
    reference[3].p = 0.0  # torch's puts everything into training
    update_bn([HOW.batch(index) for index in range(3)], reference)
    recalibrate(network, HOW)
    torch.testing.assert_close(statistics(network), statistics(reference))
    assert not torch.equal(statistics(network), statistics(nn.Sequential(nn.BatchNorm1d(5), nn.BatchNorm1d(4))))
    assert [network[index].num_batches_tracked.item() for index in (1, 5)] == [0, 0]
    assert [network[index].momentum for index in (1, 5)] == [0.1, 0.3]


def test_spoiled_statistics_are_repaired(generator: nn.Module) -> None:
    """Normalised by the statistics of many batches, images are nearly those of a batch that takes its own."""
    how = Recalibration(latents=512, size=64, width=6, seed=3)
    latents = how.batch(100)
    assert not generator(latents).isfinite().all()
    recalibrate(generator, how)
    found, own = generator(latents), deepcopy(generator).train()(latents)
    spread = own.std().item()
    assert (found - own).square().mean().sqrt().item() < 0.2 * spread


def test_result_does_not_depend_on_what_the_statistics_were(generator: nn.Module) -> None:
    other = deepcopy(generator)
    for norm in batch_norms(other):
        norm.running_mean.fill_(3.0)
    for network in (generator, other):
        recalibrate(network, HOW)
    assert torch.equal(statistics(generator), statistics(other))


@pytest.mark.parametrize("count", [2, 4])
def test_any_number_of_processes_finds_the_same_bits(generator: nn.Module, count: int) -> None:
    def work(world) -> torch.Tensor:
        own = deepcopy(generator)
        recalibrate(own, HOW, world)
        return statistics(own)

    found = together(count, work)
    recalibrate(generator, HOW)
    assert statistics(generator).isfinite().all()
    assert all(torch.equal(one, statistics(generator)) for one in found)


def test_seed_decides_the_latents(generator: nn.Module) -> None:
    other = deepcopy(generator)
    recalibrate(generator, HOW)
    recalibrate(other, Recalibration(latents=22, size=8, width=6, seed=4))
    assert not torch.equal(statistics(generator), statistics(other))


def test_nothing_but_the_statistics_changes(generator: nn.Module) -> None:
    def refusing(norm: object, x: torch.Tensor) -> torch.Tensor:
        raise AssertionError("other processes would be waited for")

    set_statistics(generator, refusing)
    before = {name: value.clone() for name, value in generator.state_dict().items() if "running" not in name}
    recalibrate(generator, HOW)
    assert all(torch.equal(generator.state_dict()[name], value) for name, value in before.items())
    assert not any(module.training for module in generator.modules())
    norms = [module for module in generator.modules() if isinstance(module, BatchNorm)]
    assert {norm.statistics for norm in norms} == {refusing}
    assert {norm.momentum for norm in norms} == {0.01}


def test_statistics_stay_after_an_error(generator: nn.Module) -> None:
    before = statistics(generator)
    with pytest.raises(RuntimeError):
        recalibrate(generator, Recalibration(latents=8, size=8, width=5, seed=3))
    assert torch.equal(statistics(generator).nan_to_num(9.0), before.nan_to_num(9.0))
    assert not any(module.training for module in generator.modules())


def test_network_without_batch_norm_is_refused() -> None:
    with pytest.raises(RequestError, match="no batch norm"):
        recalibrate(nn.Linear(6, 3), HOW)


@pytest.mark.parametrize(
    ("overrides", "size"),
    [
        (["training.batch_size=8"], 8),
        (["training={batch_size: 64, norm_statistics: 16}"], 16),
        (["training.batch_size=1048576"], (1 << 20) // 64),
    ],
)
def test_batches_are_those_of_training_up_to_a_million_pixels(overrides: list[str], size: int) -> None:
    spec = spec_of(*overrides)
    how = Recalibration.of(compile_spec(spec), spec.training, latents=100, seed=0)
    assert (how.size, how.width) == (size, 6)
    assert how.batches == -(-100 // size)

"""The exchange of gradients between processes: DistributedDataParallel, told of weights without one."""

from __future__ import annotations

from contextlib import nullcontext
from inspect import signature
from typing import Any

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from hitzoo.training.engine.unused_weights import UnusedWeights


def exchanging(network: nn.Module, bare: nn.Module, unused: UnusedWeights) -> nn.Module:
    """Make gradients means over all processes; batch norms' statistics are settled by `RunningStatistics`.

    Weights of the `bare` network that never have a gradient take no part; where some have none in some updates, the
    weights of an update are searched for in each.
    """
    never = {id(weight) for name, weight in bare.named_parameters() if name in unused.never}
    weights = [(name, weight) for name, weight in network.named_parameters() if weight.requires_grad]
    if all(id(weight) in never for _, weight in weights):
        return network
    if never:
        names = [name for name, weight in weights if id(weight) in never]
        DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(network, names)
    parameters = signature(DistributedDataParallel).parameters  # the older name warns where the newer is known
    synced = "forward_sync_buffers" if "forward_sync_buffers" in parameters else "broadcast_buffers"
    options: dict[str, Any] = {synced: False, "find_unused_parameters": bool(unused.sometimes)}
    return DistributedDataParallel(network, gradient_as_bucket_view=True, **options)


def not_exchanging(network: nn.Module) -> Any:
    """Within it, a backward pass adds to the gradients of this process alone."""
    return network.no_sync() if isinstance(network, DistributedDataParallel) else nullcontext()

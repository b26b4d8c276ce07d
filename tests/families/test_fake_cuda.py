"""Every kind of shipped network on tensors that say they are a GPU's: one made on another device is refused there.

They have shapes and a device but no contents, so no GPU is needed, and no time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch._subclasses.fake_tensor import unset_fake_temporarily

import hitzoo
from hitzoo.families.build import build, build_network
from hitzoo.families.fold import fold
from hitzoo.families.hit.fold import pixel_order
from hitzoo.fold import kernels as kernels_module
from hitzoo.fold.kernels import kernels_for
from hitzoo.plan.model import ModelPlan
from tests.plan.shipped import one_of_each, shipped_plans
from tests.torch_release import needs_torch_2_15

pytestmark = needs_torch_2_15
BATCH = 4
CUDA = torch.device("cuda", 0)


def specs() -> list[Any]:
    """The cheapest of each kind; by default of each family."""
    plans = one_of_each(shipped_plans())
    cheap = one_of_each(plans, lambda plan: plan.generator.family)
    return [pytest.param(plan, marks=() if plan in cheap else pytest.mark.exhaustive, id=plan.name) for plan in plans]


SPECS = specs()


@pytest.fixture
def fake() -> Iterator[FakeTensorMode]:
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        yield mode


def networks(plan: ModelPlan) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator on the fake GPU; drawing weights would look at their values."""
    with unset_fake_temporarily(), torch.device("meta"):
        if plan.discriminator.family == "projected":
            pytest.importorskip("timm")
        made = build(plan)
    return tuple(network.to_empty(device=CUDA) for network in made)  # type: ignore[return-value]


def latents(plan: ModelPlan) -> torch.Tensor:
    """What the generator takes: rows, or codes."""
    if plan.is_autoencoder:
        return torch.empty(BATCH, plan.codes.width, plan.codes.side, plan.codes.side, device=CUDA)
    return torch.empty(BATCH, plan.input_width, device=CUDA)


@pytest.fixture
def real_indices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folding compares orders of pixels, which have to have contents."""

    def real(function: Any) -> Any:
        def call(*given: Any) -> Any:
            with unset_fake_temporarily():
                return function(*given)

        return call

    for name in ("raster_order", "order_for", "children_order", "permutation"):
        monkeypatch.setattr(pixel_order, name, real(getattr(pixel_order, name)))


@pytest.fixture
def casts_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Module.to` exchanges the contents of tensors, which those of `FakeTensorMode` do not allow."""

    move = nn.Module.to

    def cast(network: nn.Module, *places: Any, **otherwise: Any) -> nn.Module:
        to = next((place for place in places if isinstance(place, torch.dtype)), None)
        if to is None:
            return move(network, *places, **otherwise)
        for module in network.modules():
            for tensors in (module._parameters, module._buffers):
                for name, tensor in tensors.items():
                    if tensor is not None and tensor.is_floating_point():
                        new = tensor.detach().to(*places, **otherwise)
                        tensors[name] = nn.Parameter(new) if tensors is module._parameters else new
        return network

    monkeypatch.setattr(nn.Module, "to", cast)


@pytest.mark.parametrize("plan", SPECS)
def test_networks_compute_on_their_device_alone(fake, plan) -> None:
    generator, discriminator = networks(plan)
    shape = (BATCH, plan.image_channels, plan.resolution, plan.resolution)
    images = generator(latents(plan))
    assert (images.shape, images.device) == (shape, CUDA)
    logits = discriminator(images)
    places = plan.discriminator.gives.places
    assert (logits.shape, logits.device) == ((BATCH,) if places == 1 else (BATCH, places), CUDA)


@pytest.mark.parametrize("quantizer", ["vq", "simvq", "fsq", "lfq"])
def test_coding_computes_on_its_device_alone(fake, quantizer) -> None:
    plan = hitzoo.compile_spec(hitzoo.load_spec("vq-hit-ti-avatars64", [f"quantizer={{family: {quantizer}}}"]))
    with unset_fake_temporarily(), torch.device("meta"):
        made = {role: build_network(plan, role) for role in ("encoder", "quantizer")}
    encoder, coder = (network.to_empty(device=CUDA) for network in made.values())
    found = coder(encoder(torch.empty(BATCH, 3, 64, 64, device=CUDA)))
    again = coder.look_up(found.indices)
    assert {part.device for part in (*found, again)} == {CUDA}
    assert again.shape == found.codes.shape == latents(plan).shape


@pytest.mark.parametrize(
    "precision",
    [torch.float32, pytest.param(torch.bfloat16, marks=pytest.mark.exhaustive)],
    ids=["float32", "bfloat16"],
)
@pytest.mark.parametrize("plan", SPECS)
def test_optimized_networks_compute_on_their_device_alone(
    fake, real_indices, casts_one_by_one, monkeypatch, plan, precision
) -> None:
    monkeypatch.setattr(kernels_module, "supports_device", lambda device: False)
    network = fold(networks(plan)[0].eval(), kernels_for(precision, CUDA))
    images = network(latents(plan))
    assert (images.shape[0], images.shape[2], images.device) == (BATCH, plan.resolution, CUDA)
    assert images.dtype == torch.float32


def test_tensor_of_another_device_is_refused(fake) -> None:
    """What the tests above are worth."""
    with pytest.raises(RuntimeError, match="device"):
        torch.ones(2, device=CUDA) + torch.ones(2)

"""A generator's network as a module that knows its spec, its plan and where its weights came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.families.fold import is_optimized
from hitzoo.layers.pixel_range import to_unit
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.ports import Labels, NoiseKey
from hitzoo.sampling.replayed import unwrapped
from hitzoo.sampling.weights_digest import weights_digest
from hitzoo.spec.types import Spec


class GeneratorModule(nn.Module):
    """The network of a plan with its weights: [B, input_width] -> [B, C, R, R].

    It has no weights of its own. Parameters, buffers and submodules are those of `module`, under the same names, so
    that a `state_dict` has the keys of `model.safetensors`.
    """

    module: nn.Module

    def __init__(
        self,
        spec: Spec,
        plan: ModelPlan,
        module: nn.Module,
        device: torch.device,
        *,
        origin: str = "",
        metadata: Mapping[str, Any] | None = None,
        label: str = "",
        weights: str = "",
    ) -> None:
        if plan.is_autoencoder:
            raise RequestError(
                f"{spec.name} is an autoencoder: no seed draws the codes that its generator takes;"
                " hitzoo reconstruct, encode and decode take it, and hitzoo render --codes"
            )
        super().__init__()
        self.spec = spec
        self.plan = plan
        self.origin = origin
        self.metadata = dict(metadata or {})
        self._label, self._weights, self._device = label, weights, device
        module.to(device).requires_grad_(False)
        # Shared, not registered: as a submodule it would put `module.` in front of every name.
        self.__dict__["module"] = module
        self._parameters, self._buffers, self._modules = module._parameters, module._buffers, module._modules
        self._non_persistent_buffers_set = module._non_persistent_buffers_set
        self._made: dict[str, Any] = {}
        self.eval()
        self._read = self._versions()

    if TYPE_CHECKING:  # as `forward`; torch says Any

        def __call__(self, z: torch.Tensor) -> torch.Tensor:
            """Compute images."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Compute the images of a batch of latents: [B, input_width] -> [B, C, R, R], about -1 to 1, not clipped.

        Gradients go through it to the latents, and to the weights where `requires_grad_(True)` asked for them.

        Raises:
            RequestError: latents of another shape, or no tensor.
        """
        if not isinstance(z, torch.Tensor):
            raise RequestError(
                f"the model is called with a tensor, not {type(z).__name__}; write torch.from_numpy(z).float(), or"
                " .sample(latents=z), which takes any array"
            )
        width = self.plan.input_width
        if z.ndim != 2 or z.shape[1] != width:
            raise RequestError(f"latents of shape {tuple(z.shape)}; the model wants (N, {width})")
        whole = any(isinstance(port, NoiseKey | Labels) for port in self.plan.generator.takes)  # not to be rounded
        images = self.module(z if self.is_fast or whole else z.to(self.dtype))
        return to_unit(images, self.plan.pixel_range)

    def train(self, mode: bool = True) -> Self:
        """Set the training mode of the network and of all in it.

        Raises:
            RequestError: training mode of an optimized generator.
        """
        if mode:
            self._refuse_optimized("train")
        self.module.train(mode)
        return super().train(mode)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Load weights, as of any module.

        Raises:
            RequestError: an optimized generator.
        """
        self._refuse_optimized("load them into")
        return super().load_state_dict(state_dict, strict=strict, assign=assign)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy the weights; spec and plan never change and are shared, and what can be made anew is left out."""
        if self.is_fast:  # on a CPU its weights are packed for oneDNN, which torch cannot copy
            raise RequestError(
                "an optimized generator cannot be copied; copy the model it was made of and call .fast()"
            )
        memo |= {id(self.spec): self.spec, id(self.plan): self.plan, id(self._made): {}}
        memo[id(self)] = copied = self.__new__(type(self))
        copied.__dict__.update(deepcopy(self.__dict__, memo))
        if not self.weights_changed:
            copied._read = copied._versions()
        return copied

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        if self.is_fast:
            self._refuse_change(fn)
        changed = self.weights_changed
        super()._apply(fn, recurse)
        if not changed:  # where they are and how precise is no change
            self._read = self._versions()
        return self

    def _refuse_change(self, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
        for device, dtype in {(tensor.device, tensor.dtype) for tensor in self._tensors()}:
            after = fn(torch.empty(0, device=device, dtype=dtype))
            if (after.device, after.dtype) != (device, dtype):
                raise RequestError(
                    "an optimized generator stays on the device and in the precision that it was made for;"
                    " move the model it was made of, and call .fast() again"
                )

    def _refuse_optimized(self, verb: str) -> None:
        if self.is_fast:
            raise RequestError(
                f"the weights of an optimized generator are products of the model's; {verb} the one it was made of"
            )

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        first = next(self._tensors(), None)
        return self._device if first is None else first.device

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the weights."""
        return next((tensor.dtype for tensor in self._tensors() if tensor.is_floating_point()), torch.float32)

    @property
    def precision(self) -> str:
        """The precision of the maps, as torch names it: that of the weights, or the one given to `fast`."""
        return str(getattr(unwrapped(self.module), "precision", self.dtype)).removeprefix("torch.")

    @property
    def is_fast(self) -> bool:
        """True where `module` is the optimized network."""
        return is_optimized(unwrapped(self.module))

    @property
    def name(self) -> str:
        """The name of the spec that the model was made from."""
        return self.spec.name

    @property
    def label(self) -> str:
        """The name of files made by it: the run and the step, the folder, or the repository."""
        return self._label or self.name

    @property
    def weights(self) -> str:
        """The sha256 of the file that the weights were read from; of changed and of other ones, that of the tensors."""
        return self._weights if self._weights and not self.weights_changed else weights_digest(self.module)

    @property
    def weights_changed(self) -> bool:
        """True where a weight was written to since the generator was made, as by an optimizer or `load_state_dict`."""
        return self._versions() != self._read

    def __repr__(self) -> str:
        plan = self.plan
        count = sum(tensor.numel() for tensor in self.parameters())
        parts = [
            f"'{self.name}'",
            f"{plan.generator.family}, optimized" if self.is_fast else plan.generator.family,
            f"[{plan.input_width}] -> [{plan.image_channels}, {plan.resolution}, {plan.resolution}]",
            "" if self.is_fast else f"{count:,} parameters",
            f"{self.precision} on {self.device}",
            f"from '{self.origin}'" if self.origin else "",
        ]
        return f"{type(self).__name__}({', '.join(filter(None, parts))})"

    def _tensors(self) -> Iterator[torch.Tensor]:
        return chain(self.parameters(), self.buffers())

    def _versions(self) -> tuple[int, ...]:
        """The counts of writes that torch keeps for each tensor that a file holds; inference tensors have none."""
        stored = self.module.state_dict(keep_vars=True).values()
        return tuple(0 if tensor.is_inference() else tensor._version for tensor in stored)

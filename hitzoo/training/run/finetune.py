"""Fine-tuning: a new run that begins from the weights of a trained model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from hitzoo.errors import RunError, WeightsError
from hitzoo.hub.locate import locate
from hitzoo.layers.mapping import forget_means
from hitzoo.spec.types import PixelRange
from hitzoo.training.engine.state import TrainState
from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME
from hitzoo.zoo.weights import dtype_word, read_header, read_tensors

_MOST_NAMED = 5


@dataclass(frozen=True)
class Taken:
    """The tensors that one network took over: `loaded` of its `wanted` ones.

    `fresh` names those it keeps as drawn, `unused` those of the model that it has no place for.
    """

    network: str
    loaded: int
    wanted: int
    fresh: tuple[str, ...]
    unused: tuple[str, ...]

    def lines(self) -> list[str]:
        """For the user: how many were loaded, and the first names of what was not."""
        lines = [f"{self.network}: {self.loaded} of {self.wanted} tensors loaded"]
        for names, what in ((self.fresh, "freshly drawn"), (self.unused, "in the model, without a place here")):
            if names:
                more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
                lines.append(f"  {what}: {', '.join(names[:_MOST_NAMED])}{more}")
        return lines


def initialise(state: TrainState, model: str, pixel_range: PixelRange = "unit") -> list[str]:
    """Put the weights of a zoo or local model into a fresh state, wherever name and shape agree.

    Both the generator and its averages begin from the model's averaged generator, and an encoder and a quantizer
    likewise; the discriminator from the model's, where it is a checkpoint of a run; optimizers begin anew. The lines
    say what was loaded and what was not, and where the model works in another scale of pixel values than this run,
    `pixel_range`.

    Raises:
        UnknownNameError, WeightsError: there is no such model, or it is damaged.
        RunError: not one tensor of its generator fits.
    """
    found = locate(model, extra=[DISCRIMINATOR_NAME])
    generator = _take("generator", state.networks["generator"], found.weights)
    if not generator.loaded:
        said = (
            f"{model}: not one of its tensors fits the generator;"
            f" `hitzoo diff` shows how {found.spec.name} and this spec differ"
        )
        raise RunError(f"init {said}").or_as_option(f"--init {said}")
    forget_means(state.networks["generator"])
    for average in state.averages["generator"]:
        average.copy(state.networks["generator"])
    lines = [*_other_range(found.spec.data.pixel_range, pixel_range), *generator.lines()]
    for role, network in state.networks.items():
        if role == "generator":
            continue
        place = found.folder / DISCRIMINATOR_NAME if role == "discriminator" else found.files.get(role)
        if place is None or not place.is_file():
            lines.append(f"{role}: freshly drawn (the model has none)")
            continue
        lines += _take(role, network, place).lines()
        for average in state.averages.get(role, ()):
            average.copy(network)
    return lines


def _other_range(theirs: PixelRange, ours: PixelRange) -> list[str]:
    if theirs == ours:
        return []
    hint = f"for the model's own: --set data.range={theirs}"
    return [f"note: the model's pixels are in the range {theirs}, this run's in {ours}, so colours begin wrong; {hint}"]


def _refuse_other_dtypes(weights: Path, own: Mapping[str, torch.Tensor]) -> None:
    """Numbers of another kind are not weights of such a network: int8 would be taken for values up to 127."""
    header = read_header(weights)
    for key in own:
        if key in header and header[key][0] != (wanted := dtype_word(own[key].dtype)):
            raise WeightsError(f"{weights}: {key} is {header[key][0]}, the network wants {wanted}")


@torch.no_grad()
def _take(name: str, network: nn.Module, weights: Path) -> Taken:
    own = network.state_dict()
    _refuse_other_dtypes(weights, own)
    tensors = read_tensors(weights, finite=True)
    fitting = [key for key, value in own.items() if key in tensors and tensors[key].shape == value.shape]
    for key in fitting:
        own[key].copy_(tensors[key])
    fresh = tuple(key for key in own if key not in set(fitting))
    unused = tuple(key for key in tensors if key not in set(fitting))
    return Taken(name, len(fitting), len(own), fresh, unused)

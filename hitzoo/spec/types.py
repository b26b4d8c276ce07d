"""The spec as values: frozen dataclasses with every default filled in; those of the networks are their families'.

The defaults here are the ones the HiT paper and its official code fix; `schema/core.schema.json` describes the same
fields to authors and editors, and a test holds the two together.

Units: resolutions in pixels, weights as plain factors, decays per step, pixel values in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from hitzoo.spec.augmentation import AugmentSpec
from hitzoo.spec.ema import EmaSpec as EmaSpec
from hitzoo.spec.number import Number as Number
from hitzoo.spec.number import PenaltyWeight as PenaltyWeight
from hitzoo.spec.number import ScheduleSpec as ScheduleSpec
from hitzoo.spec.place import Places
from hitzoo.spec.reconstruction import ReconstructionSpec as ReconstructionSpec
from hitzoo.spec.regularizers import BcrSpec as BcrSpec
from hitzoo.spec.regularizers import DriftSpec as DriftSpec
from hitzoo.spec.regularizers import LeCamSpec as LeCamSpec
from hitzoo.spec.regularizers import PathLengthSpec as PathLengthSpec
from hitzoo.spec.regularizers import PenaltySpec as PenaltySpec
from hitzoo.spec.regularizers import R1Spec as R1Spec
from hitzoo.spec.regularizers import R2Spec as R2Spec
from hitzoo.spec.regularizers import RegularizerSpec as RegularizerSpec
from hitzoo.spec.regularizers import WganGpSpec as WganGpSpec
from hitzoo.spec.regularizers import whole_fraction as whole_fraction

MetricName: TypeAlias = Literal[
    "fid", "is", "kid", "pr", "efficientnet_frechet", "random_conv_frechet", "random_conv_pr", "sliced_wasserstein"
]


PixelRange: TypeAlias = Literal["unit", "imagenet"]


class NetworkSpec(Protocol):
    """The section of one network: a frozen dataclass of its family, `families/<name>/spec.py`."""

    @property
    def family(self) -> str:
        """Name of the family."""


@dataclass(frozen=True, kw_only=True)
class AdamOfNetworkSpec:
    """What Adam has for one network in the place of what it has for both; None is what it has for both."""

    learning_rate: Number | None = None
    betas: tuple[Number, Number] | None = None
    clip_norm: float | None = None


@dataclass(frozen=True, kw_only=True)
class AdamSpec:
    """Adam for both networks. `form` says where epsilon stands: `keras` as in the official code, or `torch`.

    `epsilon` defaults to each form's own default: 1e-7 for Keras, 1e-8 for torch. The learning rates rise from 0 in the
    first `warm_up` real images. `clip_norm` is the largest norm of a network's gradient, which is scaled down to it.
    With `lazy_correction` a network has lr·c and β^c with c = k/(k + 1), k the shortest interval of its lazy
    regularizers.
    """

    kind: Literal["adam"] = "adam"
    form: Literal["keras", "torch"] = "keras"
    learning_rate: Number = 1e-4
    betas: tuple[Number, Number] = (0.0, 0.99)
    epsilon: float | None = None
    warm_up: int = 0
    clip_norm: float | None = None
    lazy_correction: bool = False
    generator: AdamOfNetworkSpec | None = None
    discriminator: AdamOfNetworkSpec | None = None
    encoder: AdamOfNetworkSpec | None = None
    quantizer: AdamOfNetworkSpec | None = None


@dataclass(frozen=True, kw_only=True)
class AlternatingSpec:
    """Some updates of the discriminator, each on a batch of its own, and one of the generator.

    `generator_batch_size` is that of the generator's update; the discriminator's when absent. The generator's update
    comes after `generator_after` of the discriminator's, after all when absent. `stale_gradient` leaves the
    discriminator the gradient of the generator's loss, which its next update then adds to its own (TransGAN's code).
    With `lazy_updates` the discriminator's regularizers with an interval make updates of their own (StyleGAN2's and
    StyleSwin's code).
    """

    discriminator: int = 1
    generator: Literal[1] = 1
    generator_batch_size: int | None = None
    generator_after: int | None = None
    stale_gradient: bool = False
    lazy_updates: bool = False


@dataclass(frozen=True, kw_only=True)
class TrainingSpec:
    """The training of the two networks: by default one forward pass for both updates per step, as the official code.

    `norm_statistics` says over which images the generator's batch norms take their statistics: those of a process
    (`per_replica`, official), of all processes (`synchronised`), or of groups of N (a number). `augment` is applied to
    everything that the discriminator sees. `reconstruction` is for autoencoders alone.
    `activation_checkpointing` names the resolutions whose activations are computed again instead of being kept.
    """

    loss: Literal["non_saturating", "hinge", "relativistic", "wasserstein"] = "non_saturating"
    regularizers: tuple[RegularizerSpec, ...] = (R1Spec(weight=10.0),)
    reconstruction: ReconstructionSpec | None = None
    augment: AugmentSpec | None = None
    updates: Literal["simultaneous"] | AlternatingSpec = "simultaneous"
    optimizer: AdamSpec = field(default_factory=AdamSpec)
    norm_statistics: Literal["per_replica", "synchronised"] | int = "per_replica"
    activation_checkpointing: Literal["none", "all"] | tuple[int, ...] = "none"
    ema: EmaSpec | tuple[EmaSpec, ...] = field(default_factory=EmaSpec)
    batch_size: int = 256
    steps: int = 500_000

    @property
    def averages(self) -> tuple[EmaSpec, ...]:
        """The averages of the generator, also where there is one."""
        return self.ema if isinstance(self.ema, tuple) else (self.ema,)

    @property
    def path_length(self) -> PathLengthSpec | None:
        """The regularizer of the generator."""
        return next((one for one in self.regularizers if isinstance(one, PathLengthSpec)), None)

    @property
    def penalties(self) -> tuple[PenaltySpec, ...]:
        """The regularizers of the discriminator."""
        return tuple(one for one in self.regularizers if not isinstance(one, PathLengthSpec))


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """The real images, and how they are made square.

    `resolution` is the wanted size; without it the generator's last stage says it. `crop` `center` and `random` take a
    square of `crop_fraction` of the shorter side, `none` squeezes the whole picture. `flip` mirrors half of them.
    `range` is the scale of pixel values that both networks work in: [-1, 1] (`unit`, when absent), or ImageNet's means
    and deviations taken off.
    """

    source: str | None = None
    resolution: int | None = None
    channels: Literal[1, 3, 4] = 3
    crop: Literal["center", "random", "none"] = "center"
    crop_fraction: float = 1.0
    flip: bool = True
    on_error: Literal["stop", "skip"] = "stop"
    range: PixelRange | None = None

    @property
    def pixel_range(self) -> PixelRange:
        """The scale of pixel values, also where none is written."""
        return self.range or "unit"


@dataclass(frozen=True, kw_only=True)
class EvaluationSpec:
    """The comparison of samples with real images; no part of the networks.

    `samples` images of the seeds 0, 1, … meet `real_samples` images (all of them when absent; fewer are spread evenly
    over the set) of `source` (the training data when absent). `every` is in steps of training; 0 never evaluates in a
    run. `fid`, `is`, `kid` and `pr` are torch-fidelity's and need its Inception network, the others need no download.
    """

    metrics: tuple[MetricName, ...] = ("fid",)
    samples: int = 50_000
    real_samples: int | None = None
    source: str | None = None
    every: int = 0


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A whole document: what to build and how to train it.

    With an `encoder` and a `quantizer` the generator is the decoder of an autoencoder.
    """

    hitzoo: Literal[1] = 1
    name: str
    summary: str = ""
    generator: NetworkSpec
    discriminator: NetworkSpec
    encoder: NetworkSpec | None = None
    quantizer: NetworkSpec | None = None
    training: TrainingSpec = field(default_factory=TrainingSpec)
    data: DataSpec = field(default_factory=DataSpec)
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)
    places: Places = field(default_factory=Places, compare=False, repr=False)

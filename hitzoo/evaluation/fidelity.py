"""FID, inception score, KID, precision and recall by torch-fidelity. Only this file imports it.

torch-fidelity computes the metrics through its public API, on features computed before with its own Inception network:
so the features of the real images can be cached under a key that identifies the data (its own cache uses a name alone),
samples can be made by several processes, and no image is kept in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from hitzoo.errors import RequestError
from hitzoo.evaluation.metrics import NEIGHBOURS, OFFLINE
from hitzoo.evaluation.pictures import RGB

NETWORK = "inception-v3-compat"
POOL, LOGITS = "2048", "logits_unbiased"
POOL_WIDTH, LOGITS_WIDTH = 2048, 1008
KID_SUBSETS, KID_SUBSET_SIZE = 100, 1000
IS_GROUP = 5000  # images, as in the HiT paper
_AT_ONCE = 32  # images, each of 299×299 inside the network
_ROWS_AT_ONCE = 1000
_STORED = "hitzoo-stored-features"


def check_torch_fidelity() -> None:
    """Check, before any download, that torch-fidelity and the torchvision it needs can be imported.

    Raises:
        RequestError: one of them cannot.
    """
    try:
        import torch_fidelity  # noqa: F401
    except (ImportError, RuntimeError) as error:  # torchvision of another torch: `operator … does not exist`
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RequestError(
            f"torch-fidelity, which computes fid, is, kid and pr, does not load here ({reason}); install it with the"
            f" torchvision that belongs to torch {torch.__version__}, from the index torch came from;"
            f" or use metrics that need neither: {','.join(OFFLINE)}"
        ) from None


def open_inception(weights: Path) -> torch.nn.Module:
    """Load the network, with weights whose sha256 was checked, on the CPU."""
    from torch_fidelity import FeatureExtractorInceptionV3

    network: torch.nn.Module = FeatureExtractorInceptionV3(
        NETWORK, [POOL, LOGITS], feature_extractor_weights_path=str(weights)
    )
    return network


class Inception:
    """Features of the Inception network: the last pooled map, with `logits` also the class logits without bias."""

    name = NETWORK

    def __init__(self, network: torch.nn.Module, device: torch.device, *, logits: bool = False) -> None:
        self.device = device
        self._network = network.to(device)
        self._logits = logits
        self.shape: tuple[int, ...] = (POOL_WIDTH + LOGITS_WIDTH * logits,)

    def __call__(self, pictures: RGB, positions: Sequence[int]) -> torch.Tensor:
        """Map bytes (B, R, R, 3) to (B, 2048), or (B, 2048 + 1008); the network itself resizes to 299×299."""
        return torch.cat([self._rows(part) for part in torch.from_numpy(pictures).split(_AT_ONCE)])

    def _rows(self, pictures: torch.Tensor) -> torch.Tensor:
        pool, logits = self._network(pictures.permute(0, 3, 1, 2).contiguous().to(self.device))
        return (torch.cat([pool, logits], dim=1) if self._logits else pool).float().cpu()


def compare(names: Collection[str], fakes: torch.Tensor, reals: torch.Tensor) -> dict[str, tuple[float, float | None]]:
    """Compute value and deviation of `fid`, `kid`, and for `pr` `precision` and `recall`, of (N, D) and (M, D)."""
    import torch_fidelity as tf

    found = _calculate(
        input1=_Rows(fakes),
        input2=_Rows(reals),
        fid="fid" in names,
        kid="kid" in names,
        prc="pr" in names,
        kid_subsets=KID_SUBSETS,
        kid_subset_size=kid_subset_size(len(fakes), len(reals)),
        prc_neighborhood=NEIGHBOURS,
        prc_batch_size=_ROWS_AT_ONCE,
    )
    values: dict[str, tuple[float, float | None]] = {}
    if "fid" in names:
        values["fid"] = (found[tf.KEY_METRIC_FID], None)
    if "kid" in names:
        values["kid"] = (found[tf.KEY_METRIC_KID_MEAN], found[tf.KEY_METRIC_KID_STD])
    if "pr" in names:
        values["precision"] = (found[tf.KEY_METRIC_PRECISION], None)
        values["recall"] = (found[tf.KEY_METRIC_RECALL], None)
    return values


def inception_score(logits: torch.Tensor) -> tuple[float, float | None]:
    """Mean and deviation over `is_groups(N)` groups of logits (N, classes); a single group has no deviation."""
    import torch_fidelity as tf

    groups = is_groups(len(logits))
    found = _calculate(input1=_Rows(logits), isc=True, isc_splits=groups)
    return found[tf.KEY_METRIC_ISC_MEAN], found[tf.KEY_METRIC_ISC_STD] if groups > 1 else None


def is_groups(samples: int) -> int:
    """Number of groups of at least 5,000 images; one if there are fewer."""
    return max(1, samples // IS_GROUP)


def kid_subset_size(samples: int, reals: int) -> int:
    """1,000 images, or all of the smaller set."""
    return min(KID_SUBSET_SIZE, samples, reals)


class _Rows(Dataset[torch.Tensor]):
    """Rows of features as a data set, one per item."""

    def __init__(self, rows: torch.Tensor) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self._rows[index]


def _calculate(**wanted: Any) -> dict[str, float]:
    """Call torch-fidelity on rows of features, without its cache, workers and printing."""
    import torch_fidelity as tf

    _register_stored()
    found: dict[str, float] = tf.calculate_metrics(
        feature_extractor=_STORED,
        batch_size=_ROWS_AT_ONCE,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
        **wanted,
    )
    return found


@cache
def _register_stored() -> None:
    """Register with torch-fidelity an extractor whose inputs are features already."""
    import torch_fidelity as tf

    class Stored(tf.FeatureExtractorBase):  # type: ignore[misc]
        """Returns its input."""

        def __init__(self, name: str, features_list: list[str], **kwargs: Any) -> None:
            super().__init__(name, features_list)

        @staticmethod
        def get_provided_features_list() -> tuple[str, ...]:
            return ("stored",)

        @staticmethod
        def get_default_feature_layer_for_metric(metric: str) -> str:
            return "stored"

        @staticmethod
        def can_be_compiled() -> bool:
            return False

        def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return (rows,)

    tf.register_feature_extractor(_STORED, Stored)

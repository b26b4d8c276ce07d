"""torch-fidelity's numbers without its weights: on features given, on a tiny extractor, on an untrained Inception."""

from __future__ import annotations

import sys
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.evaluation import fidelity, inception
from hitzoo.evaluation.frechet import frechet_distance
from hitzoo.evaluation.inception import find_inception_weights
from hitzoo.evaluation.precision_recall import precision_recall


def rows(seed: int, count: int, width: int = 12, shift: float = 0.0) -> torch.Tensor:
    values = np.random.default_rng(seed).standard_normal((count, width)) + shift
    return torch.from_numpy(values.astype(np.float32))


def kid_by_hand(first: np.ndarray, second: np.ndarray) -> float:
    """The unbiased estimate of Bińkowski et al. 2018 with the kernel (x·y/D + 1)³, over whole sets."""

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(a: np.ndarray) -> float:
        inner = kernel(a, a)
        return float((inner.sum() - np.trace(inner)) / (len(a) * (len(a) - 1)))

    return within(first) + within(second) - 2 * float(kernel(first, second).mean())


def test_its_numbers_are_ours() -> None:
    """FID against our Fréchet distance, KID against its formula, precision and recall against ours."""
    fakes, reals = rows(0, 300, shift=0.4), rows(1, 300)
    found = fidelity.compare({"fid", "kid", "pr"}, fakes, reals)
    assert set(found) == {"fid", "kid", "precision", "recall"}
    assert found["fid"] == (pytest.approx(frechet_distance(fakes, reals), rel=1e-5), None)
    value, deviation = found["kid"]  # a subset of 300 of 300 is the whole set
    assert value == pytest.approx(kid_by_hand(fakes.double().numpy(), reals.double().numpy()), rel=1e-4)
    assert deviation == pytest.approx(0, abs=1e-6)
    precision, recall = precision_recall(fakes, reals)
    assert (found["precision"][0], found["recall"][0]) == pytest.approx((precision, recall))
    assert precision != pytest.approx(recall)
    assert set(fidelity.compare({"fid", "is"}, fakes, reals)) == {"fid"}


def test_the_inception_score() -> None:
    """Samples that are surely one of C classes, all equally often, score C; groups are of at least 5,000."""
    logits = 100 * torch.eye(10).repeat(60, 1)
    assert fidelity.inception_score(logits) == (pytest.approx(10, rel=1e-4), None)
    mean, deviation = fidelity.inception_score(logits.repeat(17, 1))
    assert mean == pytest.approx(10, rel=1e-2)
    assert deviation is not None
    assert [fidelity.is_groups(count) for count in (4, 4999, 9999, 30_000, 50_000)] == [1, 1, 1, 6, 10]
    assert [fidelity.kid_subset_size(*counts) for counts in ((50_000, 2000), (70, 2000), (5000, 80))] == [1000, 70, 80]


def test_it_leaves_no_cache_and_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fidelity.compare({"fid"}, rows(0, 20), rows(1, 20))
    printed = capsys.readouterr()
    assert printed.out + printed.err == ""
    assert not (tmp_path / "torch").exists()


@pytest.mark.parametrize(
    "error",
    [
        ImportError("No module named 'torchvision'"),
        RuntimeError("operator torchvision::nms does not exist\nmore"),
    ],
)
def test_a_broken_installation_is_one_sentence(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, name: str, *rest: Any) -> None:
            if name == "torch_fidelity":
                raise error

    monkeypatch.delitem(sys.modules, "torch_fidelity", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(RequestError) as caught:
        fidelity.check_torch_fidelity()
    said = str(caught.value)
    assert "\n" not in said
    assert str(error).splitlines()[0] in said
    assert torch.__version__ in said
    assert said.endswith("use metrics that need neither: random_conv_frechet,random_conv_pr,sliced_wasserstein")


@pytest.fixture
def untrained_inception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """The file of an Inception network with random weights, taken for the real one."""

    def make() -> Path:
        from torch_fidelity import FeatureExtractorInceptionV3 as Network

        with monkeypatch.context() as patch, torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            patch.setattr("torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", lambda *a, **k: {})
            patch.setattr(Network, "load_state_dict", lambda self, state: None)
            network = Network("inception-v3-compat", ["2048"])
            for module in network.modules():  # torch's own beginning lets everything fade to nothing
                if isinstance(module, torch.nn.Conv2d):
                    torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        path = tmp_path / "inception.pth"
        torch.save(network.state_dict(), path)  # noqa: TID251 - what torch-fidelity reads
        with path.open("rb") as file:
            monkeypatch.setattr(inception, "SHA256", file_digest(file, "sha256").hexdigest())
        return path

    return make


def test_the_very_network(untrained_inception: Callable[[], Path]) -> None:
    path = find_inception_weights(untrained_inception(), pytest.fail)
    network = fidelity.open_inception(path)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    both = fidelity.Inception(network, torch.device("cpu"), logits=True)
    pooled = fidelity.Inception(network, torch.device("cpu"))
    with torch.inference_mode():
        found = both(pictures, range(3))
        assert found.shape == (3, *both.shape) == (3, 3056)
        torch.testing.assert_close(pooled(pictures[1:], range(2)), found[1:, : pooled.shape[0]], rtol=1e-3, atol=1e-5)
    pool, logits = network(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    assert pool.std() > 0.01
    torch.testing.assert_close(found, torch.cat([pool, logits], dim=1), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(pool @ network.fc.weight.T, logits, rtol=1e-3, atol=1e-4)

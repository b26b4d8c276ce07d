"""The metrics by name."""

from __future__ import annotations

from typing import get_args

import pytest

from hitzoo.errors import RequestError
from hitzoo.evaluation.metrics import METRICS, OFFLINE, choose_metrics, parse_metrics
from hitzoo.evaluation.random_conv import RandomConv
from hitzoo.spec.types import MetricName


def test_spec_and_registry_name_the_same() -> None:
    assert tuple(METRICS) == get_args(MetricName)
    assert OFFLINE == ("random_conv_frechet", "random_conv_pr", "sliced_wasserstein")
    names = [name for metric in METRICS.values() for name, _ in metric.values]
    assert len(set(names)) == len(names)
    assert "fid" not in "".join(name for name in names if name != "fid")
    assert RandomConv.name in "random-conv-1"
    assert {name for name, metric in METRICS.items() if metric.knows_imagenet} == {
        *("fid", "is", "kid", "pr", "efficientnet_frechet")
    }


def test_choosing() -> None:
    assert parse_metrics(" FID,is , kid,fid") == ("fid", "is", "kid")
    assert [metric.name for metric in choose_metrics(["pr", "sliced_wasserstein"])] == ["pr", "sliced_wasserstein"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fid,random_conv_fid", "unknown metric 'random_conv_fid'; did you mean 'random_conv_pr'?"),
        ("kidd", "unknown metric 'kidd'; did you mean 'kid'?; known: fid, is, kid, pr, efficientnet_frechet"),
        ("", "no metric is named; known: fid, is"),
        (",", "no metric is named; known: fid, is"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_metrics(text)
    assert str(caught.value).startswith(said)

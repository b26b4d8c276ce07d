from __future__ import annotations

from math import inf, nan

import pytest

from hitzoo.evaluation.report import Report, Score
from hitzoo.training.run.evaluation import Evaluation


def report(value: float, metric: str = "random_conv_frechet", name: str = "random_conv_frechet") -> Report:
    score = Score(metric=metric, name=name, value=value, deviation=None, better="lower", protocol={})
    return Report(scores=(score,))


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ((3.0, 2.0, 2.5), "b"),
        ((2.0, 2.0, 2.0), "a"),
        ((nan, 5.0, 6.0), "b"),
        ((inf, nan, 6.0), "c"),
        ((nan, nan, nan), "a"),
    ],
)
def test_lowest_finite_value_is_chosen_the_earlier_of_equal_ones(values, chosen) -> None:
    assert Evaluation.of(dict(zip("abc", map(report, values), strict=True))).chosen == chosen


def test_highest_is_chosen_where_higher_is_better() -> None:
    found = Evaluation.of({name: report(value, "is", "inception_score") for name, value in (("a", 3.0), ("b", 4.0))})
    assert (found.chosen, found.verdict) == ("b", ("inception_score", 4.0, False))


def test_one_average_has_no_name() -> None:
    found = Evaluation.of({"0.999": report(3.0)})
    assert found.average is None
    assert found.line() == {"eval/random_conv_frechet": 3.0}
    assert found.in_words() == "random_conv_frechet 3"
    assert found.to_json() == report(3.0).to_json()


def test_several_averages_are_all_told() -> None:
    found = Evaluation.of({"100": report(3.0), "0.5": report(2.0)})
    assert found.line() == {
        "eval/random_conv_frechet": 2.0,
        "eval-100/random_conv_frechet": 3.0,
        "eval-0.5/random_conv_frechet": 2.0,
        "average": "0.5",
    }
    assert found.in_words() == "random_conv_frechet 2  (average 0.5; random_conv_frechet of 100: 3)"
    assert found.to_json() == report(2.0).to_json() | {
        "average": "0.5",
        "other_averages": {"100": report(3.0).to_json()},
    }

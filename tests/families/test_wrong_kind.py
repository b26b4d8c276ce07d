"""A spec where a plan is wanted, and a name where a spec is."""

from __future__ import annotations

from typing import Any

import pytest

import hitzoo


@pytest.mark.parametrize("given", ["hit-ti-shapes32", None])
def test_compile_of_no_spec_says_the_way_on(given: Any) -> None:
    with pytest.raises(hitzoo.RequestError, match=r"write compile_spec\(load_spec\("):
        hitzoo.compile_spec(given)


def test_build_of_no_plan_says_the_way_on() -> None:
    given: Any
    for given in (hitzoo.load_spec("hit-ti-shapes32"), "hit-ti-shapes32"):
        with pytest.raises(hitzoo.RequestError, match=r"write build\(compile_spec\(load_spec\("):
            hitzoo.build(given)

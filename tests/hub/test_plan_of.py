from __future__ import annotations

import pytest

from hitzoo.errors import UnknownNameError
from hitzoo.families.open import open_spec
from hitzoo.hub.plan_of import plan_of
from tests.support import TINY_HIT


def test_plan_of_a_spec_by_name_or_file(tmp_path) -> None:
    assert plan_of("hit-b-ffhq256") == open_spec("hit-b-ffhq256")[1]
    (tmp_path / "tiny.yaml").write_text(TINY_HIT)
    assert plan_of(str(tmp_path / "tiny.yaml")) == open_spec(tmp_path / "tiny.yaml")[1]


def test_plan_of_a_model_folder(tmp_path, model) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY_HIT)
    assert plan_of(str(model)).generator == plan_of(str(tmp_path / "tiny.yaml")).generator


def test_plan_of_nothing() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'hit-b-ffhq256'"):
        plan_of("hit-b-fhq256")
    with pytest.raises(UnknownNameError):
        plan_of("missing.yaml")

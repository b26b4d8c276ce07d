from __future__ import annotations

import pytest

from hitzoo.errors import UnknownNameError
from hitzoo.families.open import open_spec
from hitzoo.sampling.plan_of import plan_of
from tests.sampling.conftest import TINY


def test_a_spec_by_name_or_file(tmp_path, tiny_generator) -> None:
    assert plan_of("hit-b-ffhq256") == open_spec("hit-b-ffhq256")[1]
    (tmp_path / "tiny.yaml").write_text(TINY)
    assert plan_of(str(tmp_path / "tiny.yaml")).generator == tiny_generator().plan.generator


def test_a_model_folder(tmp_path, tiny_generator, save) -> None:
    folder = save(tmp_path / "model", tiny_generator())
    assert plan_of(str(folder)).generator == tiny_generator().plan.generator


def test_nothing_of_that_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'hit-b-ffhq256'"):
        plan_of("hit-b-fhq256")
    with pytest.raises(UnknownNameError):
        plan_of("missing.yaml")

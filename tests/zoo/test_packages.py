"""A model whose family comes from a package says which one; nothing of what it says is imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hitzoo.errors import SpecError
from hitzoo.families.compile import ModelPlan
from hitzoo.families.load import parse_spec
from hitzoo.spec.types import Spec
from hitzoo.zoo.model_folder import config_of, open_model
from hitzoo.zoo.packages import packages_of
from tests.families.outside_package import SPEC, TOY, Site, site
from tests.own_families import LISTED

__all__ = ["site"]


def test_record_names_the_package_of_an_outside_family(site: Site) -> None:
    site.install("toy-families", TOY, {"generator.toy": "TOY"})
    assert packages_of(parse_spec(SPEC)) == {"packages": {"generator": "toy-families 1.2"}}


def test_record_of_our_own_families_has_no_packages(tiny_spec: Spec) -> None:
    assert packages_of(tiny_spec) == {}


def said(folder: Path, config: dict[str, Any]) -> str:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        open_model(folder)
    return str(caught.value)


@pytest.fixture
def config(tiny_spec: Spec, tiny_plan: ModelPlan) -> dict[str, Any]:
    found = config_of(tiny_spec, tiny_plan)
    found["spec"]["generator"] = {"family": "toy", "width": 4}
    return found


def test_missing_family_of_a_model_is_told_with_its_package(tmp_path: Path, config: dict[str, Any]) -> None:
    message = said(tmp_path, config | {"packages": {"generator": "toy-families 1.2"}})
    assert message.endswith(
        f'config.json  generator.family\n  "toy" is not one of: {LISTED}\n'
        "  the model names the package toy-families 1.2 for it; hitzoo installs nothing by itself"
    )


@pytest.mark.parametrize(
    "stated",
    [
        "toy",
        ["toy"],
        {"generator": 1},
        {"generator": "a b c"},
        {"generator": "--index-url=https://example.org toy"},
        {"generator": "toy\x1b[2J"},
        {"generator": "t" * 200},
    ],
)
def test_what_is_no_name_of_a_package_is_not_repeated(tmp_path: Path, config: dict[str, Any], stated: object) -> None:
    assert said(tmp_path, config | {"packages": stated}) == said(tmp_path, config)


def test_package_that_a_model_names_is_not_imported(site: Site, tmp_path: Path, config: dict[str, Any]) -> None:
    site.install("toy-families", "raise SystemExit('imported')", {})
    said(tmp_path, config | {"packages": {"generator": "toy-families 1.2"}})
    assert site.imported() == []

"""Every shipped spec means the networks that weights were stored for."""

from __future__ import annotations

import json

import pytest

import hitzoo
from hitzoo.spec.shipped import shipped_specs
from tests.pins.six_steps import HERE

NETWORKS = json.loads((HERE / "networks.json").read_text(encoding="utf-8"))


def test_every_shipped_spec_is_pinned() -> None:
    assert NETWORKS.keys() == shipped_specs().keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_identities_of_a_shipped_spec_stay(name: str) -> None:
    plan = hitzoo.compile_spec(hitzoo.load_spec(name))
    assert {role: plan.hash(role) for role in plan.networks} == NETWORKS[name]

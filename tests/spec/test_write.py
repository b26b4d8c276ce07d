"""Specs written again as YAML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.families.language import shipped_language
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.spec.convert import to_data, to_spec
from hitzoo.spec.place import Places
from hitzoo.spec.shipped import find_spec, shipped_specs
from hitzoo.spec.types import Spec
from hitzoo.spec.write import leaves, renamed_copy, to_yaml

ODD_WORDS = ["1e4", "08", "012", "1.5", "null", "true", "yes", "~", "-", "a: b", "a # b", "", "é ×", "'", '"', "{}"]


@pytest.mark.parametrize("name", sorted(shipped_specs()))
def test_what_is_written_is_read_again(name: str) -> None:
    spec = load_spec(name)
    assert parse_spec(to_yaml(spec)) == spec
    assert to_spec(to_data(spec), Places(), shipped_language()) == spec


def test_every_default_is_written_out(tiny_spec: Spec) -> None:
    data = yaml.safe_load(to_yaml(tiny_spec))
    assert data["generator"]["heads_share_kv"] is True
    assert data["training"]["ema"] == {"decay": 0.999, "start_step": 10, "ramp_up": False}
    assert data["training"]["regularizers"][1]["augment"] == ["color", "translation", "cutout"]
    assert "epsilon" not in data["training"]["optimizer"]
    assert list(data) == ["hitzoo", "name", "summary", "generator", "discriminator", "training", "data", "evaluation"]


@pytest.mark.parametrize("word", ODD_WORDS)
def test_text_stays_text(tiny_spec: Spec, word: str) -> None:
    spec = replace(tiny_spec, summary=word, data=replace(tiny_spec.data, source=word))
    assert parse_spec(to_yaml(spec)) == spec


@pytest.mark.parametrize("number", [1e-7, 5e-5, 0.1, 1.0, 1e-30])
def test_numbers_stay_numbers(tiny_spec: Spec, number: float) -> None:
    optimizer = replace(tiny_spec.training.optimizer, learning_rate=number, epsilon=number)
    spec = replace(tiny_spec, training=replace(tiny_spec.training, optimizer=optimizer))
    assert parse_spec(to_yaml(spec)) == spec


def test_leaves(tiny_spec: Spec) -> None:
    found = dict(leaves(tiny_spec))
    assert next(iter(found)) == "hitzoo"
    assert found["generator.stages[2].attention"] == "none"
    assert found["training.regularizers[1].augment[2]"] == "cutout"
    assert found["training.optimizer.betas[1]"] == 0.99
    assert not any(isinstance(value, dict | list) for value in found.values())
    assert "generator.stages[0].block_size" not in found


@pytest.mark.parametrize("name", sorted(shipped_specs()))
def test_a_copy_is_the_same_network_under_a_new_name(name: str) -> None:
    original = find_spec(name).read_text(encoding="utf-8")
    copy = renamed_copy(original, name, Path("my-faces.yaml"))
    spec = parse_spec(copy)
    assert (spec.name, spec.summary) == ("my-faces", f"made from {name}")
    assert replace(spec, name=name, summary=load_spec(name).summary) == load_spec(name)
    assert compile_spec(spec).generator == compile_spec(load_spec(name)).generator
    assert copy.startswith(f"# Made from {name} with `hitzoo new`; `hitzoo diff {name} my-faces.yaml` shows")
    assert "command" not in copy
    assert original.count("#  ") - copy.count("#  ") == original[: original.index("hitzoo: 1")].count("#  ")


@pytest.mark.parametrize("name", ["123", "1e4", "null", "true", "1.5", "08"])
def test_a_copy_may_have_a_name_that_looks_like_something_else(tiny_text: str, name: str) -> None:
    assert parse_spec(renamed_copy(tiny_text, "tiny", Path(f"{name}.yaml"))).name == name


@pytest.mark.parametrize("origin", ["a: b", "a #b", r"a\1", "a'b", "12"])
def test_a_copy_of_a_file_of_any_name(tiny_text: str, origin: str) -> None:
    text = tiny_text.replace("generator:", "summary: mine\ngenerator:", 1)
    assert parse_spec(renamed_copy(text, origin, Path("other.yaml"))).summary == f"made from {origin}"


def test_a_copy_keeps_what_stands_before_the_version(tiny_text: str) -> None:
    text = "# head\n\n# more\nname: tiny\n" + tiny_text.replace("name: tiny\n", "")
    assert replace(parse_spec(renamed_copy(text, "tiny", Path("other.yaml"))), name="tiny") == parse_spec(tiny_text)


@pytest.mark.parametrize("name", ["My-Faces", "my faces", "-a", "a\n", "é"])
def test_a_copy_needs_a_name_that_a_spec_can_have(tiny_text: str, name: str) -> None:
    with pytest.raises(RequestError) as caught:
        renamed_copy(tiny_text, "tiny", Path(f"{name}.yaml"))
    assert str(caught.value) == (
        f"'{name}' cannot be the name of a spec; use a-z, 0-9, '.', '_' and '-', as in my-faces-64.yaml"
    )

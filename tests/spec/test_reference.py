"""The reference of the spec language: every path of every shipped spec is in it, and docs/spec.md says the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hitzoo.errors import UnknownNameError
from hitzoo.families.compile import compile_spec
from hitzoo.families.generated import page_text
from hitzoo.families.language import shipped_language
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.spec.lookup import find_entries
from hitzoo.spec.reference import Entry, every_entry, reference
from hitzoo.spec.reference_page import MARK
from hitzoo.spec.shipped import shipped_specs
from hitzoo.spec.usage import values_in_shipped_specs
from hitzoo.spec.wording import allowed_in_words, scalar_in_words, type_in_words
from hitzoo.spec.write import leaves

LANGUAGE = shipped_language()
PAGE = Path(__file__).parents[2] / "docs" / "spec.md"
ENTRIES = list(every_entry(reference(LANGUAGE)))


def one(path: str) -> Entry:
    (entry,) = find_entries(path, LANGUAGE)
    return entry


def test_reference_has_every_path_of_every_spec() -> None:
    known = {re.sub(r"\[\]", "", entry.path) for entry in ENTRIES if entry.may_be_single}
    for name in shipped_specs():
        for path, _ in leaves(load_spec(name)):
            assert re.sub(r"\[\d+\]", "", path) in known, (name, path)


def test_reference_has_every_key_of_the_schema_once() -> None:
    seen = {(entry.path, entry.choice) for entry in ENTRIES if entry.may_be_schedule or not in_schedule(entry)}
    of_schedule = len(LANGUAGE.schema["$defs"]["schedule"]["properties"])
    schedules = sum(entry.may_be_schedule for entry in ENTRIES)
    assert len(seen) == len(ENTRIES) - schedules * of_schedule
    tags = sum(
        key in ("family", "kind") and "const" in inner
        for part in LANGUAGE.schema["$defs"].values()
        for key, inner in part.get("properties", {}).items()
    )
    keys = len(LANGUAGE.schema["properties"]) + sum(count_of_keys(part) for part in LANGUAGE.schema["$defs"].values())
    groups = sum(entry.path.endswith(".attention[].pattern") for entry in ENTRIES)  # of heads, in several families
    again = (groups - 1) * len(LANGUAGE.schema["$defs"]["head_group"]["properties"])
    assert len(seen) + of_schedule == keys - tags + again


def in_schedule(entry: Entry) -> bool:
    above = entry.path.rpartition(".")[0].removesuffix("[]")
    return any(other.path == above and other.may_be_schedule for other in ENTRIES)


def count_of_keys(part: dict[str, Any]) -> int:
    return sum(1 + count_of_keys(inner) for inner in part.get("properties", {}).values())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.path} {entry.choice}")
def test_every_entry_is_described(entry: Entry) -> None:
    assert re.fullmatch(r"[A-Zfw1].*[.:…]", entry.description), entry.description
    for group in entry.groups:
        assert group.description.endswith(".")
    if entry.default is None and not entry.required and not entry.groups:
        assert "absent" in entry.description, "nobody can know what holds without it"


def test_defaults_are_those_of_a_spec_that_says_nothing() -> None:
    text = "hitzoo: 1\nname: x\ngenerator: {family: hit, stages: [{channels: 8, depth: 1}]}\n"
    values = dict(leaves(parse_spec(text)))
    assert values.pop("training.regularizers[0].weight") == 10.0, "the paper's, where no penalty is named"
    for path, value in values.items():
        tag = dict.fromkeys(("generator", "generator.stages[0]"), ("family", "hit")) | {
            "training.regularizers[0]": ("kind", "r1"),
            "discriminator": ("family", "stylegan2"),
        }
        holder = path.rpartition(".")[0]
        entries = [
            entry for entry in find_entries(path, LANGUAGE) if entry.choice in (None, tag.get(holder, entry.choice))
        ]
        assert len(entries) == 1 or path == "evaluation.metrics[0]"
        if not entries[0].required and "[" not in path.rpartition(".")[2]:
            assert entries[0].default == value, path


def test_choices_have_entries_of_their_own() -> None:
    hit, convnet, *_ = find_entries("generator.latent_dim", LANGUAGE)
    assert (hit.choice, hit.default) == (("family", "hit"), 512)
    assert (convnet.choice, convnet.default) == (("family", "convnet"), 256)
    assert [entry.choice for entry in find_entries("training.regularizers.augment", LANGUAGE)] == [("kind", "bcr")]


def test_every_path_leads_to_its_entry() -> None:
    for entry in ENTRIES:
        assert entry in find_entries(entry.path, LANGUAGE)


def test_indices_are_taken_as_they_come() -> None:
    paths = (
        "generator.stages[].heads",
        "generator.stages[3].heads",
        "generator.stages.heads",
        "generator.stages.0.heads",
    )
    found = [find_entries(path, LANGUAGE) for path in paths]
    assert all(entries == found[0] for entries in found)
    assert [entry.choice for entry in found[0]][:2] == [("family", "hit"), ("family", "transgan")]
    assert {entry.path for entry in found[0]} == {"generator.stages[].heads"}


@pytest.mark.parametrize(
    ("path", "way_on"),
    [
        ("training.emma", "did you mean 'training.ema'?"),
        ("training.ema.decai", "did you mean 'training.ema.decay'?"),
        ("trainig.ema", "did you mean 'training'?"),
        ("decay", "did you mean quantizer.decay or training.regularizers[].decay or training.ema.decay?"),
        ("lr", "did you mean training.optimizer.learning_rate?"),
        ("training.betas", "did you mean training.optimizer.betas?"),
        ("generator.stages.num_heads", "did you mean 'generator.stages.heads'?"),
        ("epochs", "training.steps"),
        ("training.zzz", "training has: loss, regularizers"),
        ("training.steps.zzz", "training.steps has nothing inside it"),
        ("zzz" * 1000, "a spec has: hitzoo, name"),
    ],
)
def test_a_wrong_path_is_refused_with_the_way_on(path: str, way_on: str) -> None:
    with pytest.raises(UnknownNameError, match=r"a spec has no path '") as refusal:
        find_entries(path, LANGUAGE)
    assert way_on in str(refusal.value)
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize(
    ("part", "kind", "allowed"),
    [
        ({"enum": ["blur", "average"]}, "word", "blur, average"),
        ({"enum": [1, 3, 4]}, "whole number", "1, 3, 4"),
        ({"const": 1}, "whole number", "1"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "whole number", "1 to 9"),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "number", "at least 0 and less than 1"),
        ({"type": "boolean"}, "true or false", ""),
        ({"type": "array", "maxItems": 8, "items": {"type": "object"}}, "list of mappings", "at most 8 entries"),
        ({"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}}, "list of numbers", "2 entries"),
        (
            {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": ["a", "b"]}},
            "list of words",
            "at least 1 entry, none twice, of: a, b",
        ),
        (
            {"if": {"type": "string"}, "then": {"enum": ["auto"]}, "else": {"type": "integer", "minimum": 1}},
            "word or whole number",
            "auto, or a whole number (at least 1)",
        ),
    ],
)
def test_the_schema_in_words(part: dict[str, Any], kind: str, allowed: str) -> None:
    assert (type_in_words(part), allowed_in_words(part)) == (kind, allowed)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.path} {entry.choice}")
def test_a_default_in_words_is_read_as_it_is(entry: Entry) -> None:
    if entry.default is not None:
        assert yaml.safe_load(scalar_in_words(entry.default)) == entry.default


def test_usage_is_what_the_shipped_specs_write() -> None:
    assert "hit-ti-64" in values_in_shipped_specs(one("training.ema.decay"))["0.998"]
    found = {entry.choice: values_in_shipped_specs(entry) for entry in find_entries("generator.latent_dim", LANGUAGE)}
    hit, convnet, transgan = (found["family", name] for name in ("hit", "convnet", "transgan"))
    assert convnet == {"256": ("convnet-r1-imagenet128",)}
    assert set(hit) == {"64", "256", "512"}
    assert transgan["256"] == ("transgan-cifar10",)
    kinds, others, *_ = map(values_in_shipped_specs, find_entries("generator.stages[].attention", LANGUAGE))
    assert "hit-b-ffhq256" not in others["regional"]
    assert kinds["axial"] == ("hit-imagenet128-ablation-axial",)


def test_page_is_what_the_schema_gives() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(MARK) == 1
    assert page == page_text(page), "run `make schema`"


def test_page_links_lead_to_its_headings() -> None:
    page = PAGE.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^a-z0-9_ -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in page.splitlines()
        if line.startswith("#")
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert len(links) == sum(1 for entry in ENTRIES if entry.groups and not entry.may_be_schedule) + 1  # Schedules
    assert links <= anchors


def test_example_of_the_page_is_a_spec_that_fits() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert compile_spec(parse_spec(example)).generator.resolution == 64

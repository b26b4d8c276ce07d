"""Packages whose families cannot be used: told where they are named, and harmless to everything else."""

from __future__ import annotations

import pytest

from hitzoo.errors import UnknownNameError
from hitzoo.families.load import parse_spec
from hitzoo.families.registry import families, family_of
from tests.families.outside_package import BUILT_IN, ENTRY, SPEC, TOY, Site, said, site, with_schema
from tests.own_families import GENERATORS, LISTED

__all__ = ["site"]

BROKEN = {
    "import error": (
        "import a_module_that_nobody_has",
        ENTRY,
        "loading it raises ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
    ),
    "exit": ("raise SystemExit('no')", ENTRY, "loading it raises SystemExit: no"),
    "syntax": ("def", ENTRY, "loading it raises SyntaxError: "),
    "no such attribute": (TOY, {"generator.toy": "TOI"}, "loading it raises AttributeError: "),
    "no family": (TOY, {"generator.toy": "SCHEMA"}, "SCHEMA is a dict, not a Family"),
    "another role": (TOY.replace('role="generator"', 'role="discriminator"'), ENTRY, "is the discriminator 'toy', its"),
    "another name": (TOY.replace('name="toy"', 'name="toys"'), ENTRY, "is the generator 'toys', its entry point says"),
    "bare name": (TOY, {"toy": "TOY"}, "its entry point is named 'toy' where 'generator.toy' is wanted"),
    "no dataclass": (TOY.replace("@dataclass(frozen=True, kw_only=True)", ""), ENTRY, "its spec is no dataclass"),
    "schema raises": (with_schema("SCHEMA = property()"), ENTRY, "its schema is no mapping of definitions"),
    "schema without a key": (with_schema('del SCHEMA["toy"]["properties"]["width"]'), ENTRY, "differ in: width"),
    "open schema": (with_schema('del SCHEMA["toy"]["additionalProperties"]'), ENTRY, '"additionalProperties": false'),
    "tag": (with_schema('SCHEMA["toy"]["properties"]["family"]["const"] = "t"'), ENTRY, '"family": {"const": "toy"}'),
    "required": (with_schema('del SCHEMA["toy"]["required"]'), ENTRY, "requires other keys than its dataclass: width"),
    "dangling": (
        with_schema('del SCHEMA["hit_stage"]'),
        ENTRY,
        "refers to #/$defs/hit_stage, which it does not",
    ),
    "keyword": (with_schema('SCHEMA["toy"]["oneOf"] = []'), ENTRY, "uses keywords that specs do not have: oneOf"),
    "condition": (with_schema('SCHEMA["toy"]["allOf"] = [{"if": {}, "then": {}}]'), ENTRY, "has an allOf that is not "),
    "type": (with_schema('SCHEMA["hit_stage"]["type"] = ["null"]'), ENTRY, "has the type ['null']"),
    "no schema": (with_schema('SCHEMA["hit_stage"]["minimum"] = "one"'), ENTRY, "is no JSON Schema at $"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_package_is_told_where_its_family_is_named(site: Site, case: str) -> None:
    source, entries, reason = BROKEN[case]
    site.install("toy-families", source, entries)
    message = said(SPEC)
    line = "mine.yaml:3:21  generator.family\n  the family 'toy' of the package toy-families 1.2 cannot be used: "
    assert message.startswith(line)
    assert reason in message
    assert len(message.splitlines()) == 2
    with pytest.raises(UnknownNameError) as caught:
        family_of("generator", "toy")
    assert reason in str(caught.value)


@pytest.mark.parametrize("case", BROKEN)
def test_broken_package_breaks_nothing_else(site: Site, case: str) -> None:
    source, entries, _ = BROKEN[case]
    site.install("toy-families", source, entries)
    site.install("sound-families", TOY.replace("toy", "sound"), {"generator.sound": "TOY"})
    parse_spec(BUILT_IN)
    parse_spec(SPEC.replace("toy", "sound"))
    assert list(families("generator")) == [*GENERATORS, "sound"]
    assert f"is not one of: {LISTED}, sound" in said(SPEC.replace("toy", "unheard"))


def test_package_that_is_mended_is_seen_without_a_new_process(site: Site) -> None:
    module = site.install("toy-families", "import a_module_that_nobody_has", ENTRY)
    said(SPEC)
    (site.folder / f"{module}.py").write_text(TOY, encoding="utf-8")
    parse_spec(SPEC)


def test_two_packages_with_one_name_are_both_named(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    site.install("more-toys", TOY, ENTRY, version="3.0")
    assert "the family 'toy' is brought by more-toys 3.0 and toy-families 1.2; uninstall all but one" in said(SPEC)
    assert site.imported() == []
    parse_spec(BUILT_IN)


@pytest.mark.parametrize("damage", ["entry_points.txt", "METADATA"])
def test_damaged_installation_of_another_package_is_passed_over(site: Site, damage: str) -> None:
    site.install("toy-families", TOY, ENTRY)
    site.install("a-damaged-one", None, ENTRY)
    (site.folder / "a_damaged_one-1.2.dist-info" / damage).write_bytes(b"[hitzoo.families]\n\xff\xfe no equals sign")
    parse_spec(SPEC)


def test_message_of_a_package_is_made_visible(site: Site) -> None:
    site.install("toy-families", r"raise ValueError('\x1b[2J' + 'long ' * 1000)", ENTRY)
    message = said(SPEC)
    assert r"\x1b[2J" in message
    assert "\x1b" not in message
    assert len(message) < 600

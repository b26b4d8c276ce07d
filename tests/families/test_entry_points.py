"""Families from installed packages: named, loaded when a document asks, and harmless where they are broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hitzoo.cli.completion import complete_path
from hitzoo.errors import SpecError, UnknownNameError
from hitzoo.families.generated import schema_text
from hitzoo.families.language import installed_language, language_of, shipped_language
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.families.registry import families, family_of
from hitzoo.spec.convert import to_data
from hitzoo.spec.document import read_document
from hitzoo.spec.lookup import find_entries
from tests.conftest import Run
from tests.families.outside_package import SPEC, TOY, Site, site, with_schema

__all__ = ["site"]

ENTRY = {"generator.toy": "TOY"}
BUILT_IN = "hitzoo: 1\nname: mine\ngenerator: {family: hit, stages: [{channels: 32, depth: 1}]}\n"


def said(text: str, *overrides: str) -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "mine.yaml", overrides)
    return str(caught.value)


def test_outside_family_is_part_of_the_language(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    spec = parse_spec(SPEC)
    assert type(spec.generator).__name__ == "ToySpec"
    assert to_data(spec)["generator"] == {"family": "toy", "width": 8, "kind_of_block": "plain"}
    assert to_data(spec)["discriminator"]["family"] == "stylegan2"
    assert family_of("generator", "toy").name == "toy"
    assert list(families("generator")) == ["hit", "convnet", "toy"]


def test_outside_family_can_be_set_from_the_command_line(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    spec = parse_spec(BUILT_IN, overrides=["generator={family: toy, width: 3}"])
    assert to_data(spec)["generator"]["width"] == 3


def test_mistakes_in_an_outside_section_are_explained_like_ours(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    assert said(SPEC.replace("width: 8", "width: 0, kind_of_block: plane, widht: 1")) == (
        "mine.yaml:3:33  generator.width\n  0 is out of range: at least 1\n"
        "mine.yaml:3:51  generator.kind_of_block\n"
        "  \"plane\" is not one of: plain, gated\n  did you mean 'plain'?\n"
        "mine.yaml:3:58  generator.widht\n"
        "  unknown key 'widht'\n  did you mean 'width'?; allowed: family, kind_of_block, width"
    )


def test_unknown_family_names_the_outside_ones_too(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    message = said(SPEC.replace("toy", "toi"))
    assert "\"toi\" is not one of: hit, convnet, toy\n  did you mean 'toy'?" in message
    with pytest.raises(UnknownNameError, match=r"no family of generators is named 'toi', .*hit, convnet, toy; did"):
        family_of("generator", "toi")


def test_missing_family_says_how_families_are_added() -> None:
    message = said(SPEC)
    assert message == (
        'mine.yaml:3:21  generator.family\n  "toy" is not one of: hit, convnet\n'
        "  Which family of generators: hit or convnet. A package that is installed can bring another"
        " (docs/families.md)."
    )
    with pytest.raises(UnknownNameError, match=r"no family of generators is named 'toy'.*docs/families\.md"):
        family_of("generator", "toy")


def test_explained_family_names_its_package(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    language = installed_language()
    (entry,) = find_entries("generator.kind_of_block", language)
    assert (entry.choice, entry.default) == (("family", "toy"), "plain")
    (generator,) = find_entries("generator", language)
    assert generator.groups[-1].description == "A toy. From the package toy-families 1.2."
    (family,) = find_entries("generator.family", language)
    assert family.allowed == "hit, convnet, toy"


def test_outside_families_stay_out_of_the_shipped_files(site: Site) -> None:
    before = schema_text()
    site.install("toy-families", TOY, ENTRY)
    installed_language()
    assert schema_text() == before
    assert shipped_language().networks["generator"].keys() == {"hit", "convnet"}


def test_definitions_of_the_same_name_do_not_meet(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    language = language_of(read_document(SPEC, "s").data)
    assert language.schema["$defs"]["hit_stage"] == shipped_language().schema["$defs"]["hit_stage"]
    assert parse_spec(SPEC.replace("width: 8", "width: 9")).generator.width == 9  # type: ignore[attr-defined]


def test_package_is_imported_only_where_it_is_named(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    parse_spec(BUILT_IN)
    load_spec("hit-b-ffhq256")
    said(BUILT_IN.replace("depth: 1", "depth: x"))
    assert site.imported() == []
    parse_spec(SPEC)
    assert site.imported() == ["toy_families"]


@pytest.mark.slow
def test_commands_without_an_outside_family_import_none(site: Site) -> None:
    site.install("toy-families", "raise SystemExit('imported')", ENTRY)
    code = f"import sys; sys.path.insert(0, {str(site.folder)!r}); from hitzoo.cli.app import main; main()"
    for words in (["--help"], ["list"], ["check", "hit-b-ffhq256"]):
        command = [sys.executable, "-X", "importtime", "-c", code, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        assert "toy_families" not in done.stderr


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
    assert list(families("generator")) == ["hit", "convnet", "sound"]
    assert "is not one of: hit, convnet, sound" in said(SPEC.replace("toy", "unheard"))


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


def test_family_of_hitzoo_is_never_replaced(site: Site) -> None:
    site.install("more-hit", TOY.replace("toy", "hit"), {"generator.hit": "TOY"})
    assert type(parse_spec(BUILT_IN).generator).__name__ == "HitGeneratorSpec"
    assert site.imported() == []
    assert installed_language().unusable["generator"] == {
        "hit": "the family 'hit' of more-hit 1.2 is left out: hitzoo has one of that name"
    }


def test_first_of_two_installations_on_the_path_counts(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.install("toy-families", TOY, ENTRY, version="1.0")
    newer = Site(tmp_path / "newer", monkeypatch)
    newer.install("toy-families", TOY, ENTRY, version="2.0")
    (generator,) = find_entries("generator", installed_language())
    assert generator.groups[-1].description.endswith("toy-families 2.0.")
    newer.forget()


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


def test_discriminator_of_an_outside_family(site: Site) -> None:
    site.install("toy-families", TOY.replace('role="generator"', 'role="discriminator"'), {"discriminator.toy": "TOY"})
    text = BUILT_IN + "discriminator: {family: toy, width: 2}\n"
    assert to_data(parse_spec(text))["discriminator"]["width"] == 2
    assert '"toy" is not one of: hit, convnet' in said(SPEC)


def test_explain_shows_outside_families_and_why_some_are_left_out(site: Site, run: Run) -> None:
    site.install("toy-families", TOY, ENTRY)
    site.install("broken-families", "import a_module_that_nobody_has", {"generator.broken": "TOY"})
    shown = run("explain", "generator.family")
    assert "hit, convnet, toy" in shown.stdout
    assert shown.stderr.startswith("note: the family 'broken' of the package broken-families 1.2 cannot be used: ")
    assert json.loads(run("explain", "generator.width", "--json").stdout)[0]["with"] == {"family": "toy"}
    assert "generator.kind_of_block=" in complete_path("generator.k")


def test_explain_of_another_section_is_silent_about_families(site: Site, run: Run) -> None:
    site.install("broken-families", "import a_module_that_nobody_has", {"generator.broken": "TOY"})
    assert run("explain", "training.ema").stderr == ""

"""Families from installed packages: named, loaded when a document asks, and harmless where they are broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hitzoo.cli.completion import complete_path
from hitzoo.errors import UnknownNameError
from hitzoo.families.generated import schema_text
from hitzoo.families.language import installed_language, language_of, shipped_language
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.families.registry import families, family_of
from hitzoo.spec.convert import to_data
from hitzoo.spec.document import read_document
from hitzoo.spec.lookup import find_entries
from tests.conftest import Run
from tests.families.outside_package import BLOCKS, BUILT_IN, ENTRY, SPEC, TOY, Site, said, site
from tests.own_families import GENERATORS, LISTED, either

__all__ = ["site"]


def test_outside_family_is_part_of_the_language(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    spec = parse_spec(SPEC)
    assert type(spec.generator).__name__ == "ToySpec"
    assert to_data(spec)["generator"] == {"family": "toy", "width": 8, "kind_of_block": "plain"}
    assert to_data(spec)["discriminator"]["family"] == "stylegan2"
    assert family_of("generator", "toy").name == "toy"
    assert list(families("generator")) == [*GENERATORS, "toy"]


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


def test_outside_section_holds_mappings_of_several_kinds(site: Site) -> None:
    site.install("block-families", BLOCKS, {"generator.blocks": "BLOCKS"})
    text = "hitzoo: 1\nname: x\ngenerator: {family: blocks, blocks: [{kind: conv, width: 3}, {kind: attention}]}\n"
    blocks = to_data(parse_spec(text))["generator"]["blocks"]
    assert blocks == [{"kind": "conv", "width": 3}, {"kind": "attention", "heads": 2}]
    assert said(text.replace("width: 3", "heads: 3")).splitlines()[-1] == "  allowed: kind, width"
    (heads,) = find_entries("generator.blocks.heads", installed_language())
    assert (heads.path, heads.choice, heads.default) == ("generator.blocks[].heads", ("kind", "attention"), 2)


def test_unknown_family_names_the_outside_ones_too(site: Site) -> None:
    site.install("toy-families", TOY, ENTRY)
    message = said(SPEC.replace("toy", "toi"))
    assert f"\"toi\" is not one of: {LISTED}, toy\n  did you mean 'toy'?" in message
    with pytest.raises(UnknownNameError, match=rf"no family of generators is named 'toi', .*{LISTED}, toy; did"):
        family_of("generator", "toi")


def test_missing_family_says_how_families_are_added() -> None:
    message = said(SPEC)
    assert message == (
        f'mine.yaml:3:21  generator.family\n  "toy" is not one of: {LISTED}\n'
        f"  Which family of generators: {either(GENERATORS)}. A package that is installed can bring another"
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
    assert family.allowed == f"{LISTED}, toy"


def test_outside_families_stay_out_of_the_shipped_files(site: Site) -> None:
    before = schema_text()
    site.install("toy-families", TOY, ENTRY)
    installed_language()
    assert schema_text() == before
    assert shipped_language().networks["generator"].keys() == set(GENERATORS)


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


@pytest.mark.processes
def test_commands_without_an_outside_family_import_none(site: Site) -> None:
    site.install("toy-families", "raise SystemExit('imported')", ENTRY)
    code = f"import sys; sys.path.insert(0, {str(site.folder)!r}); from hitzoo.cli.app import main; main()"
    for words in (["--help"], ["list"], ["check", "hit-b-ffhq256"]):
        command = [sys.executable, "-X", "importtime", "-c", code, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        assert "toy_families" not in done.stderr


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


def test_discriminator_of_an_outside_family(site: Site) -> None:
    site.install("toy-families", TOY.replace('role="generator"', 'role="discriminator"'), {"discriminator.toy": "TOY"})
    text = BUILT_IN + "discriminator: {family: toy, width: 2}\n"
    assert to_data(parse_spec(text))["discriminator"]["width"] == 2
    assert f'"toy" is not one of: {LISTED}' in said(SPEC)


def test_explain_shows_outside_families_and_why_some_are_left_out(site: Site, run: Run) -> None:
    site.install("toy-families", TOY, ENTRY)
    site.install("broken-families", "import a_module_that_nobody_has", {"generator.broken": "TOY"})
    shown = run("explain", "generator.family")
    assert f"{LISTED}, toy" in shown.stdout
    assert shown.stderr.startswith("note: the family 'broken' of the package broken-families 1.2 cannot be used: ")
    assert json.loads(run("explain", "generator.width", "--json").stdout)[0]["with"] == {"family": "toy"}
    assert "generator.kind_of_block=" in complete_path("generator.k")


def test_explain_of_another_section_is_silent_about_families(site: Site, run: Run) -> None:
    site.install("broken-families", "import a_module_that_nobody_has", {"generator.broken": "TOY"})
    assert run("explain", "training.ema").stderr == ""

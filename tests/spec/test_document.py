"""The traps of YAML, each with its place."""

from __future__ import annotations

import math

import pytest

from hitzoo.errors import SpecError
from hitzoo.spec.document import plain_scalar, read_document, read_scalar


def refused(text: str) -> str:
    """What is said of a text that cannot be read at all."""
    with pytest.raises(SpecError) as caught:
        read_document(text, "a.yaml")
    return str(caught.value)


def complaint(text: str) -> str:
    """The one thing said of a text that can be read."""
    (problem,) = read_document(text, "a.yaml").problems
    return problem.render("a.yaml")


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("1e-4", 1e-4),
        ("1e4", 1e4),
        ("5.0e-5", 5e-5),
        (".5", 0.5),
        ("2.", 2.0),
        ("012", 12),
        ("-3", -3),
        ("+7", 7),
        ("1" + "0" * 30, 1e30),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("on", "on"),
        ("yes", "yes"),
        ("NO", "NO"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("0x10", "0x10"),
        ("2021-06-14", "2021-06-14"),
        ("tRue", "tRue"),
        ("1e", "1e"),
        (".", "."),
    ],
)
def test_an_unquoted_word_means_what_yaml_1_2_says(word: str, meaning: object) -> None:
    assert plain_scalar(word) == meaning
    assert type(plain_scalar(word)) is type(meaning)
    assert read_document(f"a: {word}", "a.yaml").data == {"a": meaning}


@pytest.mark.parametrize("word", ["1e-4", "12", "true", "null", "on", ".nan"])
@pytest.mark.parametrize("style", ["'{}'", '"{}"', "|-\n  {}", ">-\n  {}"])
def test_quoted_is_text(word: str, style: str) -> None:
    document = read_document(f"a: {style.format(word)}", "a.yaml")
    assert document.data == {"a": word}
    assert document.problems == ()


@pytest.mark.parametrize("word", [".nan", ".inf", "-.inf", ".NaN", "+.Inf", "1e400"])
def test_numbers_are_finite(word: str) -> None:
    assert complaint(f"a:\n  b: {word}") == f"a.yaml:2:6  a.b\n  {word} is not a finite number"
    assert not math.isfinite(plain_scalar(word))


def test_the_same_key_twice() -> None:
    document = read_document("a:\n  b: 1\n  c: 2\n  b: 3\n", "a.yaml")
    (problem,) = document.problems
    assert problem.render("a.yaml") == "a.yaml:4:3  a.b\n  the key 'b' stands here twice (first in line 2)\n  keep one"
    assert document.data == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize("key", ["1", "1.5", "true", "~", "[1]", "? {a: 1}\n", ".nan"])
def test_a_key_is_text(key: str) -> None:
    column = 3 if key.startswith("?") else 1
    assert complaint(f"{key}: x") == f"a.yaml:1:{column}\n  a key must be text\n  write a plain word before the colon"


def test_a_quoted_number_is_a_key() -> None:
    assert read_document("'1': x", "a.yaml").problems == ()


def test_merge_keys() -> None:
    text = "a: &base {b: 1}\nc:\n  <<: *base\n"
    assert complaint(text) == "a.yaml:3:3  c.<<\n  merge keys are not used in a spec\n  write the values out"


def test_an_alias_is_the_value_again() -> None:
    assert read_document("a: &x {b: 1}\nc: *x\n", "a.yaml").data == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("!!python/object/apply:os.getcwd", "tag:yaml.org,2002:python/object/apply:os.getcwd"),
        ("!!set", "tag:yaml.org,2002:set"),
        ("!mine", "!mine"),
    ],
)
def test_tags(tag: str, shown: str) -> None:
    assert complaint(f"a: {tag} {{}}") == f"a.yaml:1:4  a\n  the tag {shown} has no meaning in a spec\n  remove it"


def test_a_bomb_of_aliases() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 5)]
    assert refused("\n".join(lines)).endswith("\n  the document holds more values than a spec can have")


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}"])
def test_an_alias_that_holds_itself(text: str) -> None:
    assert refused(text) == "a.yaml:1:4\n  the document is nested deeper than a spec can be"


@pytest.mark.parametrize("depth", [33, 5_000, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_too_deep(depth: int, opening: str, closing: str) -> None:
    text = "a: " + opening * depth + closing * depth
    column = 4 + len(opening) * 31
    assert refused(text) == f"a.yaml:1:{column}\n  the document is nested deeper than a spec can be"


def test_deep_enough() -> None:
    assert read_document("a: " + "[" * 30 + "]" * 30, "a.yaml").problems == ()


@pytest.mark.parametrize(
    ("text", "place"), [("a:\n\tb: 1\n", "2:1"), ("\ta: 1\n", "1:1"), ("a: 1\nb:\n  \tc: 1\n", "3:3")]
)
def test_tabs(text: str, place: str) -> None:
    message = refused(text)
    assert message.startswith(f"a.yaml:{place}\n  not valid YAML: ")
    assert message.endswith("\n  indent with spaces, not tabs")


def test_two_documents() -> None:
    assert refused("a: 1\n---\nb: 2\n") == (
        "a.yaml:2:1\n  not valid YAML: but found another document\n"
        "  a spec is one document; remove the line `---` and what follows it"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "empty"),
        ("# a comment\n", "empty"),
        ("- 1\n", "not a mapping of keys to values"),
        ("hello", "not a mapping of keys to values"),
    ],
)
def test_no_mapping(text: str, found: str) -> None:
    assert refused(text) == f"a.yaml:1:1\n  the document is {found}\n  start with `hitzoo: 1`"


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: {b: 1\nc: 2", "2:2"), ("a: 'b", "1:6"), ("a: b: c", "1:5"), ("a: *x", "1:4"), ("a: @b", "1:4")],
)
def test_what_is_no_yaml_has_its_place(text: str, place: str) -> None:
    assert refused(text).startswith(f"a.yaml:{place}\n  not valid YAML: ")


def test_characters_that_no_text_has() -> None:
    assert refused("a: '\0'").startswith("a.yaml:1:1\n  not valid YAML: unacceptable character #x0000")
    assert refused("a: \udc80").startswith("a.yaml:1:1\n  not valid YAML: 'utf-8' codec can't encode")


def test_a_value_alone() -> None:
    assert read_scalar("1e-4") == 1e-4
    assert read_scalar("[1, {a: on}]") == [1, {"a": "on"}]
    assert read_scalar("") is None
    with pytest.raises(SpecError, match="not a finite number"):
        read_scalar("[.nan]")

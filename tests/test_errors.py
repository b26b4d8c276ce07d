"""The tree of errors, and how a problem is printed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from hitzoo import errors
from hitzoo.cli.process import message_of_process
from hitzoo.errors import ArgumentError, Problem, SpecError, UnreadableImage, suggestion
from hitzoo.families.load import parse_spec
from hitzoo.hub.licenses import check_license
from hitzoo.targets import existing
from hitzoo.training.run.data_source import settled_source
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.name import named
from tests.support import TINY_HIT


def test_every_error_is_in_the_tree_that_the_module_draws() -> None:
    kinds = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(kinds) == 13
    assert all(issubclass(kind, errors.HitzooError) for kind in kinds)
    drawn = (errors.__doc__ or "").replace("│", " ").replace("─", " ").split()
    assert {kind.__name__ for kind in kinds} <= set(drawn)


def test_errors_of_the_field_are_builtins_too() -> None:
    assert issubclass(errors.RequestError, ValueError)
    assert issubclass(errors.UnknownNameError, LookupError)
    assert str(errors.UnknownNameError("no model is named 'x'")) == "no model is named 'x'"  # a KeyError quotes it


def test_argument_is_named_as_a_program_writes_it_and_by_the_command_as_an_option() -> None:
    error = ArgumentError("batch_size", 0, "must be positive")
    for same in (error, copy.copy(error)):
        assert str(same) == "batch_size '0': must be positive"
        assert message_of_process(same) == "--batch-size 0: must be positive"


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(3, 5, "a.b", "wrong", "do so"), "f.yaml:3:5  a.b\n  wrong\n  do so"),
        (Problem(3, 5, "", "wrong"), "f.yaml:3:5\n  wrong"),
        (Problem(0, 0, "a.b", "wrong"), "f.yaml  a.b\n  wrong"),
        (Problem(0, 0, "", "wrong"), "f.yaml\n  wrong"),
    ],
)
def test_a_problem_in_two_or_three_lines(problem: Problem, text: str) -> None:
    assert problem.render("f.yaml") == text


def test_problems_are_sorted_and_said_once() -> None:
    late, early, later_column = Problem(10, 1, "c", "3"), Problem(9, 2, "a", "1"), Problem(9, 10, "b", "2")
    error = SpecError("f", [late, later_column, early, late])
    assert error.problems == (early, later_column, late)
    assert str(error) == "f:9:2  a\n  1\nf:9:10  b\n  2\nf:10:1  c\n  3"


def test_an_unreadable_image_crosses_processes() -> None:
    error = copy.copy(UnreadableImage("a/b.png", "cut short"))  # by `__reduce__`, as it is sent
    assert (error.name, error.reason) == ("a/b.png", "cut short")
    assert str(error) == "a/b.png: not a readable image (cut short)"


def test_suggestions() -> None:
    assert suggestion("chanels", ["heads", "channels", "depth"]) == "did you mean 'channels'?"
    assert suggestion("xyz", ["heads", "channels"]) == ""
    assert suggestion("a", []) == ""


def test_of_names_as_near_one_is_rather_suggested() -> None:
    names = ["shapes32", "shapes64", "shops"]
    assert suggestion("shapes", names, rather=["shapes32", "shops"]) == "did you mean 'shapes32'?"
    assert suggestion("shapes6", names, rather=["shapes32"]) == "did you mean 'shapes64'?"


def test_message_in_the_words_of_the_command_survives_a_copy() -> None:
    error = errors.OutputError("x is there; force=True replaces it").or_as_option("x is there; --force replaces it")
    for one in (error, copy.copy(error)):
        assert (str(one), one.as_option) == ("x is there; force=True replaces it", "x is there; --force replaces it")
    assert errors.OutputError("full").as_option is None


@pytest.mark.parametrize(
    "call",
    [
        lambda folder: existing(folder),
        lambda folder: check_license(None, None),
        lambda folder: check_license("mine", None),
        lambda folder: check_license("other", None),
        lambda folder: named(parse_spec(TINY_HIT), "My Photos", folder),
        lambda folder: named(parse_spec(TINY_HIT, overrides="name=other"), "one", folder),
        lambda folder: parse_spec(TINY_HIT, overrides="t:"),
        lambda folder: RunFolder(folder).refuse_if_used(),
        lambda folder: settled_source(parse_spec(TINY_HIT), None, None),
    ],
)
def test_error_of_a_call_names_no_option_of_the_command(call: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    try:
        error = call(tmp_path)
    except errors.HitzooError as raised:
        error = raised
    assert isinstance(error, errors.HitzooError)
    assert "--" not in str(error)
    assert "--" in str(error.as_option)

"""`--help`: description, examples that can be copied, and options in groups, at any width and on any background.

The parser's own help draws boxes, names Python's types, breaks examples and is dim or yellow in places; this one is
plain text with bold words, and the same with every version of the parser.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup

from hitzoo.cli.examples import EXAMPLES
from hitzoo.cli.option_groups import HIDDEN, ORDER, group_of, value_name

_WIDEST = 100  # columns for comfortable reading
_NAMES = 30  # columns of an option's name and value, at most
_KEPT = "\b"  # marks lines that are not wrapped


class VerbHelp(TyperCommand):
    """Verb whose help is printed by this module."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help; the parser's formatter stays empty."""
        print_help(self, ctx)

    def get_help(self, ctx: Any) -> str:
        """Print the help of the verb."""
        print_help(self, ctx)
        return ""


class GroupHelp(TyperGroup):
    """The command itself, or a verb with subcommands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help; the parser's formatter stays empty."""
        print_help(self, ctx)


def print_help(command: Any, ctx: Any) -> None:
    """Print usage, text, verbs and options of a command."""
    from hitzoo.cli import console

    for line, bold in help_lines(command, ctx, min(console.output_width() or _WIDEST, _WIDEST)):
        console.print_kept(line, bold=bold)


def help_lines(command: Any, ctx: Any, width: int) -> Iterator[tuple[str, bool]]:
    """Lines of the help, each with a flag for headings."""
    yield from _plain(_usage(command, ctx), width, hang=7)
    text, _, _ = inspect.cleandoc(command.help or "").partition("\f")
    for paragraph in text.split("\n\n"):
        yield "", False
        yield from _paragraph(paragraph, width)
    if hasattr(command, "list_commands"):
        yield from _verbs(command, ctx, width)
    verb = ctx.command_path.partition(" ")[2]
    yield from _examples(EXAMPLES.get(verb, ()))
    groups = _groups(command, ctx, verb)
    for title in sorted(groups, key=ORDER.index):
        yield from _rows(title, groups[title], width)
    if command.epilog:
        yield "", False
        yield from _paragraph(inspect.cleandoc(command.epilog), width)


def _usage(command: Any, ctx: Any) -> str:
    words = [f"Usage: {ctx.command_path}"]
    if any(param.param_type_name == "option" for param in command.get_params(ctx)):
        words.append("[OPTIONS]")
    for param in command.get_params(ctx):
        if param.param_type_name == "argument" and not getattr(param, "hidden", False):
            words.append(_name(param) if param.required or _name(param).startswith("[") else f"[{_name(param)}]")
    return " ".join([*words, "VERB …"] if hasattr(command, "list_commands") else words)


def _paragraph(text: str, width: int) -> Iterator[tuple[str, bool]]:
    """Wrap a paragraph, or keep its lines."""
    first, *rest = text.split("\n")
    if first.strip() == _KEPT:
        yield from ((f"  {line}", False) for line in rest)
    else:
        yield from _plain(" ".join(line.strip() for line in [first, *rest]), width)


def _examples(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    if lines:
        yield from (("", False), ("Examples", True), *((f"  {line}", False) for line in lines))


def _groups(command: Any, ctx: Any, verb: str) -> dict[str, list[tuple[str, str]]]:
    """Group arguments and options with their texts by heading."""
    shown = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    groups: dict[str, list[tuple[str, str]]] = {}
    for param in shown:
        groups.setdefault(group_of(param, verb, len(shown)), []).append((_name(param), _help(param, ctx)))
    return groups


def _verbs(group: Any, ctx: Any, width: int) -> Iterator[tuple[str, bool]]:
    panels: dict[str, list[tuple[str, str]]] = {}
    for name in group.list_commands(ctx):
        verb = group.get_command(ctx, name)
        if verb is not None and not verb.hidden:
            title = getattr(verb, "rich_help_panel", None)
            panels.setdefault(title if isinstance(title, str) else "Verbs", []).append((name, _sentence(verb)))
    for title, rows in panels.items():
        yield from _rows(title, rows, width)


def _sentence(verb: Any) -> str:
    """First sentence of a verb's help, on one line."""
    paragraph = inspect.cleandoc(verb.help or "").split("\n\n")[0]
    return paragraph.replace("\n", " ").split(". ")[0].rstrip(".") + "."


def _rows(title: str, rows: list[tuple[str, str]], width: int) -> Iterator[tuple[str, bool]]:
    from hitzoo.cli.wrapping import wrapped

    names = min(max(len(name) for name, _ in rows), min(_NAMES, width // 2 - 4))
    yield "", False
    yield title, True
    for name, text in rows:
        if len(name) > names:
            yield f"  {name}", False
            name = ""
        for line in wrapped(f"  {name:<{names}}  {text}", width, names + 4):
            yield line.rstrip(), False


def _plain(text: str, width: int, hang: int | None = None) -> Iterator[tuple[str, bool]]:
    from hitzoo.cli.wrapping import wrapped

    yield from ((line, False) for line in wrapped(text, width, hang))


def _name(param: Any) -> str:
    """Name a parameter: `SPEC`, or `-h, --help`, or `--seeds 0-35,40`."""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    names = ", ".join(sorted((name for name in param.opts if name not in HIDDEN), key=len))
    if getattr(param, "is_flag", False) or getattr(param, "count", False):
        return names  # `--no-…`, where it exists, is the default
    return f"{names} {value_name(param)}"


def _help(param: Any, ctx: Any) -> str:
    words = [param.help or ""]
    if param.required and param.param_type_name == "option":
        words.append("[required]")
    default = _default(param, ctx)
    if default:
        words.append(f"[default: {default}]")
    return " ".join(words)


def _default(param: Any, ctx: Any) -> str:
    if not getattr(param, "show_default", False) or getattr(param, "is_flag", False):
        return ""
    if isinstance(param.show_default, str):
        return param.show_default
    value = param.get_default(ctx, call=False)
    return "" if value is None or value in ("", [], (), False) else str(value)

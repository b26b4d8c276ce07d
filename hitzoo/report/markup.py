"""HTML made of elements. All text is escaped where it goes in: a run's files may hold anything."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from hitzoo.escape import visible

Content: TypeAlias = str | Iterable["Content"] | None
Attribute: TypeAlias = str | int | float | bool | None

_VOID = frozenset({"br", "col", "img", "input", "link", "meta"})  # which have no end


class Markup(str):
    """HTML, in which everything that is text is escaped already."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Escape text, control characters and letters that turn the line too."""
    return Markup(escape(visible(content), quote=True))


def element(tag: str, *children: Content, **attributes: Attribute) -> Markup:
    """Return an element; strings inside it are text unless they are `Markup`, None is nothing.

    Attributes are written as Python lets them: `class_`, `aria_label`. True stands alone, False and None are left out.
    """
    head = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{head}>")
    return Markup(f"<{tag}{head}>{''.join(_flat(children))}</{tag}>")


def joined(*children: Content) -> Markup:
    """Return contents one after another, without an element around them."""
    return Markup("".join(_flat(children)))


def _flat(content: Content) -> Iterable[str]:
    if isinstance(content, Markup):
        yield content
    elif isinstance(content, str):
        yield text(content)
    elif content is not None:
        for part in content:
            yield from _flat(part)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{text(str(value))}"'

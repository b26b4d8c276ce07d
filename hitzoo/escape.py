"""Text that others wrote, made safe to look at: control characters and letters that turn the line are shown escaped.

File names, keys of specs, fields of repositories and messages of servers may hold terminal escapes (which set titles,
clear screens, write the clipboard), line ends and bidirectional controls. Nothing here changes what is stored.
"""

from __future__ import annotations

import re

# C0 without line end and tab, DEL, C1, bidirectional controls, line separators, halves of surrogate pairs
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ENDS = {"\n": "\\n", "\t": "\\t"}
_FIRST_BYTE, _LAST_BYTE = 0xDC80, 0xDCFF  # how Python keeps the bytes of a name that is not UTF-8


def visible(text: str) -> str:
    r"""The text with its control characters written out: `\x1b`, `\u202e`; a byte that was no UTF-8 is `\xf6` again."""
    return _UNSEEN.sub(_escape, text)


def one_line(text: str) -> str:
    r"""A name or a word as one visible line: line ends and tabs are written out too."""
    return visible(text).replace("\n", _ENDS["\n"]).replace("\t", _ENDS["\t"])


def visible_json(text: str) -> str:
    r"""JSON that means the same, with such characters inside its strings as `\u` escapes."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if _FIRST_BYTE <= code <= _LAST_BYTE:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

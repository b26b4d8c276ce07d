"""Characters missing from an output's encoding, replaced by the nearest it has: x for ×, ^2 for ², else ?."""

from __future__ import annotations

import codecs
from unicodedata import category, normalize

_NEAREST = {
    "×": "x", "·": "*", "²": "^2", "³": "^3", "±": "+/-", "½": "1/2", "√": "sqrt ", "≈": "~", "≤": "<=", "≥": ">=",
    "→": "->", "←": "<-", "−": "-", "–": "-", "—": "-", "…": "...", "•": "*", "‖": "||", "∇": "grad ",
    "‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "ψ": "psi", "β": "beta", "ε": "eps", "γ": "gamma",
    "µ": "u", "°": " deg", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "ł": "l", "Ł": "L",
    "─": "-", "━": "-", "╸": "-", "╺": "-", "│": "|", "✓": "v", "✔": "v", "▁": "_", "█": "#",
}  # fmt: skip
_UTF = ("utf-8", "utf-8-sig", "utf-16", "utf-32")


def encodable(text: str, encoding: str) -> str:
    """Replace every character that `encoding` lacks."""
    if text.isascii() or is_unicode(encoding):
        return text
    return "".join(letter if _has(encoding, letter) else _nearest(letter, encoding) for letter in text)


def is_unicode(encoding: str) -> bool:
    """True if an encoding has every character."""
    try:
        return codecs.lookup(encoding).name in _UTF
    except LookupError:
        return False


def _nearest(letter: str, encoding: str) -> str:
    for other in (_NEAREST.get(letter), _without_marks(letter)):
        if other and _has(encoding, other):
            return other
    return "?"


def _without_marks(letter: str) -> str:
    """Strip diacritics: `é` as `e`."""
    return "".join(part for part in normalize("NFKD", letter) if category(part) != "Mn")


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    except LookupError:
        return text.isascii()
    return True

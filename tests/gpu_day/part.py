"""A part of the day: one command that prints its result, the seconds it may take, and what it is for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Reader = Callable[[str, int], dict[str, Any]]
"""Makes the result of what a command printed and the code it ended with.

Raises:
    ValueError: it printed no result.
"""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a day's parts are made for: `small` is a miniature that any machine can run; `results` is their folder."""

    device: str
    small: bool
    results: Path


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part.

    Attributes:
        words: the command after the interpreter.
        seconds: after which it is ended; what it had printed still counts.
        devices: GPUs it needs, where it runs on GPUs.
        environment: variables besides the caller's.
    """

    name: str
    title: str
    words: tuple[str, ...]
    seconds: float
    read: Reader
    devices: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        """The whole command."""
        return [sys.executable, *self.words]

    @property
    def shown(self) -> str:
        """The command as it would be typed."""
        words = self.words[1:] if self.words[:2] == ("-m", "hitzoo") else ("python", *self.words)
        before = [f"{name}={value}" for name, value in self.environment.items()]
        return " ".join([*before, *words])

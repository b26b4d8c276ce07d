"""The parts that networks play in a model; file names, sections of a spec and updates are by role."""

from __future__ import annotations

from typing import Literal, TypeAlias

Role: TypeAlias = Literal["generator", "discriminator", "encoder", "quantizer"]

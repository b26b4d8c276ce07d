from __future__ import annotations

from tests.backbones.fixtures import backbone, random_backbone

__all__ = ["backbone", "random_backbone"]

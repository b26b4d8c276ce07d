"""The files that follow from the families are those that would be written anew."""

from __future__ import annotations

from hitzoo.families.generated import schema_text
from hitzoo.spec.language import schema_path


def test_schema_for_editors_is_the_one_of_the_families() -> None:
    assert schema_path().read_text(encoding="utf-8") == schema_text(), "run `make schema`"

"""Files of the repository that follow from hitzoo's own families: the schema for editors and the reference of specs.

python -m hitzoo.families.generated hitzoo/spec/schema/spec.schema.json docs/spec.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hitzoo.families.language import shipped_language
from hitzoo.files import write_text
from hitzoo.spec.reference_page import with_reference


def schema_text() -> str:
    """The schema of specs, as the file that editors read."""
    return json.dumps(shipped_language().schema, indent=2, ensure_ascii=False) + "\n"


def page_text(page: str) -> str:
    """The page on the spec language with its reference anew."""
    return with_reference(page, shipped_language())


def main() -> None:
    """Write both anew."""
    schema, page = map(Path, sys.argv[1:])
    write_text(schema, schema_text())
    write_text(page, page_text(page.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()

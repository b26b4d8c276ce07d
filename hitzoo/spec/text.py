"""The text of a spec file."""

from __future__ import annotations

from pathlib import Path

from hitzoo.errors import Problem, SpecError
from hitzoo.spec.folder import is_config, text_of_config

_LARGEST_FILE = 1 << 20  # bytes; a spec has a few thousand


def read_spec_text(path: Path) -> str:
    """Read the text of a spec file.

    Raises:
        SpecError: the file cannot be read, is too large for a spec, or is not UTF-8.
    """
    try:
        raw = path.read_bytes() if path.stat().st_size <= _LARGEST_FILE else None
        if raw is None:
            raise SpecError(str(path), [Problem(0, 0, "", "the file is larger than a spec can be (1 MiB)")])
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text (byte {error.start})"
        raise SpecError(str(path), [Problem(0, 0, "", message, "save it as UTF-8")]) from None
    except OSError as error:
        raise SpecError(str(path), [Problem(0, 0, "", f"cannot be read: {error.strerror}")]) from None
    return text_of_config(path, text) if is_config(path) else text

"""The index of a checkpoint: size and sha256 of each of its files, so that one that is cut or altered is seen.

It lies in `training/index.json`, beside what only training reads, and does not list itself. It is written last, inside
the folder that is renamed as a whole: a checkpoint that is there has been indexed. Checkpoints of before there were
indexes have none and stay usable.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from hitzoo.files import parse_json, reason_of, writing
from hitzoo.zoo.file_digests import digests_of, from_json, problems_of, to_json
from hitzoo.zoo.model_layout import INDEX_NAME

_SIZE = "bytes"


def write_index(folder: Path) -> None:
    """List every file of a checkpoint that is otherwise complete; the caller makes the folder atomic."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    entries = to_json(digests_of({path.relative_to(folder).as_posix(): path for path in files}), _SIZE)
    (folder / INDEX_NAME).write_text(json.dumps({"files": entries}, indent=2) + "\n", encoding="utf-8")


def is_indexed(place: Path) -> bool:
    """Check for an index in a checkpoint."""
    return (place / INDEX_NAME).exists()


def verify(place: Path, only: Collection[str] | None = None, also: Collection[str] = ()) -> list[str]:
    """List what is wrong with a checkpoint's files, or `only` some of them and `also` those that it has, a line each.

    Nothing where all are as they were written, or there is no index.
    """
    if not is_indexed(place):
        return []
    try:
        listed = from_json(parse_json((place / INDEX_NAME).read_text(encoding="utf-8"))["files"], _SIZE)
    except OSError as error:
        return [f"{INDEX_NAME} cannot be read: {reason_of(error, reading=True)}"]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return [f"{INDEX_NAME} is not the index of a checkpoint"]
    unlisted = sorted(set(only or ()) - listed.keys())
    if unlisted:
        return [f"{INDEX_NAME} does not list {', '.join(unlisted)}"]
    wanted = [name for name in listed if only is None or name in only or name in also]
    return list(problems_of(place, listed, wanted, INDEX_NAME).values())


def set_aside(place: Path) -> Path:
    """Rename a damaged checkpoint to what is no longer called one, and say to what: its step can be saved again.

    It is not removed: what can still be read of it is the user's to keep or to delete.
    """
    name = f"damaged-{place.name}"
    taken = {path.name for path in place.parent.glob(f"{name}*")}
    count = 1
    while (free := name if count == 1 else f"{name}-{count}") in taken:
        count += 1
    with writing(place.with_name(free)):
        return place.rename(place.with_name(free))

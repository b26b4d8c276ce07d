"""The images a run goes on with: its own, unless other ones are asked for in so many words.

A session writes down where its images lay, how many they were, and two digests: the source's fingerprint, which changes
with any file's size or date, and one of the images' names, which a copy of the same set shares.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from hitzoo.data.hugging_face import PREFIX
from hitzoo.data.open import ALLOWED, open_source
from hitzoo.data.place import place_of, recorded
from hitzoo.data.source import ImageSource
from hitzoo.data.split import is_there
from hitzoo.data.synthetic import Synthetic
from hitzoo.errors import DataError, RunError
from hitzoo.spec.types import Spec
from hitzoo.training.run.record import RunRecord

_SOURCE = ("data", "source")


def settled_source(spec: Spec, location: str | None, run: RunRecord | None) -> str:
    """Return the location of the images: the `location` asked for, else a resumed `run`'s own, else the spec's.

    Raises:
        RunError: nothing says it.
    """
    asked = location or (spec.data.source if _SOURCE in spec.places.overridden else None)
    if asked is None and run is not None:
        asked = _own_source(run)
    asked = asked or spec.data.source
    if asked is None:
        none = f"{spec.name} names no data: with"
        raise RunError(f"{none} data, {ALLOWED}").or_as_option(f"{none} --data, {ALLOWED}")
    return recorded(asked)


def open_data(location: str, resolution: int, run: RunRecord | None) -> ImageSource:
    """The images at a location.

    Raises:
        DataError: they cannot be used; of a `run`'s own that are not there any more, where they lay and the ways on.
    """
    try:
        return open_source(location, resolution=resolution)
    except DataError as error:
        known = _known(run) if run is not None else {}
        if location not in (known.get("source"), known.get("path")) or is_there(location):
            raise
        lay = known["path"] if isinstance(known.get("path"), str) else location
        raise DataError(
            f"the data of {_of(run)} is gone: {_count(known)} lay at {lay}. Put it back; or, if it has moved, name its"
            f" new place: --data PATH; or go on with other images: --data PATH --new-data"
        ) from error


def described(source: ImageSource) -> dict[str, Any]:
    """Return the entry of `run.json` about a session's images."""
    return {
        "source": source.location,
        "path": _full_path(source.location),
        "images": len(source),
        "fingerprint": source.fingerprint(),
        "names": _names(source),
    }


def is_other_data(run: RunRecord, now: dict[str, Any]) -> bool:
    """Return True if `described` images are not those of the run's last session: another number, or other names."""
    known = _known(run)
    if not known or known.get("fingerprint") == now["fingerprint"]:
        return False
    if isinstance(known.get("names"), str):
        return bool(known["names"] != now["names"])
    return known.get("images") != now["images"]  # a run of before names were written down


def refuse_other_data(run: RunRecord, now: dict[str, Any]) -> None:
    """Raises:
    RunError: the images that are `described` are not the run's.
    """
    if not is_other_data(run, now):
        return
    known = _known(run)
    before = known.get("source") or known.get("path") or "the data of its last session"
    at_home = now["source"] in (known.get("source"), known.get("path"))
    found = "now holds other images" if at_home else f"is not {before}, whose {_count(known)} it was trained on"
    was = f", {_count(known)} before" if at_home else ""
    ways = "put the old ones back" if at_home else "leave --data out to go on with the run's own"
    raise RunError(
        f"{_of(run)}: {now['source']} ({now['images']:,} images) {found}{was}; {ways}, or go on with"
        f" these from here on: --new-data"
    )


def changed_note(run: RunRecord, now: dict[str, Any], *, new: bool) -> str | None:
    """The line that tells of images that are not, file for file, those of the last session."""
    known = _known(run)
    if not known or known.get("fingerprint") == now["fingerprint"]:
        return None
    if new:
        return (
            f"note: {now['source']} ({now['images']:,} images) takes the place of {known.get('source') or 'the data'}"
            f" ({_count(known)}); order and images differ from here on"
        )
    return (
        f"note: the files of {now['source']} have another size or date than in the last session; as many as then, under"
        " the same names, so they are taken for the same images"
    )


def _own_source(run: RunRecord) -> str | None:
    """The place of the last session's images: as it was written, unless that leads elsewhere from this folder."""
    known = _known(run)
    written, path = known.get("source"), known.get("path")
    if not isinstance(written, str):
        data = run.about_spec().get("data")
        written = data.get("source") if isinstance(data, dict) else None
        if not isinstance(written, str):
            written = run.stored_spec().data.source
    if isinstance(path, str) and path != _full_path(written or "") and is_there(path):
        return path
    return written


def _known(run: RunRecord) -> dict[str, Any]:
    known = run.last_session().get("data")
    return known if isinstance(known, dict) else {}


def _full_path(location: str) -> str | None:
    if location == Synthetic.location or location.startswith(PREFIX):
        return None
    return recorded(str(place_of(location).absolute()))


def _names(source: ImageSource) -> str:
    digest = sha256()
    for index in range(len(source)):
        name = source.label(index).removeprefix(source.location)  # of a data set on Hugging Face, which may be a copy
        digest.update(f"{name}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _count(known: dict[str, Any]) -> str:
    images = known.get("images")
    return f"{images:,} images" if isinstance(images, int) else "its images"


def _of(run: RunRecord | None) -> str:
    return str(run.path) if run is not None else "the run"

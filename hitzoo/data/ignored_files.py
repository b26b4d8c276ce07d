"""Files beside the images of a data set that are not read, counted so that nothing is skipped silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hitzoo.data.formats import way_to_read
from hitzoo.data.names import ending_of, is_hidden
from hitzoo.data.source import ImageSource

_MOST_KINDS = 8
LICENSE_NAME = "LICENSE.txt"  # of the sets that hitzoo makes
_BELONGING = ("dataset.json", LICENSE_NAME)  # the first of NVIDIA's layout and of our own packed files


@dataclass(frozen=True)
class IgnoredFiles:
    """Counts of ignored files.

    `endings` counts files by extension ("" for none), `hidden` counts hidden and system files (dot files, Thumbs.db).
    `folders` counts hidden and system folders by name; `inside` is the number of files in them, None if not counted.
    `belonging` counts lists of labels and licences by name.
    """

    endings: Mapping[str, int] = field(default_factory=dict)
    hidden: int = 0
    folders: Mapping[str, int] = field(default_factory=dict)
    inside: int | None = None
    belonging: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.endings or self.hidden or self.folders or self.belonging)

    @property
    def is_worth_a_line(self) -> bool:
        """True if there is more than the list of labels and the licence that belong to a packed data set."""
        return bool(self.endings or self.hidden or self.folders)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; files without an extension are under "none"."""
        endings = {ending or "none": count for ending, count in self.endings.items()}
        for name, count in self.belonging.items():
            endings[ending_of(name)] = endings.get(ending_of(name), 0) + count
        return {
            "endings": endings,
            "hidden": self.hidden,
            "folders": dict(self.folders),
            "files_in_folders": self.inside,
        }

    def __str__(self) -> str:
        """`2 .heic (read with …), 1 without an ending, 3 hidden files; system folders: @eaDir (6)`."""
        parts = [_of_ending(ending, count) for ending, count in list(self.endings.items())[:_MOST_KINDS]]
        if len(self.endings) > _MOST_KINDS:
            rest = sum(list(self.endings.values())[_MOST_KINDS:])
            parts.append(f"{rest:,} of {len(self.endings) - _MOST_KINDS:,} other endings")
        parts += [f"{count} {name}" for name, count in self.belonging.items()]
        if self.hidden:
            parts.append(f"{self.hidden:,} hidden or system file{'' if self.hidden == 1 else 's'}")
        if self.folders:
            parts.append(self._of_folders())
        return ", ".join(parts)

    def _of_folders(self) -> str:
        total = sum(self.folders.values())
        held = "" if self.inside is None else f" with {self.inside:,} file{'' if self.inside == 1 else 's'}"
        named = [f"{name} ({count:,})" if count > 1 else name for name, count in self.folders.items()]
        more = f" and {len(named) - _MOST_KINDS:,} more" if len(named) > _MOST_KINDS else ""
        words = f"{total:,} hidden or system folder{'' if total == 1 else 's'}"
        return f"{words}{held}: {', '.join(named[:_MOST_KINDS])}{more}"


def _of_ending(ending: str, count: int) -> str:
    way = way_to_read(ending)
    return f"{count:,} {ending or 'without an ending'}" + (f" ({way})" if way else "")


def counted(files: Iterable[str], folders: Iterable[str] = (), *, inside: int | None = None) -> IgnoredFiles:
    """Count files by extension and folders by name, most frequent first; files without an extension last."""
    kinds: Counter[str] = Counter()
    belonging: Counter[str] = Counter()
    hidden = 0
    for name in files:
        if is_hidden(name):
            hidden += 1
        elif name in _BELONGING:
            belonging[name] += 1
        else:
            kinds[ending_of(name)] += 1
    ranked = dict(sorted(kinds.items(), key=lambda item: (not item[0], -item[1], item[0])))
    named = dict(sorted(Counter(folders).items(), key=lambda item: (-item[1], item[0])))
    return IgnoredFiles(ranked, hidden, named, inside, belonging)


def ignored_files(source: ImageSource, *, looking_inside: bool = False) -> IgnoredFiles:
    """Return a source's ignored files; with `looking_inside` those in hidden and system folders are counted too."""
    count = getattr(source, "ignored_files", None)
    found = count(looking_inside=looking_inside) if count is not None else IgnoredFiles()
    assert isinstance(found, IgnoredFiles), "that is what sources count with"
    return found

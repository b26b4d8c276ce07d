"""The documents that travel with hitzoo: specs/ and zoo/, in a checkout as in an installed wheel."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from hitzoo.errors import UnknownNameError, suggestion
from hitzoo.spec.folder import spec_in

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped_folder(kind: str) -> Path:
    """The folder of `specs` or `zoo`: inside the package when installed, at the top of the checkout otherwise."""
    installed = _PACKAGE / "_shipped" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


def shipped_specs(pattern: str = "*") -> dict[str, Path]:
    """The files of the shipped specs whose names match a shell pattern, by name in alphabetical order."""
    files = {file.stem: file for file in shipped_folder("specs").glob("*.yaml")}
    return {name: files[name] for name in sorted(files) if fnmatchcase(name, pattern)}


def find_spec(name_or_path: str) -> Path:
    """The file of a spec that is named or given by its path; of a run or a model folder the file its spec is in.

    Raises:
        UnknownNameError: no shipped spec has that name and no file that path.
    """
    path = Path(name_or_path)
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:
        raise UnknownNameError(f"{name_or_path[:80]} cannot be read: {error.strerror}") from None
    if is_file:
        return path
    specs = shipped_specs()
    if name_or_path in specs:
        return specs[name_or_path]
    if is_folder:
        try:
            found = spec_in(path)
        except OSError as error:
            raise UnknownNameError(f"{name_or_path[:80]} cannot be read: {error.strerror}") from None
        if found is None:
            raise UnknownNameError(
                f"{name_or_path} is a folder without a spec, neither a run nor a model; give one of these, a spec file"
                " or the name of a shipped spec"
            )
        return found
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        hint = suggestion(path.stem, specs)
        raise UnknownNameError(f"no such spec file: {name_or_path}" + (f"; {hint}" if hint else ""))
    hint = suggestion(name_or_path, specs) or "`hitzoo list` shows the shipped ones"
    raise UnknownNameError(f"no spec is named '{name_or_path}' and no file has that path; {hint}")

"""Weights of torch-fidelity's Inception network: given, already on disk, or downloaded with a note."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from hashlib import file_digest
from http.client import HTTPException
from pathlib import Path

import torch

from hitzoo.errors import WeightsError
from hitzoo.evaluation.metrics import OFFLINE
from hitzoo.files import writing
from hitzoo.places import place

FILE_NAME = "weights-inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE_NAME}"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
SIZE = "96 MB"
VARIABLE = "HITZOO_INCEPTION_WEIGHTS"


def find_inception_weights(given: Path | None, note: Callable[[str], None]) -> Path:
    """Return the file: `given`, else $HITZOO_INCEPTION_WEIGHTS, else torch hub's cache, else a download to there.

    The file is a pickle, which could run any code when it is read, so only the one with the known sha256 is used.
    `note` is called with a message before a download.

    Raises:
        WeightsError: the file is missing or a different one, or it cannot be downloaded.
    """
    named = os.environ.get(VARIABLE)
    if given is not None or named:
        path = place(given if given is not None else str(named))
        _check(path, "--inception-weights" if given is not None else VARIABLE)
        return path
    path = Path(torch.hub.get_dir()) / "checkpoints" / FILE_NAME
    if path.parts[0] == "~":  # torch would create a folder of that name here
        raise WeightsError(
            f"there is no home folder to keep the Inception network in; set TORCH_HOME, or give it with {VARIABLE}"
        )
    if not path.exists():
        note(f"downloading the Inception network of torch-fidelity, {SIZE}, from {URL} to {path}")
        _download(path)
    _check(path, "torch hub's cache")
    return path


def _check(path: Path, origin: str) -> None:
    """Refuse any file but the known one."""
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{origin}: {path} cannot be read ({error.strerror or error})") from None
    if found != SHA256:
        raise WeightsError(
            f"{origin}: {path} is not the Inception network of torch-fidelity, or is damaged:"
            f" its sha256 is {found[:8]}…, that of {FILE_NAME} is {SHA256[:8]}…; fetch it from {URL}"
        )


def _download(path: Path) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(URL, str(path), hash_prefix=SHA256, progress=sys.stderr.isatty())
    except (OSError, RuntimeError, HTTPException) as error:  # the second is a file of another sha256
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(
            f"the Inception network of torch-fidelity cannot be downloaded ({reason}). Two alternatives:\n"
            f"  fetch {URL} on another machine, and give it with --inception-weights PATH or {VARIABLE}\n"
            f"  use metrics that need no download: {','.join(OFFLINE)}"
        ) from None

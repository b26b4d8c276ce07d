"""Pasted model names: addresses of the Hub's pages and files, and other programs' prefixes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hitzoo.places import is_file

_PREFIXES = re.compile(r"(?:hf-hub|hf_hub|hf|huggingface|hub):(?://)?(?:models/)?", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)(?::\d+)?/(?P<rest>.+)", re.IGNORECASE
)
_OTHER_ADDRESS = re.compile(r"https?://(?P<host>[^/\s]+)/(?P<rest>.+)", re.IGNORECASE)
_GIT = re.compile(r"git@(?:huggingface\.co|hf\.co):(?P<rest>.+)", re.IGNORECASE)
_PAGE = re.compile(
    r"(?P<repo>[^/@]+/[^/@]+?)(?:@(?P<at>[^/]+))?(?:\.git)?"
    r"(?:/(?:tree|blob|resolve|raw|commit|commits)/(?P<revision>refs/(?:pr|convert|heads|tags)/[^/]+|[^/]+)(?:/.*)?"
    r"|/(?:tree|blob|resolve|raw|commit|commits|discussions|settings|edit|upload|community)(?:/.*)?"
    r")?"
)
_FILE = re.compile(r"([^/]+/[^/]+)/[^/]+\.[A-Za-z]\w*")
_KINDS = {"datasets": "a data set", "spaces": "a Space", "collections": "a collection", "papers": "a paper"}
_WEIGHTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".pkl", ".onnx", ".npz")


def as_meant(text: str) -> str:
    """`ORG/NAME` or `ORG/NAME@REVISION` where a text is the address of a model or one of its files; else the text bare.

    `https://huggingface.co/ORG/NAME/tree/v1`, `hf.co/ORG/NAME`, `hf-hub:ORG/NAME`, `ORG/NAME/resolve/main/config.json`,
    and any of them between quotes, blanks or `<>`.
    """
    bare = text.strip().strip("'\"`<>").strip()
    rest = _PREFIXES.sub("", bare, count=1) if _PREFIXES.match(bare) else bare
    found = _ADDRESS.fullmatch(rest) or _GIT.fullmatch(rest) or _of_another_hub(rest)
    of_the_hub = found is not None or rest != bare
    rest = found["rest"] if found else rest
    rest = re.split(r"[?#]", rest, maxsplit=1)[0].rstrip("/")
    if of_the_hub:
        rest = _FILE.sub(r"\1", rest.removeprefix("api/").removeprefix("models/"))
    page = _PAGE.fullmatch(rest)
    if page is None or rest.startswith((".", "/", "~")) or page["repo"].split("/")[0] in _KINDS:
        return bare
    revision = unquote(page["revision"] or page["at"] or "")
    return f"{page['repo']}@{revision}" if revision and revision != "main" else page["repo"]


def not_a_model(text: str) -> str:
    """Describe a text that names something else, with the way on; empty where it could be a name."""
    bare = text.strip().strip("'\"`<>").strip()
    path = Path(bare)
    if is_file(path):
        if path.suffix in (".yaml", ".yml"):
            return f"{bare} is a spec, not a model; train it with hitzoo train {bare}, or add --init random"
        where = path.parent.parent if path.parent.name == "training" else path.parent
        return f"{bare} is a file; give the folder it is in, '{where}'"
    if path.suffix.lower() in _WEIGHTS:
        return f"there is no file {bare}; a model is a folder, a run, a name of the zoo or ORG/NAME on the Hub"
    address = _ADDRESS.fullmatch(bare) or _of_another_hub(bare)
    kind = _KINDS.get(address["rest"].split("/")[0], "") if address else ""
    if kind:
        return f"{bare} is {kind}, not a model; the address of a model is https://huggingface.co/ORG/NAME"
    if address is None and "://" not in bare:
        return ""
    return f"{bare} is no address of a model on the Hub; write ORG/NAME, or https://huggingface.co/ORG/NAME"


def _of_another_hub(text: str) -> re.Match[str] | None:
    """An address on the Hub that HF_ENDPOINT names; of any other host nothing is known."""
    found = _OTHER_ADDRESS.fullmatch(text)
    try:
        here = urlsplit(os.environ.get("HF_ENDPOINT", "").strip(" '\"")).netloc.rsplit("@")[-1]
    except ValueError:  # no address; the first request says so
        return None
    return found if found and here and found["host"].lower() == here.lower() else None

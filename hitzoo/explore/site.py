"""The page as files: the network as ONNX, what runs it in a browser, and a Space's README. No server of ours is needed.

index.html, style.css, *.js      the page
about.json                       the model: sizes, inputs, and some pixels of seed 0, by which WebGPU is checked
model.onnx                       the optimized network
runtime/                         onnxruntime-web, what of it the page needs, and its licence
README.md                        for a static Space of the Hugging Face Hub
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hitzoo.errors import HitzooError, OutputError, RequestError
from hitzoo.explore.about import about as about_model
from hitzoo.explore.about import check_explorable
from hitzoo.explore.page_files import STATIC, page_file
from hitzoo.explore.runtime import FILES as RUNTIME_FILES
from hitzoo.explore.runtime import NOTICE, runtime_files
from hitzoo.explore.space import space_readme
from hitzoo.export.check import LIMIT
from hitzoo.export.onnx import OnnxFormat
from hitzoo.export.subject import GeneratorSubject
from hitzoo.export.trace import traced
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.pictures import to_uint8
from hitzoo.targets import folder_target

ABOUT, MODEL, README, RUNTIME = "about.json", "model.onnx", "README.md", "runtime"
SITE_FILES = (
    *STATIC,
    ABOUT,
    MODEL,
    README,
    f"{RUNTIME}/NOTICE.txt",
    *(f"{RUNTIME}/{name.replace('.mjs', '.js')}" for name in RUNTIME_FILES),
)
"""The files of the folder. Modules end in .js, which every file server knows."""
INPUT, OUTPUT, _TRUNCATION = "latents", "images", "truncation"
_CHECKED = (1.0, 0.7)  # truncations at which the network is compared
_PIXELS = 256  # of seed 0 that the page knows


@dataclass(frozen=True)
class Site:
    """A written site: its folder, its size in bytes, that of the network, and the largest difference of its images.

    The difference is relative to the largest value of PyTorch's images.
    """

    folder: Path
    size: int
    network: int
    difference: float


def export_site(
    generator: Generator,
    folder: Path,
    *,
    license: str = "",
    runtime: Path | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Site:
    """Write the page with its network into a folder, whole or not at all, once the network has made the same images.

    Args:
        generator: any that takes latents.
        folder: where to; made where it does not exist.
        license: of the site, as the Hub names licences, for the README's front matter.
        runtime: where onnxruntime-web lies, as for `runtime_files`; fetched by default.
        force: replace another site that is there.
        progress: follows the fetching.

    Raises:
        RequestError: a package of the extra `onnx` is missing, onnxruntime-web cannot be had, or the network cannot be
            written as ONNX.
        OutputError: something else is there, it cannot be written, or did not make the same images.
    """
    check_explorable(generator)
    format = OnnxFormat()
    format.check_possible()
    with folder_target(folder, SITE_FILES, force=force) as place:
        files = runtime_files(runtime, progress)
        generator = GeneratorSubject(generator).generator
        quick = generator.fast()
        said = about_model(generator, quick, public_name(generator)) | {
            "backend": "static",
            "pixelwise": False,
            "any_size": False,
        }
        said |= {"levels": [], "check": _check_pixels(generator)}
        _write_network(generator, place / MODEL, format, truncates=said["truncation"] == "styles")
        difference = _compared(generator, place / MODEL, format, folder, truncates=said["truncation"] == "styles")
        for name in STATIC:
            (place / name).write_bytes(page_file(name))
        (place / ABOUT).write_text(json.dumps(said), encoding="utf-8")
        (place / README).write_text(space_readme(generator, public_name(generator), license), encoding="utf-8")
        (place / RUNTIME).mkdir()
        (place / RUNTIME / "NOTICE.txt").write_text(NOTICE, encoding="utf-8")
        for name, content in files.items():
            (place / RUNTIME / name.replace(".mjs", ".js")).write_bytes(content)
        sizes = {name: (place / name).stat().st_size for name in SITE_FILES}
    return Site(folder, sum(sizes.values()), sizes[MODEL], difference)


def public_name(generator: Generator) -> str:
    """Name a generator for others: its repository where it has one, else as its files are named; no folder of ours."""
    return generator.origin or generator.label


def _write_network(generator: Generator, path: Path, format: OnnxFormat, *, truncates: bool) -> None:
    metadata = GeneratorSubject(generator).metadata()
    try:
        format.write(traced(generator, truncates=truncates), path, metadata, INPUT, OUTPUT)
    except (HitzooError, OSError):
        raise
    except Exception as error:  # torch's exporter has a kind for each of its steps, and its dependencies their own
        family, reason = generator.plan.generator.family, next(iter(str(error).splitlines()), type(error).__name__)
        raise RequestError(
            f"{generator.name}: its network, of the family {family}, cannot be written as ONNX ({reason});"
            " without --export the page runs with a server"
        ) from error


def _compared(generator: Generator, path: Path, format: OnnxFormat, folder: Path, *, truncates: bool) -> float:
    """Compare the written network's images with the generator's, and return the largest difference."""
    run = format.open_with_inputs(path)
    rows = latents_of_seeds([0, 1], generator.plan.input_width)
    found = 0.0
    for factor in _CHECKED if truncates else (1.0,):
        wanted = generator.sample(latents=rows, truncation=factor).raw.transpose(0, 3, 1, 2)
        more = {_TRUNCATION: np.asarray(factor, dtype=np.float32)} if truncates else {}
        made = run({INPUT: rows} | more)
        largest = max(float(np.abs(wanted).max()), float(np.finfo(np.float32).tiny))
        found = max(found, float(np.abs(made - wanted).max()) / largest)
    if not found <= LIMIT:
        raise OutputError(
            f"{folder} is not written: the images of its network differ from the generator's by {found:.1e} of the"
            f" largest value, {LIMIT:.0e} is allowed; report it with the spec"
        )
    return found


def _check_pixels(generator: Generator) -> dict[str, Any]:
    """Some bytes of the image of seed 0, evenly over its rows, columns and channels."""
    pixels = to_uint8(generator.sample(seeds=[0]).raw[0]).reshape(-1)
    places = np.unique(np.linspace(0, len(pixels) - 1, _PIXELS).astype(int))
    return {"places": places.tolist(), "bytes": pixels[places].tolist()}

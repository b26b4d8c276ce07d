"""The work of `hitzoo render`: images of seeds, which processes divide, and pictures of codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hitzoo.cli import console, progress
from hitzoo.cli.divided import joined, load_alike

if TYPE_CHECKING:
    from hitzoo.sampling.render_file import RenderRequest


def render_seeds(model: str, seeds: Sequence[int], wanted: RenderRequest, device: str, init: str | None) -> None:
    """Render the images of seeds, one each in every process, and print their paths."""
    from hitzoo.sampling.render_file import check_render, write_render

    requests = [replace(wanted, seed=seed) for seed in seeds]
    with joined(device, on_loss="Start it again") as (world, own_device):
        _, generator = load_alike(world, model, own_device, init)
        if world.size > 1:
            world.broadcast_from_first(lambda: check_render(generator, requests[0]))  # what all would refuse alike
        for first in range(0, len(requests), world.size):
            written: list[Path] = []
            for own in requests[first : first + world.size][world.rank :][:1]:
                with progress.progress_bar("pixels") as follow:
                    written = write_render(generator, own, follow)
            lines = world.all_gather_names(("  ".join(map(str, written)),) if written else ())
            if world.first:
                for line in lines:
                    console.print_line(line)


def render_codes(model: str, codes: Path, indices: Sequence[int], wanted: RenderRequest, device: str) -> None:
    """Render the pictures of codes in a file, and print their paths.

    Raises:
        RequestError: several processes, codes of another model, or an index beyond them.
    """
    from hitzoo.cli.autoencoders import load_autoencoder
    from hitzoo.errors import RequestError
    from hitzoo.runtime.launcher import launch_environment

    if launch_environment().size > 1:
        raise RequestError("one process renders codes: start it without torchrun")
    autoencoder = load_autoencoder(model, device)
    from hitzoo.sampling.codes_file import read_codes
    from hitzoo.sampling.render_codes import CodesRender

    render = CodesRender(autoencoder, read_codes(codes, autoencoder), wanted)
    for index in indices:
        render.check(index)
    for index in indices:
        with progress.progress_bar("pixels") as follow:
            console.print_line("  ".join(map(str, render.write(index, follow))))

"""Publishing of the page as a Space of the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hitzoo.explore.site import SITE_FILES, export_site
from hitzoo.hub.client import Hub
from hitzoo.hub.space import PublishedSpace, check_space_name, upload_space
from hitzoo.sampling.generator import Generator


def publish_space(
    generator: Generator,
    repo_id: str,
    *,
    license: str = "",
    private: bool = False,
    runtime: Path | None = None,
    hub: Hub | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PublishedSpace:
    """Export the page of a generator, and send it as a static Space: one commit; none where it is there already.

    Args:
        generator: any that takes latents.
        repo_id: ORG/NAME of the Space; made where it does not exist.
        license: of the Space, as the Hub names licences.
        private: make a new Space private.
        runtime: where onnxruntime-web lies, as for `export_site`.
        hub: another Hub than that of the environment.
        progress: follows the fetching of onnxruntime-web.

    Raises:
        RequestError, OutputError: as `export_site`; or a name that is not possible.
        HubError: the Hub refuses, or cannot be reached.
    """
    check_space_name(repo_id)
    with TemporaryDirectory(prefix="hitzoo-space-") as place:
        site = export_site(generator, Path(place) / "site", license=license, runtime=runtime, progress=progress)
        return upload_space({name: site.folder / name for name in SITE_FILES}, repo_id, private=private, hub=hub)

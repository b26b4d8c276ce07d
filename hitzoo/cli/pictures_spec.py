"""The text of a spec for a set of pictures, with bars on the way to it."""

from __future__ import annotations


def text_for(data: str, name: str, resolution: int | None, device: str) -> str:
    """Look at the pictures, then at the machine, and write the spec.

    Raises:
        DataError: `data` is no source of images, or not one of them can be read.
        RequestError: a resolution or a device that is not possible.
    """
    from hitzoo.cli import progress
    from hitzoo.data.survey import survey

    with progress.following("pictures") as follow:
        pictures = survey(data, follow)
    with progress.working("loading torch"):
        from hitzoo.runtime.device import choose_device
        from hitzoo.training.spec_for_data import spec_for, this_machine
    with progress.working("weighing a step"):
        return spec_for(pictures, name, this_machine(choose_device(device)), resolution)

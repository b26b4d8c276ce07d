"""Text of a spec for a set of images, with progress bars."""

from __future__ import annotations


def text_for(data: str, name: str, resolution: int | None, device: str) -> str:
    """Survey the images, then measure the machine, and write the spec.

    Raises:
        DataError: `data` is not a source of images, or none of them can be read.
        RequestError: an impossible resolution or device.
    """
    from hitzoo.cli import progress
    from hitzoo.data.survey import survey

    with progress.progress_bar("pictures") as follow:
        pictures = survey(data, follow)
    with progress.spinner("loading torch"):
        from hitzoo.runtime.device import choose_device
        from hitzoo.training.spec_for_data import spec_for, this_machine
    with progress.spinner("weighing a step"):
        return spec_for(pictures, name, this_machine(choose_device(device)), resolution)

"""The model and the pictures of the verbs that encode, decode and reconstruct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from hitzoo.cli.completion import complete_model

if TYPE_CHECKING:
    from hitzoo.evaluation.pictures import StoredImages
    from hitzoo.sampling.autoencoder import Autoencoder

AutoencoderOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="The autoencoder: a model folder, a run (RUN@best, RUN@1000), or ORG/NAME[@REVISION] on the Hub.",
        show_default=False,
        autocompletion=complete_model,
    ),
]
PicturesArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="PICTURES",
        help="A folder or a zip of pictures, or whatever `hitzoo train --data` takes.",
        show_default=False,
    ),
]


def first_use(model: str, *, of_pictures: bool) -> str:
    """Return the command by which a model shows first what it does: with seeds, or with pictures."""
    return (
        f"hitzoo reconstruct PICTURES --model {model}" if of_pictures else f"hitzoo sample --model {model} --seeds 0-15"
    )


def is_autoencoder(model: str) -> bool:
    """Return True if a model has codes in a latent's place; its weights are not read."""
    from hitzoo.hub.plan_of import plan_of

    return plan_of(model).is_autoencoder


def load_autoencoder(model: str, device: str, optimized: str | None = None) -> Autoencoder:
    """Load a trained autoencoder, with a bar while weights are downloaded.

    `optimized` is the precision of its optimized decoder; None for the decoder as it was trained.
    """
    from hitzoo.cli import progress

    with progress.spinner("loading torch"):
        from hitzoo.sampling.autoencoder import Autoencoder
    with progress.transfer_bar("weights") as follow:
        found = Autoencoder.from_pretrained(model, device=device, progress=follow)
    return found if optimized is None else found.fast(optimized, keeps_memory=True)


def open_pictures(autoencoder: Autoencoder, location: str, count: int | None = None) -> StoredImages:
    """Open pictures, to be made square as in training, but with nothing random."""
    from hitzoo.data.open import open_source
    from hitzoo.evaluation.pictures import StoredImages

    side = autoencoder.plan.resolution
    return StoredImages(open_source(location, resolution=side), autoencoder.spec.data, side, count)

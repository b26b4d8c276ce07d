"""`hitzoo pull`: verified download of a model from the Hub into the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.completion import complete_model_name

if TYPE_CHECKING:
    from hitzoo.cli.progress import Following
    from hitzoo.hub.pull import Pulled


def pull(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model of the zoo, or ORG/NAME[@REVISION] on the Hub; a revision is a tag, a branch or a commit.",
            show_default=False,
            autocompletion=complete_model_name,
        ),
    ],
    with_training: Annotated[
        bool,
        typer.Option("--with-training", help="Download the discriminator and the training state too, if published."),
    ] = False,
) -> None:
    """Download a model from the Hugging Face Hub and verify every file; afterwards it works offline.

    HF_TOKEN, HF_HOME, HF_ENDPOINT and HF_HUB_OFFLINE work as in huggingface_hub.
    """
    from hitzoo.cli import console, progress
    from hitzoo.zoo.pasted import as_meant
    from hitzoo.zoo.repo_name import PREFIX

    with progress.transfer_bar(model) as follow:
        pulled = _pull(model, with_training, follow)
    if pulled is None:
        console.print_line(f"{model} is installed with hitzoo: nothing to pull")
        return
    count = console.count(len(pulled.files), "file")
    name = model if model.startswith(PREFIX) else as_meant(model)
    console.print_line(f"{name}: commit {pulled.commit[:12]}, {count}, {console.size(pulled.size)}, all verified")
    console.print_line(f"in {pulled.folder}")
    console.print_line(f"hitzoo sample --model {name} --seeds 0-15")


def _pull(model: str, with_training: bool, follow: Following) -> Pulled | None:
    """Download a model; None for one that is installed with hitzoo."""
    from hitzoo.errors import RequestError
    from hitzoo.hub.pull import pull, pull_published
    from hitzoo.places import is_folder, place
    from hitzoo.zoo.cards import BUNDLED, PUBLISHED, find_card
    from hitzoo.zoo.model_folder import TRAINING_FILES
    from hitzoo.zoo.pasted import as_meant, not_a_model
    from hitzoo.zoo.repo_name import is_repo_name, parse_repo_name

    extra = TRAINING_FILES if with_training else ()
    card = find_card(model) or find_card(as_meant(model))
    if card is not None and card.status == BUNDLED:
        return None
    if card is not None and card.status == PUBLISHED:
        return pull_published(card, extra=extra, progress=follow)
    if is_folder(place(model)) and not is_repo_name(model):
        raise RequestError(f"{model} is a folder here, nothing to pull: hitzoo sample --model {model}")
    if not is_repo_name(model) and ("/" not in model or not_a_model(model)):
        from hitzoo.sampling.load import nothing_named

        raise nothing_named(model)
    return pull(parse_repo_name(model), extra=extra, progress=follow)

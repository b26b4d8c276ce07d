"""`hitzoo pull`: verified download of a model from the Hub into the cache."""

from __future__ import annotations

from typing import Annotated

import typer

from hitzoo.cli.completion import complete_model_name


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
    from hitzoo.cli.autoencoders import first_use
    from hitzoo.hub.pull import pull as pull_model
    from hitzoo.zoo.pasted import as_meant
    from hitzoo.zoo.repo_name import PREFIX

    with progress.transfer_bar(model) as follow:
        pulled = pull_model(model, with_training=with_training, progress=follow)
    if pulled is None:
        console.print_line(f"{model} is installed with hitzoo: nothing to pull")
        return
    count = console.count(len(pulled.files), "file")
    name = model if model.startswith(PREFIX) else as_meant(model)
    console.print_line(f"{name}: commit {pulled.commit[:12]}, {count}, {console.size(pulled.size)}, all verified")
    console.print_line(f"in {pulled.folder}")
    console.print_line(first_use(name, of_pictures=pulled.model.plan.is_autoencoder))

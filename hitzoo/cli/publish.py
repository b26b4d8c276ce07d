"""`hitzoo publish`: upload of a trained model to the Hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.completion import complete_model
from hitzoo.cli.options import ForceOption

if TYPE_CHECKING:
    from hitzoo.hub.release import Release


def publish(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A run (its newest checkpoint; RUN@best, RUN@1000, RUN:AVERAGE), a model folder, or a model of the"
            " zoo.",
            autocompletion=complete_model,
        ),
    ],
    repo: Annotated[
        str, typer.Argument(metavar="ORG/NAME", help="Repository to publish to; created if it does not exist.")
    ],
    license: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Licence of the weights, as the Hub names it: apache-2.0, cc-by-nc-4.0, …, other."
        ),
    ] = None,
    license_name: Annotated[str, typer.Option(metavar="NAME", help="With --license other: name of the licence.")] = "",
    license_link: Annotated[str, typer.Option(metavar="URL", help="With --license other: address of its text.")] = "",
    tag: Annotated[str | None, typer.Option(metavar="v1", help="Tag this version.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    data: Annotated[str, typer.Option(metavar="TEXT", help="What the model was trained on, for the card.")] = "",
    data_license: Annotated[str, typer.Option(metavar="TEXT", help="Licence of that data.")] = "",
    dataset: Annotated[list[str], typer.Option(metavar="ORG/NAME", help="Data set on the Hub. Can be repeated.")] = [],  # noqa: B006
    base_model: Annotated[str, typer.Option(metavar="ORG/NAME", help="Model on the Hub it was fine-tuned from.")] = "",
    title: Annotated[str, typer.Option(metavar="TEXT", help="Title of the card. Default: the model's name.")] = "",
    summary: Annotated[str, typer.Option(metavar="TEXT", help="First sentence of the card. Default: the spec's.")] = "",
    evaluation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Scores, written by `hitzoo eval --out`. Default: those stored in the run for this checkpoint.",
        ),
    ] = None,
    with_discriminator: Annotated[
        bool, typer.Option("--with-discriminator", help="Include the discriminator, for fine-tuning.")
    ] = False,
    with_training: Annotated[bool, typer.Option("--with-training", help="Include all that resuming needs.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the files and the card without contacting the Hub.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --dry-run: also write the files to this folder.")
    ] = None,
    space: Annotated[
        bool,
        typer.Option(
            "--space", help="Publish a page to explore the model instead, as a static Space; needs the extra onnx."
        ),
    ] = False,
    runtime: Annotated[
        Path | None,
        typer.Option(
            metavar="PLACE", help="With --space: onnxruntime-web, as for `hitzoo explore --export`.", show_default=False
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Publish a model with its spec, a card and a manifest on the Hugging Face Hub: one commit, then the tag.

    With --space the page of `hitzoo explore --export` goes to a Space of that name.
    Publishing the same files again makes no commit. A README.md of yours keeps its text. Log in first: `hf auth login`.
    """
    from hitzoo.errors import RequestError
    from hitzoo.hub.licenses import check_license

    if space:
        of_models = {"--tag": tag, "--dry-run": dry_run, "--out": out, "--evaluation": evaluation, "--data": data}
        _publish_space(model, repo, license or "", private, runtime, of_models)
        return
    if runtime is not None:
        raise RequestError("--runtime: goes with --space")
    if out is not None and not dry_run:
        raise RequestError("--out is for --dry-run: what is published lies on the Hub")
    terms = "" if license else _terms_of_source(model)
    license = check_license(license, license_name, terms)  # before loading torch
    from hitzoo.hub.provenance import read_report
    from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME, TRAINING_FILES

    said = {
        "license": license,
        "license_name": license_name,
        "license_link": license_link,
        "data": data,
        "data_license": data_license,
        "datasets": tuple(dataset),
        "base_model": base_model,
        "title": title,
        "summary": summary,
    }
    more: dict[str, Any] = {
        "report": read_report(evaluation) if evaluation is not None else None,
        "extra": TRAINING_FILES if with_training else (DISCRIMINATOR_NAME,) if with_discriminator else (),
    }
    if dry_run:
        _show(model, repo, said, more, out, force)
    else:
        _publish(model, repo, said | more, tag, private)


def _terms_of_source(model: str) -> str:
    """The terms that the weights of a folder came with; empty where there are none or it cannot be read."""
    from contextlib import suppress

    from hitzoo.errors import HitzooError

    with suppress(HitzooError, OSError):
        if Path(model).is_dir():
            from hitzoo.hub.describe import info
            from hitzoo.hub.info import ModelInfo

            found = info(Path(model))
            return str(found.metadata.get("terms", "")) if isinstance(found, ModelInfo) else ""
    return ""


def _publish(model: str, repo: str, said: dict[str, Any], tag: str | None, private: bool) -> None:
    from hitzoo.cli import console, progress
    from hitzoo.cli.autoencoders import first_use
    from hitzoo.sampling.publish import publish
    from hitzoo.zoo.model_layout import CODING_FILES
    from hitzoo.zoo.pasted import as_meant

    with progress.spinner(f"publishing {model} to {as_meant(repo)}"):
        done = publish(model, repo, tag=tag, private=private, **said)
    where = f"{done.repo_id}@{tag}" if tag else done.repo_id
    if done.changed or done.removed:
        size = sum(
            done.release.manifest.files[name].size for name in done.changed if name in done.release.manifest.files
        )
        sent = f"{console.count(len(done.changed), 'file')} changed, {console.size(size)}"
        gone = f", removed {', '.join(done.removed)}" if done.removed else ""
        console.print_line(f"published {where}: {sent}{gone}")
    else:
        console.print_line(f"{where} is up to date: no commit was made")
    _mention(done.release)
    console.print_line(f"commit {done.url}")
    console.print_line(first_use(where, of_pictures=CODING_FILES[0] in done.release.files))


def _show(model: str, repo: str, said: dict[str, Any], more: dict[str, Any], out: Path | None, force: bool) -> None:
    """Print what would be published: the files, then the card."""
    import shutil
    from tempfile import TemporaryDirectory

    from hitzoo.cli import console
    from hitzoo.hub.model_card import Terms
    from hitzoo.hub.release import FILES
    from hitzoo.hub.upload import prepare
    from hitzoo.sampling.publish import publication
    from hitzoo.targets import folder_target
    from hitzoo.zoo.model_layout import MANIFEST_NAME

    wanted = publication(model, repo, Terms(**said), **more)
    with TemporaryDirectory(prefix="hitzoo-publish-") as place:
        release = prepare(wanted, Path(place))
        card = release.files["README.md"].read_text(encoding="utf-8")
        if out is not None:
            with folder_target(out, (*FILES, *release.files), force=force) as folder:
                for name, path in release.files.items():
                    (folder / name).parent.mkdir(exist_ok=True)
                    shutil.copyfile(path, folder / name)
        entries = sorted(release.manifest.files.items())
        rows = [[name, console.size(entry.size), entry.sha256[:12]] for name, entry in entries]
        rows.append([MANIFEST_NAME, console.size(release.files[MANIFEST_NAME].stat().st_size), ""])
    console.print_table(["file", "size", "sha256"], [rows], words=(0, 2))
    console.print_document(card)
    _mention(release)
    console.print_line(f"nothing was published{f'; the folder is {out}' if out else ''}")


def _mention(release: Release) -> None:
    from hitzoo.cli import console

    if release.card_kept:
        console.print_line("note: the text of README.md is yours and stays as it is; only its front matter was set")
    for note in release.notes:
        console.print_line(f"note: {note}")


def _publish_space(
    model: str, repo: str, license: str, private: bool, runtime: Path | None, of_models: Mapping[str, object]
) -> None:
    from hitzoo.cli import console, progress
    from hitzoo.cli.models import load_model
    from hitzoo.errors import RequestError
    from hitzoo.hub.licenses import check_license
    from hitzoo.hub.space import check_space_name

    for option, value in of_models.items():
        if value:
            raise RequestError(f"{option}: is for a model; `hitzoo explore --export DIR` writes the files of a Space")
    check_space_name(repo)
    if license:
        check_license(license, "")
    generator = load_model(model, "cpu", None)
    from hitzoo.explore.publish import publish_space

    with progress.transfer_bar("onnxruntime-web") as follow:
        done = publish_space(generator, repo, license=license, private=private, runtime=runtime, progress=follow)
    changed = (
        f"{console.count(len(done.changed), 'file')} changed" if done.changed else "up to date: no commit was made"
    )
    console.print_line(f"Space {done.repo_id}: {changed}")
    console.print_line(done.url)

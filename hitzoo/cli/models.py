"""From the options `--model`, `--device` and `--init` to a generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitzoo.sampling.generator import Generator


def chosen_model(argument: str | None, option: str | None) -> str:
    """The model that was given, as an argument or by `--model`.

    Raises:
        RequestError: it was given in neither way, or two were.
    """
    from hitzoo.errors import RequestError

    if argument is not None and option is not None and argument != option:
        raise RequestError(f"two models are given, {argument} and --model {option}; give one")
    model = argument if argument is not None else option
    if model is None:
        raise RequestError("give a model, for example hit-ti-shapes32; `hitzoo list` shows what there is")
    return model


def fast_precision(fast: bool, precision: str) -> str | None:
    """The precision of the rewritten network, None for the network as it is.

    Raises:
        RequestError: there is no such precision, or the network as it is does not have it.
    """
    from hitzoo.errors import RequestError
    from hitzoo.runtime.precision import PRECISIONS, known_precision

    known = known_precision(precision, PRECISIONS)
    if not fast and known != "float32":
        raise RequestError(f"--precision {precision}: goes with --fast")
    return known if fast else None


def load_model(model: str, device: str, init: str | None) -> Generator:
    """The trained generator, or a spec's with untrained weights; a bar while weights come from the Hub.

    Raises:
        RequestError: another way to begin than `random`.
    """
    from hitzoo.cli import progress
    from hitzoo.errors import RequestError

    with progress.working("loading torch"):
        from hitzoo.sampling.create import untrained
        from hitzoo.sampling.load import load

    if init is None:
        with progress.transferring("weights") as follow:
            return load(model, device=device, progress=follow)
    if init != "random":
        raise RequestError(f"--init {init}: only random is possible")
    return untrained(model, device=device)

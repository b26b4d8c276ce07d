"""Loading the generator named by `--model`, `--device` and `--init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitzoo.sampling.generator import Generator


def chosen_model(argument: str | None, option: str | None) -> str:
    """Return the model given as an argument or by `--model`.

    Raises:
        RequestError: none was given, or two different ones.
    """
    from hitzoo.errors import RequestError

    if argument is not None and option is not None and argument != option:
        raise RequestError(f"two models given, {argument} and --model {option}; give one")
    model = argument if argument is not None else option
    if model is None:
        raise RequestError("give a model, for example hit-ti-shapes32; `hitzoo list` shows all")
    return model


def optimized_precision(optimized: bool, precision: str) -> str | None:
    """Precision of the optimized network; None for the network as it was trained.

    Raises:
        RequestError: unknown precision, or one that only the optimized network has.
    """
    from hitzoo.errors import RequestError
    from hitzoo.runtime.precision import PRECISIONS, known_precision

    known = known_precision(precision, PRECISIONS)
    if not optimized and known != "float32":
        raise RequestError(f"--precision {precision}: goes with --optimized")
    return known if optimized else None


def load_model(model: str, device: str, init: str | None) -> Generator:
    """Load the trained generator, or a spec's with random weights; with a bar while weights are downloaded.

    Raises:
        RequestError: `init` is neither None nor `random`.
    """
    from hitzoo.cli import progress
    from hitzoo.errors import RequestError

    with progress.spinner("loading torch"):
        from hitzoo.sampling.create import untrained
        from hitzoo.sampling.load import load

    if init is None:
        with progress.transfer_bar("weights") as follow:
            return load(model, device=device, progress=follow)
    if init != "random":
        raise RequestError(f"--init {init}: only random is possible")
    return untrained(model, device=device)

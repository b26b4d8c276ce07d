"""Parts of a spec that do not go with `--compile`."""

from __future__ import annotations

from hitzoo.errors import RequestError
from hitzoo.spec.types import Spec
from hitzoo.training.run.options import RunOptions


def refuse_with_compiler(spec: Spec, options: RunOptions) -> None:
    """Refuse what --compile excludes.

    Raises:
        RequestError: the spec asks for it.
    """
    reconstruction = spec.training.reconstruction
    if options.compiled and reconstruction is not None and reconstruction.adversarial.adaptive:
        raise RequestError(
            "--compile and an adaptive weight (training.reconstruction.adversarial) do not go together: it takes"
            " gradients in the middle of what is compiled; leave one out"
        )
    if options.compiled and spec.training.activation_checkpointing != "none":
        raise RequestError(
            "--compile and training.activation_checkpointing do not go together: the compiler decides itself what to"
            " compute again; leave one out"
        )

"""A compiler that fails as one message: torch.compile needs a C++ compiler, or Triton, which not every machine has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hitzoo.errors import RequestError, first_line
from hitzoo.training.engine.out_of_memory import is_out_of_memory

_COMPILER = ("torch._dynamo", "torch._inductor")


@contextmanager
def explaining_compiler_errors() -> Iterator[None]:
    """Turn an error of torch.compile inside into a `RequestError`; every other error passes, a full memory too."""
    try:
        yield
    except Exception as error:
        if not is_of_compiler(error) or is_out_of_memory(error):
            raise
        reason = first_line(getattr(error, "inner_exception", error))  # what its backend raised, if it did
        failed = f"torch.compile cannot compile the networks here ({reason})"
        raise RequestError(f"{failed}; leave compiled out").or_as_option(f"{failed}; leave --compile out") from error


def is_of_compiler(error: BaseException) -> bool:
    """Recognise an error of torch.compile."""
    return any(kind.__module__.startswith(_COMPILER) for kind in type(error).__mro__)

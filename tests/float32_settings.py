"""What a program may have set of torch's float32 precision, by either interface, and what a process begins with."""

from __future__ import annotations

from collections.abc import Callable

import torch

from hitzoo.runtime.float32_precision import Settings, interface

NEWER = hasattr(torch.backends.cuda.matmul, "fp32_precision")


def _newer(path: str, value: str) -> Callable[[], None]:
    def change() -> None:
        place = torch.backends
        for name in path.split("."):
            place = getattr(place, name)
        place.fp32_precision = value

    return change


def _older_products(allowed: bool) -> Callable[[], None]:
    return lambda: setattr(torch.backends.cuda.matmul, "allow_tf32", allowed)


BY_OLDER = {
    "nothing": lambda: None,
    "older: high": lambda: torch.set_float32_matmul_precision("high"),
    "older: medium": lambda: torch.set_float32_matmul_precision("medium"),
    "older: products": _older_products(True),
    "older: no tf32 in convolutions": lambda: setattr(torch.backends.cudnn, "allow_tf32", False),
}
BY_NEWER = {
    "all tf32": lambda: setattr(torch.backends, "fp32_precision", "tf32"),
    "all ieee": lambda: setattr(torch.backends, "fp32_precision", "ieee"),
    "cuda tf32": lambda: setattr(torch.backends.cudnn, "fp32_precision", "tf32"),
    "products tf32": _newer("cuda.matmul", "tf32"),
    "products ieee": _newer("cuda.matmul", "ieee"),
    "convolutions ieee": _newer("cudnn.conv", "ieee"),
    "older, then newer": lambda: (torch.set_float32_matmul_precision("high"), _newer("cuda.matmul", "ieee")()),
}
SETTINGS = BY_OLDER | (BY_NEWER if NEWER else {})


def settings_in_effect() -> Settings:
    return interface().read()


def reset() -> None:
    """Set what a process begins with."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = True
    if NEWER:
        torch.backends.fp32_precision = torch.backends.cudnn.fp32_precision = "none"
        torch.backends.cuda.matmul.fp32_precision = torch.backends.mkldnn.matmul.fp32_precision = "none"
        torch.backends.cudnn.conv.fp32_precision = torch.backends.cudnn.rnn.fp32_precision = "tf32"

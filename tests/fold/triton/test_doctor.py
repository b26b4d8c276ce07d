"""The checks of `hitzoo doctor`, with the kernels themselves."""

from __future__ import annotations

import torch

from hitzoo.doctor.catalogue import checks_of
from hitzoo.doctor.check import carry_out
from hitzoo.fold.triton.disabled import KERNELS


def test_kernel_checks_pass(device: torch.device) -> None:
    results = [carry_out(check) for check in checks_of((str(device),), full=False) if check.outline.kernel]
    assert {result.outline.kernel for result in results} == set(KERNELS)
    assert [(result.status, result.note) for result in results] == [("pass", "")] * len(results)

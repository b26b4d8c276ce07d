from __future__ import annotations

import pytest
import torch

from hitzoo.bench.subprocess_runner import variant_runners
from hitzoo.bench.variants import SamplingCall, VariantRunner

CPU = torch.device("cpu")


def test_what_keeps_no_memory_of_its_own_stays_in_this_process() -> None:
    with variant_runners(["optimized"], CPU) as by_path:
        assert isinstance(by_path["optimized"], VariantRunner)
    with variant_runners(["plain", "optimized"], torch.device("meta")) as by_path:  # as on CUDA
        assert all(isinstance(caller, VariantRunner) for caller in by_path.values())


@pytest.mark.processes
def test_on_a_cpu_the_plain_path_has_a_process_of_its_own(tiny_generator) -> None:
    call = SamplingCall(plan=tiny_generator().plan, variant="plain", precision="float32", batch=2)
    with variant_runners(["plain", "optimized"], CPU) as by_path:
        assert not isinstance(by_path["plain"], VariantRunner)
        assert by_path["plain"].seconds(call) > 0
        assert by_path["plain"].peak_bytes(call) == VariantRunner("plain", CPU).peak_bytes(call)
        with pytest.raises(KeyError):  # what goes wrong there is raised here
            by_path["plain"].seconds(SamplingCall(plan=call.plan, variant="plain", precision="float8", batch=2))

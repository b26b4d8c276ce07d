"""What `hitzoo build` predicts against what a training process really held at its peak, on the published HiT at 128."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hitzoo.families.open import open_spec
from hitzoo.runtime.free_memory import peak_memory
from hitzoo.training.engine.memory_estimate import measure_footprint

_PROCESS = 600e6  # bytes of Python and torch, as `hitzoo build` says
BATCH = 3


@pytest.mark.processes
@pytest.mark.exhaustive
@pytest.mark.skipif(not peak_memory(), reason="this system does not say what a process held")
def test_the_peak_of_a_training_process_is_what_was_predicted(tmp_path: Path) -> None:
    overrides = [
        f"training.batch_size={BATCH}", "training.steps=1", "data.source=synthetic",
    ]  # fmt: skip
    spec, plan = open_spec("hit-imagenet128", overrides)
    footprint = measure_footprint(spec, plan)
    predicted = _PROCESS + footprint.training_fixed + BATCH * footprint.training_per_image
    code = (
        "from hitzoo.training.run import loop; from hitzoo.families.open import open_spec\n"
        "from hitzoo.training.run.options import RunOptions; from hitzoo.runtime.free_memory import peak_memory\n"
        "from pathlib import Path; import torch\n"
        f"spec, _ = open_spec('hit-imagenet128', {overrides!r})\n"
        "loop.keep_freed_memory_if_ample = lambda: None\n"
        "loop.RunWriter.save_grid = lambda *arguments, **more: None\n"  # 36 samples take longer than the step
        "torch.set_num_threads(1)\n"
        "loop.train(spec, RunOptions(out=Path('run'), device='cpu')); print('peak', peak_memory())\n"
    )
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    found = re.search(r"peak (\d+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert int(found[1]) == pytest.approx(predicted, rel=0.2)

"""Numbers on the command line that nothing can be made of: one message, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run

NINES = "9" * 5000
MODEL = "hit-ti-shapes32"
SAMPLE = ("sample", MODEL, "--seeds", "0")
EVAL = ("eval", MODEL, "--data", "synthetic", "--metrics", "sliced_wasserstein", "--real-samples", 4)
PACK = ("data", "pack", "synthetic", "p.zip", "--resolution")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*SAMPLE, "--grid", "100000x100000"), "a page of 3,400,002×3,400,002 pixels; at most 536,870,912"),
        ((*SAMPLE, "--grid", "1x100000"), "webp"),
        ((*SAMPLE, "--grid", f"{NINES}x1"), "more tiles than a page can have"),
        ((*SAMPLE, "--grid", f"1x{NINES}"), "more tiles than a page can have"),
        ((*SAMPLE, "--grid", "0x0"), "write rows x columns"),
        ((*SAMPLE, "--grid", "4000x4000", "--scale", 64), "at most 536,870,912"),
        (("sample", MODEL, "--seeds", NINES), "is out of range; seeds are 0 to 4294967295"),
        (("sample", MODEL, "--seeds", f"0-{NINES}"), "is out of range"),
        (("sample", MODEL, "--seeds", "0-9999999,0"), "makes more than ten million images"),
        (("render", MODEL, "--seed", NINES), "is out of range"),
        (("render", MODEL, "--region", f"0,0,{NINES},1"), "write left,top,width,height"),
        (("render", MODEL, "--level", "9" * 30), "there is no image at that resolution"),
        ((*SAMPLE, "--truncation", "1e30"), "truncation 1e+30 is not possible; give a positive number, at most"),
        ((*SAMPLE, "--truncation", "1e-320"), "is not possible"),
        ((*SAMPLE, "--truncation", "nan"), "is not possible"),
        (("render", MODEL, "--truncation", "1e30"), "truncation 1e+30 is not possible"),
        ((*EVAL, "--samples", 4, "--truncation", "1e30"), "--truncation 1e+30: give a positive number"),
        ((*EVAL, "--samples", "9" * 30), "at most 10,000,000 can be compared"),
        ((*PACK, 8, "--workers", "9" * 30), "give 1 to 1,024"),
        (("export", MODEL, "--out", "g.onnx", "--opset", "9" * 30), "not possible; possible: 18 to 23"),
    ],
    ids=str,
)  # fmt: skip
def test_number_that_is_not_possible(run: Run, tmp_path: Path, words: tuple[object, ...], said: str) -> None:
    if said == "webp":
        words, said = (*words, "--format", "webp"), "webp holds at most 16,383 a side"
    printed = run(*words, code=2).stderr
    assert said in printed
    assert len(printed) < 400
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [1e30, 2e6, np.nan, np.inf])
def test_latents_that_no_draws_are(run: Run, tmp_path: Path, value: float) -> None:
    z = np.zeros((2, 64), np.float32)
    z[1, 3] = value
    np.save(tmp_path / "z.npy", z)
    assert "--latents z.npy: holds" in run("sample", MODEL, "--latents", "z.npy", code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["z.npy"]

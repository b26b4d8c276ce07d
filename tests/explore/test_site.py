"""The page as files: what it holds, and what is said before anything is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import OutputError, RequestError
from hitzoo.explore import site
from hitzoo.explore.runtime import FILES
from hitzoo.explore.site import export_site
from hitzoo.export.onnx import OnnxFormat
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds
from tests.support import fill

STYLES = """
hitzoo: 1
name: styles
generator: {family: stylegan2, latent_dim: 4, style_dim: 4, mapping_layers: 2, channels: [4, 4], noise: none}
discriminator: {family: stylegan2, channels: [4, 6]}
"""


@pytest.fixture(autouse=True)
def _no_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of it is read here."""
    monkeypatch.setattr(site, "runtime_files", lambda given, progress: dict.fromkeys(FILES, b""))


def test_target_that_cannot_be_written_is_said_before_any_work(
    generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnnxFormat, "check_possible", lambda self: None)
    monkeypatch.setattr(site, "traced", None)  # any work would be a bug of ours
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="exists already and is no folder"):
        export_site(generator, tmp_path / "file")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_text("")
    with pytest.raises(OutputError, match=r"mine\.jpg"):
        export_site(generator, tmp_path / "photos", force=True)


def test_network_that_no_onnx_can_say_is_one_message(
    generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnnxFormat, "check_possible", lambda self: None)

    def fail(*given: object, **more: object) -> None:
        raise torch.onnx.errors.UnsupportedOperatorError("aten::fold", 20, None)

    monkeypatch.setattr(site, "traced", fail)
    with pytest.raises(RequestError, match=r"of the family hit, cannot be written as ONNX \(.*without --export"):
        export_site(generator, tmp_path / "site")
    assert not (tmp_path / "site").exists()


@pytest.mark.exhaustive
def test_network_of_styles_takes_a_truncation(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    spec = parse_spec(STYLES, "styles.yaml")
    plan = compile_spec(spec)
    generator = Generator(spec, plan, fill(build_generator(plan), 0.3).eval(), torch.device("cpu"))
    with torch.no_grad():
        generator.module.mapping.mean.zero_()  # not known: it is that of 4,096 latents
        for weight in generator.module.mapping.parameters():
            weight *= 100  # a mapping's own weights are a hundredth in effect
    done = export_site(generator, tmp_path / "site")
    run = OnnxFormat().open_with_inputs(done.folder / "model.onnx")
    rows = latents_of_seeds([5], plan.input_width)
    made = run({"latents": rows, "truncation": np.asarray(0.4, dtype=np.float32)})
    wanted = generator.sample(seeds=[5], truncation=0.4, output="pt").numpy()
    np.testing.assert_allclose(made, wanted, atol=1e-5)
    assert np.abs(wanted - generator.sample(seeds=[5], output="pt").numpy()).max() > 1e-3

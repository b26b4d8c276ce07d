"""Exported files make the generator's images, in programs that know nothing of hitzoo; a file that does not is none."""

from __future__ import annotations

import json
import zipfile
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from hitzoo.export import program as program_module
from hitzoo.export import trace
from hitzoo.export.subject import metadata_of
from hitzoo.export.write import export
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.weights_digest import weights_digest
from hitzoo.spec.write import to_yaml
from tests.export.exported import HIT, NETWORKS, SUFFIX, TOKENS, made


def run_onnx(path: Path, z: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (images,) = session.run(["images"], {"latents": z})
    return images


def run_torch(path: Path, z: np.ndarray) -> np.ndarray:
    return torch.export.load(path).module()(torch.from_numpy(z)).numpy()


RUN = {"onnx": run_onnx, "torch": run_torch}


@pytest.fixture(scope="module")
def generator() -> Generator:
    return made(TOKENS)


@pytest.fixture(scope="module")
def onnx_file(generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "g.onnx"
    export(generator, path)
    return path


@pytest.fixture(scope="module")
def torch_file(generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("torch") / "g.pt2"
    export(generator, path, format="torch")
    return path


FEWER = {("onnx", "layer-norm"), *(("torch", name) for name in NETWORKS if name != "tokens")}
"""What has nothing that another network of its format has not, or what the other format's trace has met."""


@pytest.mark.parametrize(
    ("format", "name"),
    [
        pytest.param(*pair, marks=[pytest.mark.exhaustive] if pair in FEWER else [])
        for pair in product(SUFFIX, NETWORKS)
    ],
)
def test_the_images_are_the_generators_in_every_batch(name: str, format: str, tmp_path: Path) -> None:
    generator = made(NETWORKS[name])
    path = tmp_path / f"g{SUFFIX[format]}"
    done = export(generator, path, format=format)
    assert list(tmp_path.iterdir()) == [path]
    assert (done.path, done.format, done.size) == (path, format, path.stat().st_size)
    assert list(done.differences) == [1, 3]
    assert max(done.differences.values()) < 1e-5
    z = latents_of_seeds(range(100, 105), 6)
    expected = generator.module(torch.from_numpy(z)).numpy()
    assert np.abs(expected[0] - expected[1]).max() > 0.1 * np.abs(expected).max()
    for batch in (1, 2, 5):  # 2 was traced, 1 and 3 were checked
        images = RUN[format](path, z[:batch])
        assert (images.shape, images.dtype) == (expected[:batch].shape, np.float32)
        np.testing.assert_allclose(images, expected[:batch], rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("opset", [18, pytest.param(23, marks=pytest.mark.exhaustive)])
def test_the_first_and_the_last_opset(generator: Generator, opset: int, tmp_path: Path) -> None:
    done = export(generator, tmp_path / "g.onnx", opset=opset)
    assert done.opset == opset
    assert max(done.differences.values()) < 1e-5
    assert {entry.domain: entry.version for entry in onnx.load(tmp_path / "g.onnx").opset_import} == {"": opset}


def test_an_onnx_file_says_what_it_takes_and_what_it_is(generator: Generator, onnx_file: Path) -> None:
    model = onnx.load(onnx_file)
    onnx.checker.check_model(model, full_check=True)
    (given,), (made,) = model.graph.input, model.graph.output
    assert [(value.name, *(part.dim_param or part.dim_value for part in value.type.tensor_type.shape.dim))
            for value in (given, made)] == [("latents", "batch", 6), ("images", "batch", 3, 8, 8)]  # fmt: skip
    assert [entry.version for entry in model.opset_import] == [20]
    assert {entry.key: entry.value for entry in model.metadata_props} == what_is_said_of(generator)


def test_a_torch_file_says_what_it_is(generator: Generator, torch_file: Path) -> None:
    extra = {program_module.METADATA_FILE: ""}
    program = torch.export.load(torch_file, extra_files=extra)
    assert json.loads(extra["hitzoo.json"]) == what_is_said_of(generator)
    (bounds,) = program.range_constraints.values()
    assert bounds.lower == 1
    assert bounds.upper > 1 << 40
    (name,) = program.graph_signature.user_inputs
    assert name == "latents"
    images = program.module()(torch.zeros(2, 6))
    assert images.is_contiguous()
    assert not images.requires_grad


def what_is_said_of(generator: Generator) -> dict[str, str]:
    return {
        "hitzoo:version": version("hitzoo"),
        "hitzoo:model": "small",
        "hitzoo:from": "small",
        "hitzoo:weights": weights_digest(generator.module),
        "hitzoo:plan": generator.plan.generator_hash,
        "hitzoo:spec": to_yaml(generator.spec),
    }


def test_the_repository_it_came_from_is_named(generator: Generator) -> None:
    pulled = Generator(generator.spec, generator.plan, generator.module, generator.device, origin="org/name@c0ffee")
    assert metadata_of(pulled) == {**what_is_said_of(generator), "hitzoo:repo": "org/name@c0ffee"}


def test_no_trace_of_the_machine_and_no_example_input(onnx_file: Path, torch_file: Path) -> None:
    sources = str(Path(trace.__file__).parent).encode()
    assert sources not in onnx_file.read_bytes()
    assert b".py" not in onnx_file.read_bytes()
    assert b"pkg.torch" not in onnx_file.read_bytes()  # the exporter's notes beside each node
    with zipfile.ZipFile(torch_file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert all(sources not in content and b".py" not in content for content in contents.values())
    examples = [content for name, content in contents.items() if "sample_inputs" in name]
    assert examples == [b""]  # torch would pickle them


def test_weights_and_position_tables_are_stored_once(tmp_path: Path) -> None:
    wide = HIT + "stages: [{channels: 128, heads: 2, depth: 1}, {channels: 128, heads: 2, depth: 1, attention: none}]"
    generator = made(wide, scale=0.1)
    weights = sum(tensor.numel() * 4 for tensor in generator.module.parameters())
    for format, suffix in SUFFIX.items():
        done = export(generator, tmp_path / f"g{suffix}", format=format)
        assert done.size < 1.1 * weights + 200_000  # the graph itself

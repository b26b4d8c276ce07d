"""ONNX in one file, run by onnxruntime. Needs the extra `onnx`; only this file knows its packages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.export import ExportedProgram

from hitzoo.errors import OutputError, RequestError
from hitzoo.export.format import Network

FIRST_OPSET, LAST_OPSET = 18, 23  # below, torch would have to convert down; above, it makes no promise
_PACKAGES = ("onnx", "onnxruntime", "onnxscript")
_MOST_BYTES = (1 << 31) - (1 << 24)  # a protobuf message is limited to 2 GiB, graph included
_ERRORS_ONLY = 3


@dataclass(frozen=True)
class OnnxFormat:
    """A single protobuf file with its weights inside: there is no second file to lose.

    The default opset is the first with gelu as an operator.

    Raises:
        RequestError: an unsupported opset.
    """

    opset: int = 20
    suffix = ".onnx"

    def __post_init__(self) -> None:
        if not FIRST_OPSET <= self.opset <= LAST_OPSET:
            raise RequestError(f"--opset {self.opset}: not possible; possible: {FIRST_OPSET} to {LAST_OPSET}")

    def check_possible(self) -> None:
        """Name the packages of the extra that cannot be imported."""
        missing = [name for name in _PACKAGES if not _imports(name)]
        if missing:
            raise RequestError(f"--format onnx: needs {', '.join(missing)}; pip install 'hitzoo[onnx]'")

    def write(self, program: ExportedProgram, path: Path, metadata: Mapping[str, str], input: str, output: str) -> None:
        """Write the program's graph, with `metadata` in the model's properties."""
        _check_size(program)
        inputs = [input, *map(str, program.graph_signature.user_inputs[1:])]
        exported = torch.onnx.export(
            program,
            (),
            input_names=inputs,
            output_names=[output],
            dynamic_shapes={name: {0: "batch"} if name == input else None for name in inputs},
            opset_version=self.opset,
            dynamo=True,
            verbose=False,
        )
        assert exported is not None, "without a file of its own it returns what it made"
        model = exported.model_proto
        _without_traces_of_the_exporter(model)
        for key, value in metadata.items():
            model.metadata_props.add(key=key, value=value)
        path.write_bytes(model.SerializeToString(deterministic=True))

    def read_metadata(self, path: Path) -> dict[str, str]:
        """Read the model's properties, and its opset."""
        onnx: Any = import_module("onnx")
        try:
            model = onnx.load(path, load_external_data=False)
        except Exception:  # protobuf's own kinds have no nearer parent
            return {}
        if [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")] != [self.opset]:
            return {"opset": "another"}
        return {entry.key: entry.value for entry in model.metadata_props}

    def open(self, path: Path) -> Network:
        """Load the file in onnxruntime, with as many threads as torch.

        Raises:
            OutputError: this version of onnxruntime cannot load it.
        """
        session = self._session(path)
        (given,), (made,) = session.get_inputs(), session.get_outputs()

        def run(inputs: NDArray[Any]) -> NDArray[Any]:
            outputs: NDArray[Any] = session.run([made.name], {given.name: inputs})[0]
            return outputs

        return run

    def open_with_inputs(self, path: Path) -> Callable[[Mapping[str, NDArray[np.float32]]], NDArray[np.float32]]:
        """Load a file of several inputs as `open` does; they are given by name."""
        session = self._session(path)
        (made,) = session.get_outputs()

        def run(inputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
            images: NDArray[np.float32] = session.run([made.name], dict(inputs))[0]
            return images

        return run

    def _session(self, path: Path) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.enable_cpu_mem_arena = False  # it grows by powers of two: 8.9 GB for three images of 1024², not 6.3
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own kinds have no nearer parent
            raise OutputError(
                f"--opset {self.opset}: not written, for onnxruntime {onnxruntime.__version__} cannot check it"
                f" ({error}); install a newer onnxruntime or take a lower opset"
            ) from error


def _imports(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _check_size(program: ExportedProgram) -> None:
    tensors = (each for each in _tensors(program) if isinstance(each, torch.Tensor))
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if size > _MOST_BYTES:
        raise RequestError(
            f"--format onnx: {size / 1e9:.1f} GB of weights, and one ONNX file holds {_MOST_BYTES / 1e9:.1f} GB;"
            " take --format torch"
        )


def _tensors(program: ExportedProgram) -> Iterable[Any]:
    """Weights and position tables, which are constants of the graph; each counted once."""
    return {**program.constants, **program.state_dict}.values()


def _without_traces_of_the_exporter(model: Any) -> None:
    """Remove the exporter's notes on each node and value: torch's names, as long as the graph itself."""
    graph = model.graph
    for part in chain([graph], graph.node, graph.input, graph.output, graph.value_info, graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")

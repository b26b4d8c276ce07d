"""Weights as safetensors: the same bytes every time, and nothing loaded that does not fit."""

from __future__ import annotations

import errno
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from hitzoo.errors import OutputError, WeightsError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.runtime.seeding import Purpose, drawing_weights
from hitzoo.zoo.weights import compare, load_weights, read_metadata, read_tensors, save_weights

METADATA = {"name": "tiny", "step": 3, "generator_plan": "abc", "é": None, "more": [1, 2]}

SAVE = """\
import sys
import torch
from pathlib import Path
from hitzoo.zoo.weights import save_weights
tensors = {f"layer.{n}.weight": torch.arange(6.0).view(2, 3) + n for n in range(20)}
save_weights(Path(sys.argv[1]), tensors, {"b": 1, "a": 2, "d": 3, "c": 4})
"""


def tensors_of_the_script() -> dict[str, torch.Tensor]:
    return {f"layer.{n}.weight": torch.arange(6.0).view(2, 3) + n for n in reversed(range(20))}


def said(path: Path, module: nn.Module) -> str:
    with pytest.raises(WeightsError) as caught:
        load_weights(path, module)
    return str(caught.value)


@pytest.mark.processes
def test_the_same_tensors_give_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("a.safetensors", "b.safetensors", "c.safetensors")]
    for place in places[:2]:
        save_weights(place, tensors_of_the_script(), {"a": 2, "c": 4, "d": 3, "b": 1})
    subprocess.run([sys.executable, "-c", SAVE, str(places[2])], check=True)
    assert len({hashlib.sha256(place.read_bytes()).hexdigest() for place in places}) == 1


def test_metadata_comes_back_and_is_one_entry(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_weights(path, {"w": torch.zeros(1)}, METADATA)
    assert read_metadata(path) == METADATA
    with safe_open(path, framework="pt") as file:
        assert list(file.metadata()) == ["hitzoo"]
        assert list(json.loads(file.metadata()["hitzoo"])) == sorted([*METADATA, "sha256"])


@pytest.mark.parametrize("metadata", [None, {"other": "1"}, {"hitzoo": "no json"}, {"hitzoo": "[1]"}])
def test_a_file_of_somebody_else_has_no_metadata(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    save_file({"w": torch.zeros(1)}, tmp_path / "a.safetensors", metadata=metadata)
    assert read_metadata(tmp_path / "a.safetensors") == {}


def test_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    tensors = {
        "turned": torch.arange(6.0).view(2, 3).t(),
        "last": torch.arange(48.0).view(1, 3, 4, 4).to(memory_format=torch.channels_last),
        "half": torch.ones(3, dtype=torch.bfloat16),
        "scalar": torch.tensor(7),
        "learned": nn.Parameter(torch.ones(2)),
    }
    save_weights(tmp_path / "a.safetensors", tensors, {})
    found = read_tensors(tmp_path / "a.safetensors")
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert torch.equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype


def test_tied_weights_are_written_under_each_of_their_names(tmp_path: Path) -> None:
    first, second = (torch.nn.Linear(2, 2, bias=False) for _ in range(2))
    second.weight = first.weight
    path = tmp_path / "tied.safetensors"
    save_weights(path, torch.nn.Sequential(first, second).state_dict(), {})
    tensors = read_tensors(path)
    assert torch.equal(tensors["0.weight"], first.weight)
    assert torch.equal(tensors["1.weight"], first.weight)


def test_a_generator_comes_back_bit_for_bit(tmp_path: Path, tiny_plan: ModelPlan) -> None:
    networks = []
    for seed in (0, 1):
        with drawing_weights(seed, Purpose.GENERATOR_WEIGHTS):
            networks.append(build_generator(tiny_plan))
    before = {name: tensor.clone() for name, tensor in networks[1].state_dict().items()}
    save_weights(tmp_path / "a.safetensors", networks[0].state_dict(), {})
    load_weights(tmp_path / "a.safetensors", networks[1])
    first, second = (network.state_dict() for network in networks)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], before[name]) for name in first)


def damaged(raw: bytes) -> dict[str, bytes]:
    return {
        "cut": raw[:-1],
        "cut in the header": raw[:40],
        "too long": raw + b"x",
        "empty": b"",
        "text": b"hello, here are no weights " * 20,
        "huge header": (1 << 60).to_bytes(8, "little") + b"{}",
        "html": b"<!doctype html><title>404</title>",
    }


@pytest.mark.parametrize("kind", damaged(b""))
def test_a_damaged_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.safetensors"
    save_weights(path, nn.Linear(3, 2).state_dict(), METADATA)
    path.write_bytes(damaged(path.read_bytes())[kind])
    module = nn.Linear(3, 2)
    for read in (read_metadata, read_tensors, lambda place: load_weights(place, module)):
        with pytest.raises(WeightsError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path} is cut or is not a safetensors file (")
        assert str(caught.value).endswith("); fetch or write it again")


def test_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    for path in (tmp_path / "a.safetensors", tmp_path / "folder.safetensors"):
        assert said(path, nn.Linear(3, 2)) == f"no weights file at {path}"


def test_a_file_of_another_network_is_refused_by_its_first_differences(tmp_path: Path, tiny_text: str) -> None:
    plans = [compile_spec(parse_spec(tiny_text, overrides=[f"generator.latent_dim={width}"])) for width in (8, 9)]
    plans.append(compile_spec(parse_spec(tiny_text, overrides=["generator.stages[1].depth=2"])))
    path = tmp_path / "a.safetensors"
    own, wider, deeper = (build_generator(plan) for plan in plans)
    before = {name: tensor.clone() for name, tensor in own.state_dict().items()}
    save_weights(path, wider.state_dict(), {})
    assert said(path, own).splitlines() == [
        f"{path} holds the weights of another network:",
        "  initial.linear.weight is 2048×9, the network wants 2048×8",
        "  tokens.linear.weight is 512×9, the network wants 512×8",
    ]
    save_weights(path, deeper.state_dict(), {})
    lines = said(path, own).splitlines()
    assert len(lines) == 7
    assert all(line.startswith("  stages.1.blocks.1.") for line in lines[1:6])
    assert all(line.endswith(" is not part of the network") for line in lines[1:6])
    extra = len(deeper.state_dict()) - len(own.state_dict())
    assert lines[6] == f"  … and {extra - 5} more"
    assert all(torch.equal(before[name], tensor) for name, tensor in own.state_dict().items())


def test_differences() -> None:
    wanted = {"a": (2, 3), "b": (), "c": (1,)}
    found = {"a": (3, 2), "c": (1,), "d": (4,)}
    assert compare(wanted, found) == [
        "  a is 3×2, the network wants 2×3",
        "  b scalar is missing",
        "  d 4 is not part of the network",
    ]
    assert compare(wanted, wanted) == []
    many = {str(n): (1,) for n in range(9)}
    assert compare(many, {})[5:] == ["  … and 4 more"]
    assert len(compare(dict.fromkeys("abcde", (1,)), {})) == 5


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("hitzoo.zoo.weights.save_file", fail)
    path = tmp_path / "new" / "a.safetensors"
    with pytest.raises(OutputError) as caught:
        save_weights(path, {"w": torch.zeros(1)}, {})
    assert str(caught.value) == f"cannot write {path}: no space left on the device; free some or choose another place"
    assert list(tmp_path.iterdir()) == []


def test_weights_are_written_where_permissions_cannot_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on vfat and some network mounts."""

    def refusing(path: Path, mode: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    monkeypatch.setattr(Path, "chmod", refusing)
    save_weights(tmp_path / "w.safetensors", {"a": torch.arange(3.0)}, {})
    assert read_tensors(tmp_path / "w.safetensors")["a"].tolist() == [0, 1, 2]

"""Verify a published model: config, spec, plan, size and tensors must agree before it is loaded.

Everything here was written by somebody else. It is read as data, through the same schema and planning rules as a spec
of one's own, and what is absurd is refused by arithmetic, before a network is built or a tensor takes memory.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from hitzoo.errors import WeightsError
from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.hub.manifest import Manifest, read_manifest, read_small
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.plan.table import network_cost
from hitzoo.spec.types import Spec
from hitzoo.spec.write import leaves
from hitzoo.zoo.model_folder import ModelFolder, open_model
from hitzoo.zoo.model_layout import CONFIG_NAME, MANIFEST_NAME, SPEC_NAME, WEIGHTS_NAME, model_file_of
from hitzoo.zoo.weights import differences_of, read_header, read_metadata

_MOST_DIFFERENCES = 5
_FLOAT32 = 4  # bytes
_SLACK = 1 << 20  # bytes; for the header, and for the running statistics of small networks


def read_description(folder: Path) -> ModelFolder:
    """Read what a published model says it is, its config and its spec in agreement.

    Raises:
        WeightsError: one of them is missing or damaged, or they describe different networks.
        SpecError: a spec says something it may not.
    """
    text = read_small(folder / CONFIG_NAME)
    found = open_model(folder)
    config = json.loads(text)
    for role in found.files:
        stored, wanted = config.get(f"{role}_plan"), found.plan.hash(role)
        if stored != wanted:
            raise WeightsError(
                f"{folder / CONFIG_NAME} says its {role} is plan {str(stored)[:12]}, but its spec describes plan"
                f" {wanted[:12]}; it was changed, or made by another version of hitzoo"
            )
    path = folder / SPEC_NAME
    written = parse_spec(read_small(path), str(path))
    plan = compile_spec(written)
    for role in found.files:
        if role not in plan.networks or plan.hash(role) != found.plan.hash(role):
            head = f"{path} describes another {role} than {CONFIG_NAME} beside it:"
            raise WeightsError("\n".join([head, *_differing(written, found.spec)]))
    return found


def open_published(folder: Path) -> ModelFolder:
    """Open a published model that somebody put into a folder: it must be what its manifest says.

    Raises:
        WeightsError: it was damaged or changed since, or does not agree with itself.
        SpecError: a spec says something it may not.
    """
    manifest = read_manifest(folder / MANIFEST_NAME)
    _refuse_others(folder, manifest, (CONFIG_NAME, SPEC_NAME, WEIGHTS_NAME))
    found = read_description(folder)
    _refuse_others(folder, manifest, [model_file_of(role) for role in found.files if role != "generator"])
    check_weights(found)
    return found


def _refuse_others(folder: Path, manifest: Manifest, names: Sequence[str]) -> None:
    wrong = manifest.problems(folder, names)
    if wrong:
        raise WeightsError(
            f"{folder} is not what its {MANIFEST_NAME} says: {'; '.join(wrong.values())}; fetch it again,"
            f" or remove {MANIFEST_NAME} if the change is yours"
        )


def check_size(plan: ModelPlan, size: int, whose: str, role: Role = "generator") -> None:
    """Refuse a weights file that is far from what the plan's parameters take, before it is fetched.

    Raises:
        WeightsError: it is.
    """
    least = _FLOAT32 * network_cost(plan.networks[role]).parameters if role != "quantizer" else _kept_bytes(plan, role)
    if not least <= size <= least * 3 // 2 + _SLACK:
        raise WeightsError(f"the weights of {whose} have {size:,} bytes; the {role} of its spec takes {least:,}")


def _kept_bytes(plan: ModelPlan, role: Role) -> int:
    """Return the bytes of a network's tensors: a code book may be a buffer, and no parameter."""
    with torch.device("meta"):
        network = build_network(plan, role)
    return sum(tensor.nbytes for tensor in network.state_dict().values())


def check_weights(found: ModelFolder) -> None:
    """Compare the headers of the weights with the plan: names, shapes, dtypes, and the plan's own hashes.

    Raises:
        WeightsError: they differ; the first five differences are named.
    """
    for role, weights in found.files.items():
        with torch.device("meta"):
            wanted = build_network(found.plan, role).state_dict()
        lines = differences_of(wanted, read_header(weights))
        if lines:
            raise WeightsError(
                f"{weights} holds the weights of another network than {CONFIG_NAME} describes:\n" + "\n".join(lines)
            )
        stored = read_metadata(weights).get(f"{role}_plan")
        if stored != found.plan.hash(role):
            raise WeightsError(
                f"{weights} was made for another {role} than {CONFIG_NAME} describes, though every tensor fits"
                f" (plan {str(stored)[:12]} in the file, {found.plan.hash(role)[:12]} wanted)"
            )


def _differing(written: Spec, described: Spec) -> list[str]:
    one, other = dict(leaves(written)), dict(leaves(described))
    changed = [key for key in sorted(one.keys() | other.keys()) if one.get(key) != other.get(key)]
    return [f"  {key}: {one.get(key)!r} here, {other.get(key)!r} there" for key in changed[:_MOST_DIFFERENCES]]

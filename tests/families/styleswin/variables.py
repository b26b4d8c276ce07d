"""Variables of the published networks by the recipe of the golden vectors, and tiny networks like them."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from hitzoo.families.build import allocate_generator, build_network
from hitzoo.families.compile import compile_generator
from hitzoo.families.load import parse_spec
from hitzoo.families.official import Variable
from hitzoo.families.registry import family_of
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role

GOLDEN = Path(__file__).with_name("golden")
FACES = "[512, 512, 512, 512, 512, 256, 128]"
LARGE_FACES = "[512, 512, 512, 512, 256, 128, 64, 32, 16]"
TINY = """
hitzoo: 1
name: tiny
generator:
  family: styleswin
  latent_dim: 10
  style_dim: 12
  mapping_layers: 2
  mlp_expansion: 2
  stages:
    - {channels: 16, depth: 1}
    - {channels: 16}
    - {channels: 8, depth: 1}
"""
HEARD = f"{TINY}    - {{channels: 8, depth: 1}}\n"
QUIET = HEARD.replace("- {channels: 16}", "- {channels: 16, to_rgb: false}")
"""The same, whose second stage adds nothing to the image: that of the first is doubled twice before the third."""


def with_widths(widths: str) -> ModelPlan:
    """The published generator of some widths."""
    stages = "".join(f"    - {{channels: {width}}}\n" for width in widths.strip("[]").split(", "))
    return compile_generator(parse_spec(f"hitzoo: 1\nname: x\ngenerator:\n  family: styleswin\n  stages:\n{stages}"))


def noise(key: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng([zlib.crc32(key.encode()), 0]).standard_normal(shape).astype(np.float32)


def recipe(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """The values of a variable: a + s·N(0, 1), by its name."""
    a, s = 0.0, 0.1
    if key.startswith("style."):
        s = 10.0 if key.endswith("bias") else 100.0
    elif key == "input.input":
        s = 1.0
    elif ".style." in key:
        a, s = (0.5 if key.endswith("bias") else 0.0), 0.5
    elif "bias_table" in key or "rpb" in key:
        s = 0.5
    elif key.endswith("alpha"):
        a = 0.5
    elif key.endswith("upsample.norm.weight"):
        a = 1.0
    elif key.endswith("weight"):
        s = (0.5 if key.startswith("to_rgbs") else 1.0) / math.sqrt(math.prod(shape[1:]))
    return np.float32(a) + np.float32(s) * noise(key, shape)


def variables(plan: ModelPlan, role: Role, origin: str = "styleswin") -> list[Variable]:
    own = plan.networks[role]
    return list(family_of(role, own.family).official[origin](own))


def filled(
    plan: ModelPlan, role: Role = "generator", origin: str = "styleswin", dtype: torch.dtype = torch.float32
) -> tuple[Any, dict[str, torch.Tensor]]:
    """A network in evaluation with the recipe's weights, and these by their published names."""
    listed = [one for one in variables(plan, role, origin) if one.ours and not one.form]
    theirs = {one.theirs: recipe(one.theirs, one.shape) for one in listed}
    with torch.device("meta"):
        network: nn.Module = build_network(plan, role)
    network = allocate_generator(plan, network) if role == "generator" else build_network(plan, role)
    ours = {one.ours: torch.from_numpy(np.array(one.to_ours(theirs[one.theirs]))) for one in listed}
    missing, unexpected = network.load_state_dict(ours, strict=False)
    assert (set(missing), unexpected) <= ({"mapping.mean"}, [])
    return network.to(dtype).eval(), {name: torch.from_numpy(value).to(dtype) for name, value in theirs.items()}

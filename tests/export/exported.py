"""Small networks of every kind to export, with weights that matter."""

from __future__ import annotations

import torch

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from tests.support import fill

SPEC = """\
hitzoo: 1
name: small
generator: {%s}
discriminator: {family: stylegan2}
training: {batch_size: 4}
"""
HIT = "family: hit, latent_dim: 6, initial_size: 4, mlp_expansion: 2, "
TOKENS = (
    HIT
    + """latent_tokens: 2, stages: [
    {channels: 8, heads: 2, depth: 1, block_size: 2}, {channels: 4, heads: 2, depth: 1, attention: none}]"""
)
SEVERAL_IMAGES = (
    HIT
    + """latent_tokens: 2, heads_share_kv: false, stages: [
    {channels: 8, heads: 2, depth: 1, attention: axial, to_rgb: true},
    {channels: 8, heads: 2, depth: 2, attention: interleaved},
    {channels: 4, heads: 2, depth: 1, attention: none}]"""
)
NO_TOKENS_LAYER_NORM = (
    HIT
    + """latent_tokens: 0, norm: layer, stages: [
    {channels: 4, heads: 2, depth: 1, attention: none},
    {channels: 8, heads: 2, depth: 1, attention: global}]"""
)
LAYER_NORM = (
    HIT
    + """latent_tokens: 2, norm: layer, stages: [
    {channels: 8, heads: 2, depth: 1, attention: axial},
    {channels: 4, heads: 2, depth: 1, attention: none}]"""
)
MANY_KEYS = """family: hit, latent_dim: 6, initial_size: 32, mlp_expansion: 2, latent_tokens: 2, stages: [
    {channels: 4, heads: 2, depth: 1, attention: global}]"""
CONVNET = "family: convnet, latent_dim: 6, channels: [8, 6, 4]"
NETWORKS = {
    "tokens": TOKENS,
    "several-images": SEVERAL_IMAGES,
    "layer-norm": LAYER_NORM,
    "no-tokens-layer-norm": NO_TOKENS_LAYER_NORM,
    "many-keys": MANY_KEYS,
    "convnet": CONVNET,
}
SUFFIX = {"onnx": ".onnx", "torch": ".pt2"}


def made(network: str, scale: float = 0.5) -> Generator:
    """Weights large enough for images that differ and leave [-1, 1]."""
    spec = parse_spec(SPEC % network, "small")
    plan = compile_spec(spec)
    return Generator(spec, plan, fill(build_generator(plan), scale), torch.device("cpu"))

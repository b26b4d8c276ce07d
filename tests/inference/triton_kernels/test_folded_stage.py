"""The stage kernel in the place of the folded network's own pixel-wise stages."""

from __future__ import annotations

import pytest
import torch

from hitzoo.inference.fold.cells import Cells
from hitzoo.inference.fold.fold import fold
from hitzoo.inference.fold.hit import FoldedHiT
from hitzoo.inference.fold.kernels import Kernels, plain_kernels
from hitzoo.inference.fold.mlp import FoldedMLP, FoldedToRGB, MLPToImage
from hitzoo.inference.fold.stage import FoldedStage
from hitzoo.inference.triton_kernels import reference
from hitzoo.inference.triton_kernels.stage import pixel_stage
from hitzoo.inference.triton_kernels.weights import ImageWeights, LatentAttention, MLPWeights, StageWeights
from hitzoo.models.build import build_generator
from hitzoo.plan.compile import compile_spec
from hitzoo.spec.load import parse_spec
from tests.inference.triton_kernels.drawn import assert_near, double
from tests.support import fill

SPEC = """
hitzoo: 1
name: tail
generator:
  family: hit
  latent_dim: 6
  initial_size: 4
  latent_tokens: 8
  norm: batch
  mlp_expansion: 2
  stages:
    - {channels: 64, heads: 2, depth: 1, attention: multi_axis, block_size: 2}
    - {channels: 16, heads: 2, depth: 1, attention: none}
    - {channels: 32, heads: 4, depth: 1, attention: none}
    - {channels: 16, heads: 2, depth: 2, attention: none}
discriminator: {family: stylegan2, channels: [4, 6, 6, 6]}
training: {batch_size: 4}
"""


def weights_of(stage: FoldedStage, position: torch.Tensor) -> StageWeights:
    """What the kernel reads; `position` are the stage's rows [4n, C]."""
    mlps = [stage.cross.mlp] if stage.cross is not None else []
    mlps += [block for block in stage.blocks if isinstance(block, FoldedMLP)]
    wide = [mlp.widen for mlp in mlps]
    image, head = None, stage.to_image
    if isinstance(head, MLPToImage):
        wide.append(head.widen)
        image = ImageWeights(weight=head.skip.weight, bias=head.narrow.bias, collapsed=head.narrow.weight)
    elif isinstance(head, FoldedToRGB):
        image = ImageWeights(weight=head.linear.weight, bias=head.linear.bias)
    return StageWeights(
        position=position if stage.upsample is None else position + stage.upsample.bias,
        up=None if stage.upsample is None else stage.upsample.weight,
        heads=stage.cross.heads,
        output_bias=stage.cross.output_bias,
        mlps=MLPWeights(
            widen=torch.stack([layer.weight for layer in wide]),
            widen_bias=torch.stack([layer.bias for layer in wide]),
            narrow=torch.stack([mlp.narrow.weight for mlp in mlps]),
            narrow_bias=torch.stack([mlp.narrow.bias for mlp in mlps]),
        ),
        image=image,
    )


def test_the_tail_of_a_folded_generator(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kernels, "token_matrices_pay", lambda *_: True)
    generator = fill(build_generator(compile_spec(parse_spec(SPEC, "tail"))), scale=0.2).eval()
    folded = fold(generator, plain_kernels())
    assert isinstance(folded, FoldedHiT)
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))
    entry = folded.enter(z)
    cells = Cells(0, 0, entry.side, entry.side)
    start = entry.rows(cells)
    x, image = start.x.to(device), None if start.image is None else start.image.to(device)
    for stage, positions, reading in zip(folded.tail.folded, folded.tail.positions, entry.readings, strict=True):
        cells = cells.doubled()
        assert reading is not None
        weights = weights_of(stage.to(device), positions.of(cells).to(device))
        score, bias, read = (each.to(device) for each in reading)
        attention = LatentAttention(score=score, score_bias=bias, read=read)
        before = None if weights.image is None else image
        expected = reference.pixel_stage(
            double(x), double(weights), attention=double(attention), image_before=double(before)
        )
        x, image = pixel_stage(x, weights, attention=attention, image_before=before)
        if x is not None:
            assert_near(x, expected[0], torch.float32)
    assert image is not None
    found = cells.map_of(image.cpu()).permute(0, 3, 1, 2)
    assert_near(found, generator.double()(z.double()), torch.float32)

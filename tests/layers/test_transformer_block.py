"""TransGAN's block and what it is made of, against loops and torch's own."""

from __future__ import annotations

from itertools import product

import pytest
import torch
import torch.nn.functional as F

from hitzoo.layers import nystrom
from hitzoo.layers.bicubic import bicubic, smooth
from hitzoo.layers.block_sequence import through_blocks
from hitzoo.layers.double_backward import twice_differentiable
from hitzoo.layers.keyed_noise import NO_NOISE, keys_of
from hitzoo.layers.nystrom import pseudo_inverse
from hitzoo.layers.patches import PatchEmbedding
from hitzoo.layers.relative_position import RelativePosition
from hitzoo.layers.token_noise import TokenNoise, token_noise
from hitzoo.layers.transformer_block import TransformerBlock
from hitzoo.layers.upsample import pixel_shuffle


def nchw(operation, x: torch.Tensor) -> torch.Tensor:
    return operation(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


@pytest.mark.parametrize("side", [1, 2, 3, 8])
def test_bicubic_is_torchs(randn, side: int) -> None:
    x = randn(2, side, side, 3)
    expected = nchw(lambda y: F.interpolate(y, scale_factor=2, mode="bicubic", align_corners=False), x)
    torch.testing.assert_close(bicubic(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("side", [1, 2, 3, 8])
def test_smoothing_is_fourfold_bicubic_and_a_mean(randn, side: int) -> None:
    x = randn(2, side, side, 3)
    larger = nchw(lambda y: F.interpolate(y, scale_factor=4, mode="bicubic", align_corners=False), x)
    torch.testing.assert_close(smooth(x), nchw(lambda y: F.avg_pool2d(y, 4), larger), rtol=1e-12, atol=1e-12)


def test_pixel_shuffle_is_torchs(randn) -> None:
    x = randn(2, 3, 3, 8)
    torch.testing.assert_close(pixel_shuffle(x), nchw(lambda y: F.pixel_shuffle(y, 2), x))


@pytest.mark.parametrize("side", [1, 3, 8])
def test_relative_position_reads_its_table_by_the_offset(filled, side: int) -> None:
    layer = filled(RelativePosition(side=side, heads=2))
    bias = layer()
    places = list(product(range(side), repeat=2))
    for (i, (y, x)), (j, (v, u)) in product(enumerate(places), repeat=2):
        row = (y - v + side - 1) * (2 * side - 1) + (x - u + side - 1)
        assert torch.equal(bias[:, i, j], layer.table[row])


def test_noise_follows_from_key_and_layer_alone() -> None:
    keys = keys_of(torch.tensor([0.3, -1.2, 0.0, 0.3]))
    assert keys[2] == NO_NOISE
    noise = token_noise(keys, 0, 10_000)
    assert torch.equal(noise[0], noise[3])
    assert not noise[2].any()
    assert torch.equal(token_noise(keys[1:2], 0, 10_000)[0], noise[1])
    other = token_noise(keys, 1, 10_000)
    drawn = torch.stack((noise[0], noise[1], other[0], other[1]))
    assert drawn.mean(1).abs().max() < 0.05
    assert (drawn.std(1) - 1).abs().max() < 0.05
    assert (torch.corrcoef(drawn) - torch.eye(4)).abs().max() < 0.05


def test_noise_is_one_number_per_position(filled, randn) -> None:
    layer = TokenNoise(3).double()
    layer.strength.data.fill_(0.5)
    x, keys = randn(2, 3, 4, 5), torch.tensor([11, 12])
    added = layer(x, keys) - x
    expected = 0.5 * token_noise(keys, 3, 12).view(2, 3, 4, 1).double()
    torch.testing.assert_close(added, expected.expand_as(added), rtol=1e-6, atol=1e-6)
    assert torch.equal(layer(x, None), x)


def slow(block: TransformerBlock, x: torch.Tensor, sees, tokens: torch.Tensor | None) -> torch.Tensor:
    """The block with its attention one query of one head at a time, on a map [B, F, S, C]."""
    if tokens is not None:
        x = x + slow_memory(block.cross, x, tokens)
    batch, first, second, width = x.shape
    q, k, v = block.query_key_value(block.norm(x)).split(width, dim=-1)
    each, read = width // block.heads, torch.zeros_like(x)
    places = list(product(range(first), range(second)))
    bias = block.position() if block.position is not None else None
    for b, head, here in product(range(batch), range(block.heads), places):
        own = slice(head * each, (head + 1) * each)
        seen = [there for there in places if sees(head, here, there)]
        scores = torch.stack([q[b][here][own] @ k[b][there][own] / each**0.5 for there in seen])
        if bias is not None:
            inside = block.attention == "regional"
            numbers = [p[1] if inside else p[0] * second + p[1] for p in (here, *seen)]
            scores = scores + bias[head, numbers[0], numbers[1:]]
        read[b][here][own] = scores.softmax(0) @ torch.stack([v[b][there][own] for there in seen])
    return block.mlp(x + block.output(read))


def slow_memory(cross, x: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    q, k, v, read = cross.query(x), cross.key(tokens), cross.value(tokens), torch.zeros_like(x)
    each = x.shape[-1] // cross.heads
    for b, y, z, head in product(*map(range, x.shape[:3]), range(cross.heads)):
        own = slice(head * each, (head + 1) * each)
        weights = (k[b][:, own] @ q[b, y, z, own] / each**0.5).softmax(0)
        read[b, y, z, own] = weights @ v[b][:, own]
    return cross.output(read)


SEES = {
    "global": lambda head, here, there: True,
    "regional": lambda head, here, there: here[0] == there[0],
    "axial": lambda head, here, there: here[0] == there[0] if head < 2 else here[1] == there[1],
}


@pytest.mark.parametrize("norm", ["layer", "pixel"])
@pytest.mark.parametrize(
    ("attention", "position", "tokens"),
    [("global", 3, False), ("regional", 3, True), ("axial", 0, False), ("global", 0, True)],
)
def test_block_is_its_loops(filled, randn, norm: str, attention: str, position: int, tokens: bool) -> None:
    shape = (2, 4, 9) if attention == "regional" else (2, 3, 3)
    more = {"token_channels": 6} if tokens else {}
    block = TransformerBlock(
        channels=8, heads=4, norm=norm, expansion=2, attention=attention, position_side=position, **more
    )
    block, x = filled(block), randn(*shape, 8)
    memory = randn(2, 5, 6, seed=1) if tokens else None
    expected = slow(block, x, SEES[attention], memory)
    torch.testing.assert_close(block(x, memory), expected, rtol=1e-10, atol=1e-10)


def test_sequence_of_blocks_cuts_the_map_as_each_needs_it(filled, randn) -> None:
    sizes = (2, 0, 3, 3)
    blocks = [
        filled(
            TransformerBlock(
                channels=8, heads=2, norm="pixel", expansion=2, attention="regional" if s else "global", block_size=s
            )
        )
        for s in sizes
    ]
    x = expected = randn(2, 6, 6, 8)
    for block, size in zip(blocks, sizes, strict=True):
        if size:
            rows = expected.clone()
            for y, z in product(range(0, 6, size), repeat=2):
                window = expected[:, y : y + size, z : z + size].flatten(1, 2).unsqueeze(1)
                rows[:, y : y + size, z : z + size] = block(window)[:, 0].unflatten(1, (size, size))
            expected = rows
        else:
            expected = block(expected)
    torch.testing.assert_close(through_blocks(blocks, x), expected, rtol=1e-10, atol=1e-10)


def test_landmarks_for_all_positions_are_attention_itself(randn) -> None:
    q, k, v = (randn(2, 2, 10, 4, seed=seed) for seed in range(3))
    expected = F.scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(nystrom.nystrom(q, k, v), expected, rtol=5e-2, atol=5e-2)


def test_landmarks_are_means_of_runs(randn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nystrom, "LANDMARKS", 3)
    q, k, v = (randn(1, 1, 7, 4, seed=seed) for seed in range(3))
    runs = [slice(0, 2), slice(2, 4), slice(4, 7)]
    means_q, means_k = (torch.stack([each[0, 0, run].mean(0) for run in runs]) for each in (q, k))
    left = (q[0, 0] @ means_k.T / 2).softmax(-1)
    middle = pseudo_inverse((means_q @ means_k.T / 2).softmax(-1))
    right = (means_q @ k[0, 0].T / 2).softmax(-1)
    torch.testing.assert_close(nystrom.nystrom(q, k, v)[0, 0], left @ middle @ right @ v[0, 0])


def test_iterated_inverse_inverts(randn) -> None:
    matrix = (3 * torch.eye(4, dtype=torch.float64) + randn(2, 4, 4)).softmax(-1)
    torch.testing.assert_close(pseudo_inverse(matrix), torch.linalg.pinv(matrix), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (4, 2), (4, 4)])
def test_patches_see_their_pixels(filled, randn, kernel: int, stride: int) -> None:
    layer = filled(PatchEmbedding(image_channels=2, channels=3, kernel=kernel, stride=stride))
    image, reach = randn(1, 2, 8, 8), (kernel - stride) // 2
    padded = F.pad(image, [reach] * 4)
    out = layer(image)
    assert out.shape == (1, 8 // stride, 8 // stride, 3)
    for y, x in product(range(8 // stride), repeat=2):
        seen = padded[0, :, y * stride : y * stride + kernel, x * stride : x * stride + kernel]
        torch.testing.assert_close(out[0, y, x], (layer.conv.weight * seen).sum((1, 2, 3)) + layer.conv.bias)


@pytest.mark.parametrize("attention", ["global", "regional", "axial", "nystrom"])
def test_block_can_be_differentiated_twice(filled, randn, attention: str) -> None:
    position = 2 if attention in ("global", "regional") else 0
    block = TransformerBlock(
        channels=4, heads=2, norm="pixel", expansion=1, attention=attention, position_side=position, noise=True
    )
    block, keys = filled(block), torch.tensor([3])
    x = randn(1, 1, 4, 4) if attention == "regional" else randn(1, 2, 2, 4)
    with twice_differentiable():
        assert torch.autograd.gradgradcheck(lambda y: block(y, None, keys), x.requires_grad_())
        slope = torch.autograd.grad(block(x, None, keys).sum(), x, create_graph=True)[0].square().sum()
        slope.backward()
    unused = {"query_key_value.bias", "output.bias", "mlp.narrow.bias"}
    for name, weight in block.named_parameters():
        assert (weight.grad is not None and bool(weight.grad.any())) or name in unused, name

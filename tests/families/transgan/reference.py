"""The published networks computed slowly from their own variables, as their description says, and by no layer of ours.

Tensors are [B, N, C], positions row by row. A network is a dict of variables by their published names; what these do
not say (windows, upsampling) is an argument. No noise anywhere.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

Weights = dict[str, torch.Tensor]
HEADS = 4


def norm(w: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    if f"{name}.norm.weight" in w:
        mean = x.mean(-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(-1, keepdim=True)
        return (x - mean) / (variance + 1e-5) ** 0.5 * w[f"{name}.norm.weight"] + w[f"{name}.norm.bias"]
    return x / torch.sqrt((x**2).mean(-1, keepdim=True) + 1e-8)


def linear(w: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    out = x @ w[f"{name}.weight"].T
    return out + w[f"{name}.bias"] if f"{name}.bias" in w else out


def heads(x: torch.Tensor) -> torch.Tensor:
    batch, count, width = x.shape
    return x.reshape(batch, count, HEADS, width // HEADS).permute(0, 2, 1, 3)


def joined(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 1, 3).flatten(2)


def relative_bias(table: torch.Tensor) -> torch.Tensor:
    """[(2w − 1)², heads] to [heads, w², w²], pair by pair."""
    width = round(len(table) ** 0.5)
    side = (width + 1) // 2
    places = torch.arange(side * side)
    y, x = places // side, places % side
    index = (y[:, None] - y[None] + side - 1) * width + (x[:, None] - x[None] + side - 1)
    return table[index].permute(2, 0, 1)


def attention(w: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    width = x.shape[-1]
    q, k, v = (heads(part) for part in (x @ w[f"{name}.qkv.weight"].T).split(width, dim=-1))
    logits = q @ k.transpose(-1, -2) / (width / HEADS) ** 0.5
    if f"{name}.relative_position_bias_table" in w:
        logits = logits + relative_bias(w[f"{name}.relative_position_bias_table"])
    return linear(w, f"{name}.proj", joined(logits.softmax(-1) @ v))


def cross_attention(w: Weights, name: str, x: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
    q = heads(linear(w, f"{name}.q_transform", x))
    k, v = (heads(linear(w, f"{name}.{part}_transform", memory)) for part in "kv")
    read = (q @ k.transpose(-1, -2) / (x.shape[-1] / HEADS) ** 0.5).softmax(-1) @ v
    return linear(w, f"{name}.proj", joined(read))


def windows(x: torch.Tensor, size: int) -> torch.Tensor:
    """One sequence per window."""
    batch, count, width = x.shape
    side = round(count**0.5)
    grid = x.reshape(batch, side // size, size, side // size, size, width).permute(0, 1, 3, 2, 4, 5)
    return grid.reshape(-1, size * size, width)


def from_windows(x: torch.Tensor, size: int, batch: int) -> torch.Tensor:
    width = x.shape[-1]
    count = x.numel() // batch // width
    across = round(count**0.5) // size
    grid = x.reshape(batch, across, across, size, size, width).permute(0, 1, 3, 2, 4, 5)
    return grid.reshape(batch, count, width)


def block(w: Weights, name: str, x: torch.Tensor, window: int = 0, memory: torch.Tensor | None = None) -> torch.Tensor:
    if memory is not None:
        x = x + cross_attention(w, f"{name}.cross_attention", x, memory)
    normed = norm(w, f"{name}.norm1", x)
    if window:
        read = from_windows(attention(w, f"{name}.attn", windows(normed, window)), window, len(x))
    else:
        read = attention(w, f"{name}.attn", normed)
    x = x + read
    hidden = linear(w, f"{name}.mlp.fc1", norm(w, f"{name}.norm2", x))
    return x + linear(w, f"{name}.mlp.fc2", 0.5 * hidden * (1 + torch.erf(hidden / 2**0.5)))


def as_map(x: torch.Tensor) -> torch.Tensor:
    side = round(x.shape[1] ** 0.5)
    return x.transpose(1, 2).unflatten(2, (side, side))


def as_tokens(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(2).transpose(1, 2)


def shuffled(x: torch.Tensor) -> torch.Tensor:
    return as_tokens(F.pixel_shuffle(as_map(x), 2))


def bicubic(x: torch.Tensor) -> torch.Tensor:
    return as_tokens(F.interpolate(as_map(x), scale_factor=2, mode="bicubic", align_corners=False))


def smoothed(x: torch.Tensor) -> torch.Tensor:
    larger = F.interpolate(as_map(x), scale_factor=4, mode="bicubic", align_corners=False)
    return as_tokens(F.avg_pool2d(larger, 4))


def first_map(w: Weights, z: torch.Tensor) -> torch.Tensor:
    return linear(w, "l1", z).reshape(len(z), *w["pos_embed_1"].shape[1:]) + w["pos_embed_1"]


def to_image(w: Weights, x: torch.Tensor) -> torch.Tensor:
    return F.conv2d(as_map(x), w["deconv.0.weight"], w["deconv.0.bias"])


def small_generator(w: Weights, z: torch.Tensor, depths: tuple[int, ...]) -> torch.Tensor:
    """CIFAR-10's and STL-10's."""
    x = first_map(w, z)
    for stage, depth in enumerate(depths):
        if stage:
            x = shuffled(x) + w[f"pos_embed_{stage + 1}"]
        for index in range(depth):
            name = f"upsample_blocks.{stage - 1}" if stage else "blocks"
            x = block(w, f"{name}.block.{index}", x)
    return to_image(w, x)


def large_generator(w: Weights, z: torch.Tensor, depths: tuple[int, ...], window: int) -> torch.Tensor:
    """The two of 256×256: of LSUN church, and with `embedding_transform` of CelebA-HQ, which has no first blocks."""
    x, faces, memory = first_map(w, z), "embedding_transform.weight" in w, None
    if faces:
        memory = linear(w, "embedding_transform", z).reshape(len(z), *w["embed_pos"].shape[1:]) + w["embed_pos"]
    for stage, depth in enumerate(depths, start=1):
        if stage > 1:
            if faces and stage in (5, 6):
                x = smoothed(x)
            x = (bicubic if stage <= 3 else shuffled)(x) + w[f"pos_embed_{stage}"]
        for index in range(0 if faces and stage == 1 else depth):
            x = block(w, f"blocks_{stage}.block.{index}", x, window if stage >= 4 else 0, memory)
    return to_image(w, x)


def discriminator(w: Weights, image: torch.Tensor, windowed: dict[str, int], padding: dict[str, int]) -> torch.Tensor:
    """All four. `windowed` blocks and convolutions with `padding` are given by the names before a dot."""
    x = torch.empty(0)
    for scale in (1, 2, 3):
        if f"fRGB_{scale}.weight" not in w:
            continue
        kernel, pad = w[f"fRGB_{scale}.weight"], padding.get(f"fRGB_{scale}", 0)
        patches = as_tokens(F.conv2d(image, kernel, w[f"fRGB_{scale}.bias"], kernel.shape[-1] - 2 * pad, pad))
        if scale > 1:
            patches = torch.cat((as_tokens(F.avg_pool2d(as_map(x), 2)), patches), dim=-1)
        x = patches + w[f"pos_embed_{scale}"]
        for group in (f"blocks_{scale}", f"blocks_{scale}1"):
            index = 0
            while f"{group}.{index}.attn.qkv.weight" in w:
                x = block(w, f"{group}.{index}", x, windowed.get(group, 0))
                index += 1
    x = torch.cat((w["cls_token"].expand(len(x), -1, -1), x), dim=1)
    return linear(w, "head", norm(w, "norm", block(w, "last_block.0", x))[:, 0])

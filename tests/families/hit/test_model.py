from __future__ import annotations

import math

import pytest
import torch

from hitzoo.families.build import build_generator

# (channels, heads, blocks, side of a block of pixels or 0) of the stages of the tiny plan
LAYOUT = ((16, 4, 2, 2), (4, 2, 1, 4), (12, 3, 1, 0), (8, 2, 2, 0))
FIRST_SIDE, TOKENS = 4, 9


class Reference:
    """The generator in one straight line from its description, given nothing but tensors.

    Pixels stay in one row-major list [B, r·r, C] throughout; blocks are lists of places in it.
    """

    def __init__(self, state: dict[str, torch.Tensor], *, training: bool, kind: str, layout=LAYOUT) -> None:
        self.state, self.training, self.kind, self.layout = state, training, kind, layout

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        tokens = self.linear("tokens.linear", z).view(len(z), TOKENS, -1) + self.state["tokens.position"]
        tokens = self.norm("tokens.norm", tokens)
        side = FIRST_SIDE
        x = self.linear("initial.linear", z).view(len(z), side * side, -1)
        image = None
        for index, (channels, heads, depth, block) in enumerate(self.layout):
            name = f"stages.{index}"
            if index:
                x = self.double(x, side)
                side *= 2
                if x.shape[-1] != channels:
                    x = self.linear(f"{name}.upsample.linear", x)
            x = x + self.state[f"{name}.position.weight"].reshape(side * side, channels)
            x = self.cross(f"{name}.cross", x, tokens, heads)
            for number in range(depth):
                inner = f"{name}.blocks.{number}"
                x = self.multi_axis(inner, x, heads, side, block) if block else self.mlp(inner, x)
            if image is not None:
                image = image.repeat_interleave(2, 1).repeat_interleave(2, 2)
            if f"{name}.to_rgb.linear.weight" in self.state:
                rgb = self.linear(f"{name}.to_rgb.linear", self.norm(f"{name}.to_rgb.norm", x))
                rgb = rgb.view(len(z), side, side, -1)
                image = rgb if image is None else image + rgb
        return image.permute(0, 3, 1, 2)

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return x @ self.state[f"{name}.weight"].T + self.state[f"{name}.bias"]

    def norm(self, name: str, x: torch.Tensor) -> torch.Tensor:
        if self.kind == "pixel":
            return x / torch.sqrt((x**2).mean(-1, keepdim=True) + 1e-8)
        if self.kind == "layer":
            mean, variance, epsilon = x.mean(-1, True), x.var(-1, correction=0, keepdim=True), 1e-6
        elif self.training:
            mean, variance, epsilon = x.mean((0, 1)), x.var((0, 1), correction=0), 1e-3
        else:
            mean, variance, epsilon = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"], 1e-3
        return (x - mean) / torch.sqrt(variance + epsilon) * self.state[f"{name}.weight"] + self.state[f"{name}.bias"]

    def mlp(self, name: str, x: torch.Tensor) -> torch.Tensor:
        wide = self.linear(f"{name}.widen", self.norm(f"{name}.norm", x))
        return x + self.linear(f"{name}.narrow", wide * (1 + torch.erf(wide / math.sqrt(2))) / 2)

    def cross(self, name: str, x: torch.Tensor, tokens: torch.Tensor, heads: int) -> torch.Tensor:
        query = self.linear(f"{name}.query", self.norm(f"{name}.norm", x))
        key, value = self.linear(f"{name}.key", tokens), self.linear(f"{name}.value", tokens)
        read = [read_head(query, key, value, head, heads) for head in range(heads)]
        return self.mlp(f"{name}.mlp", x + self.linear(f"{name}.output", torch.cat(read, -1)))

    def multi_axis(self, name: str, x: torch.Tensor, heads: int, side: int, block: int) -> torch.Tensor:
        normed = self.norm(f"{name}.norm", x)
        query, key, value = (self.linear(f"{name}.{part}", normed) for part in ("query", "key", "value"))
        rows, columns = torch.arange(side * side) // side, torch.arange(side * side) % side
        same_block = (rows[:, None] // block == rows // block) & (columns[:, None] // block == columns // block)
        same_place = (rows[:, None] % block == rows % block) & (columns[:, None] % block == columns % block)
        read = [
            read_head(query, key, value, head, heads, same_block if head < heads // 2 else same_place)
            for head in range(heads)
        ]
        return self.mlp(f"{name}.mlp", x + self.linear(f"{name}.output", torch.cat(read, -1)))

    def double(self, x: torch.Tensor, side: int) -> torch.Tensor:
        """Depth to space; channels are (dy, dx, c)."""
        quarter = x.shape[-1] // 4
        out = x.new_zeros(len(x), 2 * side, 2 * side, quarter)
        for dy in range(2):
            for dx in range(2):
                start = (2 * dy + dx) * quarter
                out[:, dy::2, dx::2] = x[..., start : start + quarter].view(len(x), side, side, quarter)
        return out.view(len(x), 4 * side * side, quarter)


def read_head(query, key, value, head: int, heads: int, allowed: torch.Tensor | None = None) -> torch.Tensor:
    """What one head reads, with everything it may not see masked out."""
    width = query.shape[-1] // heads
    part = slice(head * width, (head + 1) * width)
    if key.shape[-1] != width:
        key, value = key[..., part], value[..., part]
    scores = query[..., part] @ key.transpose(1, 2) / math.sqrt(width)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    return torch.softmax(scores, -1) @ value


def latents(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("norm", ["batch", "layer", "pixel"])
@pytest.mark.parametrize("share_kv", ["true", "false"], ids=["multi_query", "multi_head"])
def test_the_generator_is_its_description(tiny_plan, filled, training, norm, share_kv) -> None:
    plan = tiny_plan(f"generator.norm={norm}", f"generator.heads_share_kv={share_kv}")
    generator = filled(build_generator(plan)).train(training)
    state = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    image = generator(latents())
    assert image.std() > 0.1
    expected = Reference(state, training=training, kind=norm)(latents())
    torch.testing.assert_close(image, expected, rtol=1e-9, atol=1e-9)


def test_the_image_is_the_sum_of_what_the_last_stages_add(tiny_plan, filled) -> None:
    generator = filled(build_generator(tiny_plan("generator.norm=layer")))
    assert [stage.to_rgb is not None for stage in generator.stages] == [False, False, True, True]
    both = generator(latents())
    parts = []
    for silent, other in ((3, 2), (2, 3)):
        saved = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
        with torch.no_grad():
            for tensor in generator.stages[silent].to_rgb.linear.parameters():
                tensor.zero_()
        parts.append(generator(latents()))
        generator.load_state_dict(saved)
        assert parts[-1].abs().max() > 0.1, other
    torch.testing.assert_close(parts[0] + parts[1], both, rtol=1e-10, atol=1e-10)
    early = parts[0]  # of the stage at half the resolution: every pixel four times
    for dy in range(2):
        for dx in range(2):
            assert torch.equal(early[..., dy::2, dx::2], early[..., ::2, ::2])


ALL_ATTEND = [
    "generator.stages[2].attention=multi_axis",
    "generator.stages[2].heads=6",
    "generator.stages[3].attention=multi_axis",
]

CASES = {
    "published form": [],
    "layer norm": ["generator.norm=layer"],
    "pixel norm": ["generator.norm=pixel"],
    "multi-head": ["generator.heads_share_kv=false"],
    "multi-head, layer norm": ["generator.heads_share_kv=false", "generator.norm=layer"],
    "grey": ["data.channels=1"],
    "with transparency": ["data.channels=4"],
    "no tokens": ["generator.latent_tokens=0"],
    "from 8 pixels": ["generator.initial_size=8", "discriminator.channels=[4, 4, 4, 4, 4]"],
    "an image part of an attention stage": ["generator.stages[0].to_rgb=true"],
    "a stage without attention that adds nothing": ["generator.stages[2].to_rgb=false"],
    "attention everywhere": ALL_ATTEND,
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES.keys())
def test_a_gradient_reaches_every_weight(tiny_plan, filled, overrides, training) -> None:
    plan = tiny_plan(*overrides)
    generator = filled(build_generator(plan)).train(training)
    image = generator(latents())
    side = plan.generator.resolution
    assert image.shape == (3, plan.generator.image_channels, side, side)
    weights = torch.randn(image.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    (image * weights).sum().backward()
    sizes = {name: float(weight.grad.abs().max()) for name, weight in generator.named_parameters()}
    largest = max(sizes.values())
    for name, size in sizes.items():
        if name.endswith("key.bias"):  # softmax is blind to what all keys have in common
            assert size < 1e-12 * largest, name
        elif not (training and name.endswith("bias")):  # and so is a batch norm, while it looks at the batch
            assert size > 1e-6 * largest, name


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_are_nchw_in_shape_and_channels_last_in_memory(tiny_plan, channels) -> None:
    image = build_generator(tiny_plan(f"data.channels={channels}"))(latents(2).float())
    assert image.shape == (2, channels, 32, 32)
    assert image.stride() == (channels * 32 * 32, 1, channels * 32, channels)
    assert image.dtype == torch.float32


def test_an_image_in_evaluation_does_not_depend_on_its_batch(tiny_plan, filled) -> None:
    generator = filled(build_generator(tiny_plan())).eval()
    torch.testing.assert_close(generator(latents())[1:2], generator(latents()[1:2]), rtol=1e-10, atol=1e-10)

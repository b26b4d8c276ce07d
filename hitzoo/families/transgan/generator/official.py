"""The generator's variables in the published TransGAN code beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.families.official import Variable
from hitzoo.families.transgan.generator.plan import TransganGeneratorPlan
from hitzoo.families.transgan.official import of_block, of_layer, of_position


def generator_variables(plan: TransganGeneratorPlan) -> Iterator[Variable]:
    """Every variable of the published generator that a plan describes.

    That code has two ways to name stages: with shuffles alone between maps that attend as a whole, and numbered.
    """
    first, side = plan.initial.kwargs["channels"], plan.initial.kwargs["side"]
    yield from of_layer("l1", "initial.linear", plan.latent_dim, side * side * first)
    if plan.tokens is not None:
        count = plan.token_side**2
        yield from of_layer("embedding_transform", "tokens.linear", plan.latent_dim, count * first)
        yield Variable("embed_pos", "tokens.position", (1, count, first), (count, first))
    numbered = not _shuffles_alone(plan)
    for index, stage in enumerate(plan.stages):
        name = f"blocks_{index + 1}" if numbered else f"upsample_blocks.{index - 1}" if index else "blocks"
        yield of_position(f"pos_embed_{index + 1}", stage.position)
        for place, block in enumerate(stage.blocks):
            yield from of_block(f"{name}.block.{place}", block.name, block.kwargs)
    width, image = plan.stages[-1].channels, plan.image_channels
    yield Variable("deconv.0.weight", "to_image.linear.weight", (image, width, 1, 1), (image, width))
    yield Variable("deconv.0.bias", "to_image.linear.bias", (image,), (image,))


def _shuffles_alone(plan: TransganGeneratorPlan) -> bool:
    """True where every stage shuffles its map up and attends to it as a whole."""
    shuffled = all(stage.upsample == "pixel_shuffle" for stage in plan.stages[1:])
    return shuffled and not any(block.kwargs["block_size"] for stage in plan.stages for block in stage.blocks)

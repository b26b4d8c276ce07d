"""The discriminator's variables in the official HiT code (google-research/hit-gan, TensorFlow) beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.errors import WeightsError
from hitzoo.families.official import Variable, of_conv, of_linear
from hitzoo.families.stylegan2.plan import Stylegan2DiscriminatorPlan


def stylegan2_variables(plan: Stylegan2DiscriminatorPlan) -> Iterator[Variable]:
    """Every variable of the official discriminator that a plan describes.

    Raises:
        WeightsError: the official code has no such last layer.
    """
    if plan.head.kwargs.get("san"):
        raise WeightsError("the official HiT code has no discriminator with san; convert the generator alone")
    stem, head = plan.stem.kwargs, plan.head.kwargs
    yield from of_conv("conv_blocks/layer_with_weights-0", "stem.conv", 3, stem["in_channels"], stem["out_channels"])
    for index, block in enumerate(plan.blocks):
        inner, outer = block.kwargs["in_channels"], block.kwargs["out_channels"]
        name = f"conv_blocks/layer_with_weights-{index + 1}"
        yield from of_conv(
            f"{name}/skip_layers/layer_with_weights-0", f"{block.name}.skip", 1, inner, outer, bias=False
        )
        yield from of_conv(f"{name}/conv_layers/layer_with_weights-0", f"{block.name}.conv1", 3, inner, inner)
        yield from of_conv(f"{name}/conv_layers/layer_with_weights-1", f"{block.name}.conv2", 3, inner, outer)
    width, side = head["channels"], head["side"]
    extra = 1 if head["minibatch_std"] else 0
    yield from of_conv("final_layers/layer_with_weights-0", "head.conv", 3, width + extra, width)
    yield from of_linear("final_layers/layer_with_weights-1", "head.hidden", side * side * width, (width,))
    yield from of_linear("final_layers/layer_with_weights-2", "head.logit", width, (1,))

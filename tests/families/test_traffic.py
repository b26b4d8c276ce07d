"""What each row is said to move, against the operations of the built modules and against printed numbers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan
from hitzoo.families.open import open_spec
from hitzoo.layers.attend import attention_by
from hitzoo.plan.traffic import BYTE_MODELS, Traffic
from hitzoo.spec.shipped import shipped_specs

BATCH = 64  # large: what is read once a batch becomes small beside it


class Counter(TorchDispatchMode):
    """Numbers that all operations read and write, each tensor once an operation and as large as its memory."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if not (function.is_view or function.name().startswith(("aten::_unsafe_view", "aten::empty"))):
            for leaf in tree_leaves((args, kwargs, result)):
                if isinstance(leaf, torch.Tensor):
                    self.numbers += _in_memory(leaf)
        return result


def _in_memory(tensor: torch.Tensor) -> int:
    """An expanded axis is one row of memory."""
    sizes = [size for size, stride in zip(tensor.shape, tensor.stride(), strict=True) if stride]
    return int(torch.Size(sizes).numel())


def by_operations(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attention as three operations; the scale makes a fourth."""
    scores = _product(query, key.transpose(-2, -1)) * query.shape[-1] ** -0.5
    return _product(scores.softmax(-1), value)


def _product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Batched, without the copies that torch's `matmul` makes of strided operands."""
    return torch.ops.hitzoo_test.product(left, right)


_library = torch.library.Library("hitzoo_test", "DEF")
_library.define("product(Tensor left, Tensor right) -> Tensor")
_library.impl("product", lambda left, right: left.new_empty(*left.shape[:-1], right.shape[-1]), "Meta")


def check_rows(plan: ModelPlan, *, device: str = "meta", batch: int = BATCH) -> None:
    """Every row of the table against the operations of the module that it names."""
    with torch.device(device):
        network = build_generator(plan).eval()
        z = torch.empty(batch, plan.input_width)
    rows, counter, counted = plan.generator.traffic(), Counter(), {}
    for row in rows:
        part = network.get_submodule(row.name)
        part.register_forward_pre_hook(lambda *_, row=row: counted.update({row.name: -counter.numbers}))
        part.register_forward_hook(lambda *_, row=row: counted.update({row.name: counted[row.name] + counter.numbers}))
    with torch.no_grad(), attention_by(by_operations), counter:
        network(z)
    said = {row.name: row.moved["eager"] + row.weights / batch for row in rows}
    assert {name: numbers / batch for name, numbers in counted.items()} == pytest.approx(said, rel=1e-3, abs=1)


@pytest.mark.parametrize(
    "words",
    [
        "hit-imagenet128",
        "hit-imagenet128 generator.latent_tokens=0",
        "hit-imagenet128 generator.norm=layer",
        "hit-imagenet128 generator.norm=pixel",
        "hit-imagenet128 generator.mlp_expansion=2",
        "hit-b-ffhq256 generator.stages[3].to_rgb=true generator.stages[4].to_rgb=false data.channels=1",
        "hit-imagenet128 generator.stages[1].channels=128",  # dealt to the very width: no linear layer
        *(
            f"hit-imagenet128-ablation{kind} generator.heads_share_kv={shared}"
            for kind in ("", "-regional", "-interleaved", "-axial", "-global")
            for shared in ("true", "false")
        ),
    ],
)
def test_the_eager_numbers_are_those_of_the_operations(words: str) -> None:
    name, *overrides = words.split()
    check_rows(open_spec(name, overrides)[1])


def test_the_eager_numbers_of_a_convolutional_generator() -> None:
    """On the CPU: maps on the meta device are not channels-last."""
    _, plan = open_spec("convnet-r1-imagenet128", ["generator.channels=[64,32,16]", "data.resolution=16"])
    check_rows(plan, device="cpu")


@pytest.mark.parametrize(
    "words",
    [
        "cips-ffhq256",
        "cips-ffhq256 generator.noise=false data.channels=1",
        "inr-gan-ffhq256",
        "inr-gan-ffhq256 generator.upsample=bilinear",
    ],
)
def test_the_eager_numbers_of_functions_of_coordinates(words: str) -> None:
    """Of a batch beside which nothing counts that is made once for it."""
    name, *overrides = words.split()
    check_rows(open_spec(name, overrides)[1], batch=1 << 30)


PRINTED = {
    # FLOPs, and bytes an image in bfloat16 at a batch of 16, as another calculator prints them
    "hit-imagenet128": (28.30e9, 676e6, 290e6, 126e6, 64e6),
    "hit-b-ffhq256": (26.73e9, 1037e6, 444e6, 204e6, 70e6),
    "hit-b-ffhq1024": (78.79e9, 7450e6, 3084e6, 1334e6, 136e6),
}
SLACK = {"eager": 0.03, "gemm": 0.005, "mlp": 0.005, "stage": 0.02}
"""That one counts an eager attention of other operations, and twice what the first kernel of the pixel-wise stages
reads from the last stage before them."""


@pytest.mark.parametrize("name", PRINTED)
def test_the_printed_table(name: str) -> None:
    rows = open_spec(name)[1].generator.traffic()
    flops, *printed = PRINTED[name]
    assert sum(row.flops for row in rows) == pytest.approx(flops, rel=1e-3)
    for model, wanted in zip(BYTE_MODELS, printed, strict=True):
        found = sum(row.bytes_per_image(model, size=2, batch=16) for row in rows)
        assert found == pytest.approx(wanted, rel=SLACK[model]), model


@pytest.mark.parametrize("name", shipped_specs())
def test_what_is_fused_moves_less(name: str) -> None:
    rows = open_spec(name)[1].generator.traffic()
    assert all(row.moved["eager"] >= row.moved["gemm"] >= row.moved["mlp"] >= row.moved["stage"] >= 0 for row in rows)
    assert all(row.bytes_per_image("stage", size=1, batch=1) > 0 for row in rows)


def test_weights_are_shared_by_a_batch() -> None:
    row = Traffic(name="stages.0", resolution=8, flops=0, weights=1000, moved={"mlp": 50.0})
    assert row.bytes_per_image("mlp", size=4, batch=1) == 4 * 1050
    assert row.bytes_per_image("mlp", size=2, batch=10) == 2 * 150


def test_a_stage_by_hand() -> None:
    """The last stage of 256×256: 64 channels, one cross-attention with 4 heads to 16 tokens of 512, two MLPs."""
    last = open_spec("hit-b-ffhq256")[1].generator.traffic()[-1]
    positions = 256 * 256
    n, image, tokens, keys = 64 * positions, 3 * positions, 16 * 512, 2 * 16 * 16
    arrival = n // 4 + n  # the map before, dealt, and the product
    attention = 2 * n + (tokens + keys) + (2 * n + keys) + 3 * n  # queries; keys and values; the core; output and sum
    picture = n + image + image // 4
    assert last.moved["gemm"] == arrival + attention + 2 * 11 * n + picture
    assert last.moved["mlp"] == arrival + attention + 2 * 2 * n + picture
    assert last.moved["stage"] == n // 4 + keys + image + image // 4


def test_a_pair_of_cips_by_hand() -> None:
    """The last one at 256×256: 256 channels to 128, the matrices made of a style of 512 and read by their products."""
    last = open_spec("cips-ffhq256")[1].generator.traffic()[-1]
    positions, image = 256 * 256, 3 * 256 * 256
    matrices = sum(512 + 2 * inner + 2 * inner * outer for inner, outer in ((256, 128), (128, 128), (128, 3)))
    assert last.moved["gemm"] == matrices + (256 + 4 * 128) * positions + 2 * image
    assert last.moved["mlp"] == last.moved["stage"] == matrices + 256 * positions + 2 * image


def test_a_stage_of_inr_gan_by_hand() -> None:
    """A doubled map and image, the features of a batch, and two layers, which norms keep apart if it is bilinear."""
    words = "generator.stages=[{channels: 8, depth: 1, waves: 2}, {channels: 4, depth: 2, upsample: true, waves: 2}]"
    sizes = ["generator.initial_size=4", "generator.rank=2", "generator.style_dim=16", "data.resolution=8", words]
    for upsample, kernels in (("nearest", 1), ("bilinear", 3)):
        plan = open_spec("inr-gan-ffhq256", [*sizes, f"generator.upsample={upsample}"])[1].generator
        inner, matrices = 8 + 2 * 2 * 3, 0  # sine and cosine of 3 octaves in 2 directions
        for wide, narrow in ((inner, 4), (4, 4)):
            matrices += 16 + 2 * 2 * (wide + narrow) + 2 * wide * narrow
        matrices += 16 + 2 * 4 + 2 * 4 * 3
        image = 3 * 64 + 3 * 16
        maps = 8 * 16 + (4 * 4 * 64 if kernels > 1 else 0)
        assert plan.traffic()[-1].moved["mlp"] == matrices + maps + image, upsample

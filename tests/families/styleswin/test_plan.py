"""StyleSwin's plan: what does not fit, its identity, and its counts against the module."""

from __future__ import annotations

import pytest
import torch

from hitzoo.errors import SpecError, WeightsError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_generator
from hitzoo.families.load import parse_spec
from hitzoo.plan.table import network_cost
from tests.families.styleswin.variables import HEARD, QUIET, TINY, variables
from tests.plan.test_activations import kept_by_parts
from tests.plan.test_modules import measured

HEAD = TINY[: TINY.index("  stages:")]
GROUPS = {
    "windows": "channels: 8",
    "global": "channels: 8, attention: [{pattern: global, bias: true}]",
    "neighborhoods": "channels: 8, attention: [{pattern: neighborhood, size: 7, bias: true},"
    " {pattern: neighborhood, size: 3, dilation: 2}]",
    "lines": "channels: 8, attention: [{pattern: row, heads: 3}, {pattern: column}]",
    "multi axis": "channels: 8, attention: [{pattern: regional, size: 4}, {pattern: dilated, size: 4, bias: true}]",
}


def with_last(stage: str) -> str:
    return f"{HEAD}  stages:\n    - {{channels: 16}}\n    - {{channels: 16}}\n    - {{{stage}}}\n"


@pytest.mark.parametrize("groups", GROUPS)
def test_costs_are_those_of_the_module(groups: str) -> None:
    plan = compile_generator(parse_spec(with_last(GROUPS[groups])))
    with torch.device("meta"):
        generator = build_generator(plan)
    said = network_cost(plan.generator)
    assert measured(generator, 10) == type(said)(said.parameters, said.flops)


@pytest.mark.parametrize("groups", GROUPS)
def test_activations_are_those_of_the_module(groups: str) -> None:
    plan = compile_generator(parse_spec(with_last(GROUPS[groups])))
    network, rows = build_generator(plan), plan.generator.rows()
    few, many = (kept_by_parts(network, rows, torch.zeros(batch, 10)) for batch in (2, 4))
    for row in rows[3:]:  # the styles that the first stage keeps are of the mapping network
        assert row.cost.activations == pytest.approx((many[row.name] - few[row.name]) / 2, rel=2e-3), row.name


@pytest.mark.parametrize("kind", ["self_modulated", "adaln", "modulated"])
def test_conditioning_has_its_costs(kind: str) -> None:
    plan = compile_generator(parse_spec(TINY, "x", [f"generator.conditioning={kind}"]))
    with torch.device("meta"):
        generator = build_generator(plan)
    said = network_cost(plan.generator)
    assert measured(generator, 10) == type(said)(said.parameters, said.flops)
    network, rows = build_generator(plan), plan.generator.rows()
    few, many = (kept_by_parts(network, rows, torch.zeros(batch, 10)) for batch in (2, 4))
    for row in rows[3:]:
        assert row.cost.activations == pytest.approx((many[row.name] - few[row.name]) / 2, rel=1e-2), row.name


@pytest.mark.parametrize("kind", ["adain", "self_modulated"])
def test_stage_that_adds_nothing_to_the_image_has_its_costs(kind: str) -> None:
    plan = compile_generator(parse_spec(QUIET, "x", [f"generator.conditioning={kind}"]))
    with torch.device("meta"):
        generator = build_generator(plan)
    said = network_cost(plan.generator)
    assert measured(generator, 10) == type(said)(said.parameters, said.flops)
    network, rows = build_generator(plan), plan.generator.rows()
    assert [row.to_rgb for row in rows[2:]] == [True, False, True, True]
    few, many = (kept_by_parts(network, rows, torch.zeros(batch, 10)) for batch in (2, 4))
    for row in rows[3:]:
        assert row.cost.activations == pytest.approx((many[row.name] - few[row.name]) / 2, rel=1e-2), row.name


def test_stage_that_adds_nothing_to_the_image_has_no_published_variables() -> None:
    with pytest.raises(WeightsError, match=r"every stage of the published code adds to the image, not so stages\.1"):
        variables(compile_generator(parse_spec(QUIET)), "generator")


def test_said_part_of_the_image_is_no_part_of_the_identity() -> None:
    texts = QUIET, QUIET.replace("to_rgb: false", "to_rgb: true"), HEARD
    quiet, said, plain = (compile_generator(parse_spec(text)) for text in texts)
    assert quiet.generator_hash != said.generator_hash == plain.generator_hash


def test_published_conditioning_is_no_part_of_the_identity() -> None:
    said = [f"generator.conditioning={kind}" for kind in ("adain", "adaln")]
    plain, adain, adaln = (compile_generator(parse_spec(TINY, "x", words)) for words in ((), said[:1], said[1:]))
    assert all("conditioning" not in block.kwargs for stage in plain.generator.stages for block in stage.blocks)
    assert plain.generator_hash == adain.generator_hash != adaln.generator_hash


def test_other_conditionings_have_no_published_variables() -> None:
    plan = compile_generator(parse_spec(TINY, "x", ["generator.conditioning=self_modulated"]))
    with pytest.raises(WeightsError, match="the published code has no conditioning 'self_modulated'"):
        variables(plan, "generator")


def test_written_out_windows_are_the_same_network() -> None:
    windows = "channels: 8, attention: [{pattern: regional, size: 8, bias: true},"
    windows += " {pattern: shifted_window, size: 8, bias: true, heads: 2}]"
    short, long = (compile_generator(parse_spec(with_last(stage))) for stage in ("channels: 8", windows))
    assert short.generator_hash == long.generator_hash


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("channels: 10", "10 channels cannot hold sines and cosines"),
        ("channels: 8, heads: 3", "3 heads do not divide 8 channels\n  possible: 1, 2, 4, 8"),
        ("channels: 8, heads: 1", "1 heads cannot be halved"),
        ("channels: 8, attention: [{pattern: regional}]", "a regional group needs a size\n  possible: 1, 2, 4, 8, 16"),
        ("channels: 8, attention: [{pattern: regional, size: 3}]", "a size of 3 does not divide the resolution 16"),
        ("channels: 8, attention: [{pattern: row, size: 4}]", "a row group has no size\n  remove it"),
        ("channels: 8, attention: [{pattern: global, dilation: 2}]", "a global group has no dilation"),
        (
            "channels: 8, attention: [{pattern: neighborhood}]",
            "a neighborhood group needs a size\n  for example size: 7",
        ),
        ("channels: 8, attention: [{pattern: neighborhood, size: 7, dilation: 3}]", "a dilation of 3 does not divide"),
        ("channels: 8, attention: [{pattern: neighborhood, size: 7, dilation: 4}]", "does not fit the resolution 16\n"),
        ("channels: 8, to_rgb: false", "the last stage must add to the image\n  remove to_rgb or set it to true"),
        ("channels: 8, attention: [{pattern: neighborhood, size: 4}]", "an odd number up to 15"),
        (
            "channels: 8, attention: [{pattern: row, heads: 1}, {pattern: column, heads: 2}]",
            "the groups have 3 heads of 4",
        ),
    ],
)
def test_what_does_not_fit_is_said(stage: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_generator(parse_spec(with_last(stage)))
    assert message in str(caught.value)


def test_windows_need_a_resolution_that_they_divide() -> None:
    with pytest.raises(SpecError, match="windows of 8 do not divide the resolution 12"):
        compile_generator(parse_spec(f"{HEAD}  initial_size: 6\n  stages: [{{channels: 8}}, {{channels: 8}}]\n"))

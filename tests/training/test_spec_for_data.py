"""The spec that is written for a set of pictures and a machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hitzoo.data.survey import Survey
from hitzoo.errors import RequestError
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.spec.r1_heuristic import heuristic_weight
from hitzoo.spec.types import BcrSpec, R1Spec, Spec
from hitzoo.training import spec_for_data
from hitzoo.training.engine.memory_estimate import Footprint
from hitzoo.training.spec_for_data import SIDES, Machine, spec_for

PHOTOS = Survey(location="photos", count=2000, sides=(300,) * 10, aspect=1.2, grey=0, clear=0, unreadable=0)
REAL = spec_for_data.measure_footprint
CPU, GPU = Machine(gpu=False, memory=16 * 10**9), Machine(gpu=True, memory=40 * 10**9)


@pytest.fixture(autouse=True)
def _footprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A footprint without the half second that the real one takes: 5,000 bytes a pixel."""

    def measure(spec: Spec, plan: ModelPlan) -> Footprint:
        return Footprint(training_per_image=5000 * plan.generator.resolution**2, training_fixed=10**8)

    monkeypatch.setattr(spec_for_data, "measure_footprint", measure)


def made(pictures: Survey = PHOTOS, machine: Machine = CPU, resolution: int | None = None) -> tuple[Spec, str]:
    text = spec_for(pictures, "mine", machine, resolution)
    spec = parse_spec(text, "mine.yaml")
    compile_spec(spec)
    return spec, text


def r1(spec: Spec) -> float:
    return next(term.weight for term in spec.training.regularizers if isinstance(term, R1Spec))


@pytest.mark.parametrize("machine", [CPU, GPU], ids=["cpu", "gpu"])
@pytest.mark.parametrize("side", SIDES)
def test_every_resolution_makes_a_whole_spec(machine: Machine, side: int) -> None:
    spec, text = made(machine=machine, resolution=side)
    assert spec.data.resolution == compile_spec(spec).generator.resolution == side
    assert r1(spec) == pytest.approx(0.1 * (side / 32) ** 2)
    assert "as asked for" in text
    batch = spec.training.batch_size
    assert f"StyleGAN's gamma is {2 * r1(spec):g}. `auto`, the rule of StyleGAN2-ADA, would be" in text
    assert f"would be {heuristic_weight(side, batch):g}\n" in text


@pytest.mark.parametrize(("side", "attending"), [(32, 3), (64, 4), (128, 4), (256, 4)])
def test_stages_up_to_64_pixels_attend(side: int, attending: int) -> None:
    stages = compile_spec(made(resolution=side)[0]).generator.stages
    assert [bool(stage.block_size) for stage in stages] == [stage.resolution <= 64 for stage in stages]
    assert sum(bool(stage.block_size) for stage in stages) == attending


def test_the_resolution_follows_from_the_sizes() -> None:
    assert made()[0].data.resolution == 64
    assert "256 would do, but takes a GPU (--resolution 256)" in made()[1]
    assert made(machine=GPU)[0].data.resolution == 256
    mixed = replace(PHOTOS, sides=(40,) * 2 + (150,) * 18)
    spec, text = made(mixed, GPU)
    assert spec.data.resolution == 128
    assert "90% of the pictures are that large, the others are enlarged" in text
    assert made(replace(mixed, sides=(40,) * 3 + (150,) * 17), GPU)[0].data.resolution == 32
    assert made(replace(PHOTOS, sides=(9,)))[0].data.resolution == 32


def test_steps_follow_from_the_number_of_pictures() -> None:
    few, some, many = (made(replace(PHOTOS, count=count), GPU, 32)[0] for count in (60, 2_000, 1_000_000))
    images = [spec.training.steps * spec.training.batch_size for spec in (few, some, many)]
    assert images == [192_000, 1_024_000, 4_992_000]
    assert [len(spec.training.regularizers) for spec in (few, some, many)] == [2, 2, 1]
    assert isinstance(few.training.regularizers[1], BcrSpec)
    assert few.evaluation.samples == 60
    assert few.evaluation.every == few.training.steps // 10
    assert "each picture about 3,200 times" in made(replace(PHOTOS, count=60), GPU, 32)[1]
    assert "60 pictures are very few" in made(replace(PHOTOS, count=60))[1]


def test_the_real_step_of_the_largest_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spec_for_data, "measure_footprint", REAL)
    spec, text = made(machine=GPU, resolution=256)
    takes = REAL(spec, compile_spec(spec))
    assert takes.training_fixed + spec.training.batch_size * takes.training_per_image < GPU.memory
    assert f"batch_size: {spec.training.batch_size}   # a step takes " in text


def test_the_batch_follows_from_the_memory() -> None:
    assert made(machine=GPU, resolution=256)[0].training.batch_size == 64
    spec, text = made(machine=replace(GPU, memory=16 * 10**9), resolution=256)
    assert spec.training.batch_size == 32
    assert "a step takes 11 GB; 16 GB were free" in text
    assert made(machine=replace(CPU, memory=10**6))[0].training.batch_size == 8


def test_grey_pictures_broken_ones_and_long_ones_are_heeded() -> None:
    assert made(replace(PHOTOS, grey=10))[0].data.channels == 1
    assert made(replace(PHOTOS, grey=9))[0].data.channels == 3
    assert "4 keeps the transparency" in made(replace(PHOTOS, clear=6))[1]
    assert made()[0].data.on_error == "stop"
    spec, text = made(replace(PHOTOS, unreadable=3))
    assert spec.data.on_error == "skip"
    assert "3 of 13 cannot be read" in text
    assert "far from square" in made(replace(PHOTOS, aspect=1.5))[1]


@pytest.mark.parametrize(
    "location", ["my photos", "~/Bilder/Übung: neu", "a#b", "hf:acme/photos", "1e4", "x\ny", '"', "no"]
)
def test_any_place_can_be_named(location: str) -> None:
    assert made(replace(PHOTOS, location=location))[0].data.source == location


def test_a_place_that_no_document_can_name_is_left_out() -> None:
    assert made(replace(PHOTOS, location="photos-\udce4"))[0].data.source is None


def test_one_picture_is_not_evaluated() -> None:
    spec, _ = made(replace(PHOTOS, count=1, sides=(64,)))
    assert spec.evaluation.every == 0
    assert spec.evaluation.samples == 4


def test_a_resolution_that_is_none_is_refused() -> None:
    with pytest.raises(RequestError, match="--resolution 100: possible are 32, 64, 128, 256"):
        made(resolution=100)

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from hitzoo.data.drawing import draw
from hitzoo.data.scene import KINDS, Scene, Shape, draw_scene
from hitzoo.data.synthetic import Synthetic


def pixels(index: int, resolution: int = 32) -> NDArray[np.int64]:
    return np.asarray(Synthetic(resolution).read(index)).astype(np.int64)


def lone(kind: str) -> NDArray[np.int64]:
    """A red shape of radius 0.4 in the middle of a grey picture, 64 pixels wide."""
    grey = (0.8, 0.8, 0.8)
    shape = Shape(kind, 0.5, 0.5, 0.4, 0.0, (0.9, 0.1, 0.1))  # type: ignore[arg-type]
    return draw(Scene(grey, grey, (shape,)), 64).astype(np.int64)


def test_a_picture_depends_on_its_index_alone() -> None:
    first = pixels(17)
    source = Synthetic(32, count=100)
    for index in (3, 99, 17):
        last = np.asarray(source.read(index))
    assert np.array_equal(last, first)
    assert not np.array_equal(pixels(18), first)


def test_the_pictures_are_the_ones_of_this_recipe() -> None:
    # A change here is a change of the data set: raise RECIPE with it.
    assert Synthetic(32).fingerprint() == "synthetic-1-65536"
    scene = draw_scene(17)
    assert [shape.kind for shape in scene.shapes] == ["ball"]
    assert scene.shapes[0].radius == pytest.approx(0.4051530582, abs=1e-9)


@pytest.mark.parametrize("resolution", [4, 5, 33, 100, 256])
def test_any_resolution(resolution: int) -> None:
    image = Synthetic(resolution).read(0)
    assert image.mode == "RGB"
    assert image.size == (resolution, resolution)


def test_the_same_scene_at_every_resolution() -> None:
    for index in range(40):
        fine = pixels(index, 64).reshape(32, 2, 32, 2, 3).mean((1, 3))
        difference = np.abs(fine - pixels(index))
        assert difference.mean() < 1.5
        assert np.abs(pixels(index) - pixels(index + 1)).mean() > 10 * difference.mean()


def test_every_kind_and_pairs_come_up() -> None:
    scenes = [draw_scene(index) for index in range(2000)]
    kinds = Counter(shape.kind for scene in scenes for shape in scene.shapes)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) > 0.8 * max(kinds.values())
    assert 0.2 < np.mean([len(scene.shapes) == 2 for scene in scenes]) < 0.3
    assert 0.5 < np.mean([scene.top != scene.bottom for scene in scenes]) < 0.7


def test_hues_go_round_the_whole_circle() -> None:
    strongest = Counter(int(np.argmax(draw_scene(index).shapes[0].colour)) for index in range(600))
    assert min(strongest[channel] for channel in range(3)) > 150


def test_shapes_lie_inside_the_picture_and_single_ones_are_large() -> None:
    for index in range(2000):
        shapes = draw_scene(index).shapes
        for shape in shapes:
            assert min(shape.x, shape.y, 1 - shape.x, 1 - shape.y) > 0.9 * shape.radius
        if len(shapes) == 1:
            assert 0.25 <= shapes[0].radius <= 0.42


@pytest.mark.parametrize("kind", KINDS)
def test_the_light_comes_from_the_upper_left_and_the_shadow_falls_to_the_lower_right(kind: str) -> None:
    picture = lone(kind)
    red = (picture[:, :, 0] - picture[:, :, 2]) > 40
    brightness = picture.sum(2)
    ahead = np.add.outer(np.arange(64), np.arange(64))
    assert brightness[red & (ahead < 63)].mean() > brightness[red & (ahead > 63)].mean() + 20
    ground = (picture[:, :, 0] - picture[:, :, 2]) == 0
    assert brightness[ground & (ahead < 63)].mean() > brightness[ground & (ahead > 63)].mean() + 5


def test_the_ring_has_a_hole_and_the_others_do_not() -> None:
    for kind in KINDS:
        red, _, blue = lone(kind)[32, 32]
        assert (red - blue > 40) == (kind != "ring")


@pytest.mark.parametrize(
    ("kind", "area"),
    [
        ("ball", np.pi * 0.92**2),
        ("ring", np.pi * (1 - 0.4**2)),
        # A polygon of area A and perimeter P, grown by g, has the area A + P g + pi g².
        ("square", 2 * 0.84**2 + 4 * 2**0.5 * 0.84 * 0.16 + np.pi * 0.16**2),
        ("triangle", 0.75 * 3**0.5 * 0.9**2 + 3 * 3**0.5 * 0.9 * 0.1 + np.pi * 0.1**2),
        ("star", 1.69),
    ],
)
def test_the_shapes_have_the_areas_of_geometry(kind: str, area: float) -> None:
    """In units of the squared radius."""
    picture = lone(kind)
    red = (picture[:, :, 0] - picture[:, :, 2]) > 40
    assert red.sum() / 64**2 / 0.4**2 == pytest.approx(area, rel=0.03)


def test_labels_and_bounds() -> None:
    source = Synthetic(8, count=5)
    assert (len(source), source.label(4), source.location) == (5, "synthetic image 4", "synthetic")
    assert source.fingerprint() != Synthetic(8, count=6).fingerprint()
    assert source.fingerprint() == Synthetic(16, count=5).fingerprint()
    for index in (-1, 5):
        with pytest.raises(IndexError):
            source.read(index)

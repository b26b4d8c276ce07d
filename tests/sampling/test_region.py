from __future__ import annotations

import pytest

from hitzoo.errors import RequestError
from hitzoo.sampling.region import Region, parse_region


def test_a_region_is_left_top_width_height() -> None:
    assert parse_region("384, 256,12,34") == Region(left=384, top=256, width=12, height=34)
    assert str(Region(1, 2, 3, 4)) == "1,2,3,4"


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "-1,0,3,3", "1.5,0,2,2"])
def test_what_is_no_region_is_named(text: str) -> None:
    with pytest.raises(RequestError, match=r"left,top,width,height"):
        parse_region(text)


@pytest.mark.parametrize("region", [Region(-1, 0, 4, 4), Region(0, 0, 0, 4), Region(0, 0, 4, 0)])
def test_an_impossible_region_is_refused(region: Region) -> None:
    with pytest.raises(RequestError, match="at least"):
        region.inside(8)


@pytest.mark.parametrize("region", [Region(5, 0, 4, 4), Region(0, 5, 4, 4), Region(8, 8, 1, 1)])
def test_a_region_stays_inside_the_image(region: Region) -> None:
    with pytest.raises(RequestError, match="8×8 pixels"):
        region.inside(8)
    assert Region(4, 4, 4, 4).inside(8) == Region(4, 4, 4, 4)


def test_tiles_lie_on_the_images_own_grid_and_cover_the_region_once() -> None:
    region = Region(3, 5, 9, 7)
    seen = [
        (y, x)
        for tile in region.tiles(4)
        for y in range(tile.top, tile.top + tile.height)
        for x in range(tile.left, tile.left + tile.width)
    ]
    assert sorted(seen) == [(y, x) for y in range(5, 12) for x in range(3, 12)]
    assert [(tile.left, tile.width) for tile in region.tiles(4)][:3] == [(3, 1), (4, 4), (8, 4)]
    assert {(tile.top, tile.height) for tile in region.tiles(4)} == {(5, 3), (8, 4)}


def test_where_a_tile_lies_in_its_region() -> None:
    assert Region(5, 6, 2, 3).within(Region(4, 4, 8, 8)) == (slice(2, 5), slice(1, 3))

"""The page of `hitzoo explore` as a hand and an eye meet it."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.browser.visit import Visit

_TRIES = 1000
CLOSE = 1.0  # mean difference of bytes


class Explored:
    """An open page, waited for until it has its first picture."""

    def __init__(self, visit: Visit, address: str) -> None:
        self.visit, self.page = visit, visit.page
        self.page.goto(address)
        self.page.wait_for_selector("body[data-state=ready]")

    @property
    def count(self) -> int:
        """Pictures shown so far."""
        return int(self.page.evaluate("document.body.dataset.pictures"))

    def wait_for_count(self, after: int) -> None:
        """Wait until more pictures than `after` were shown; not by a text that a policy forbids to evaluate."""
        for _ in range(_TRIES):
            if self.count > after:
                return
            self.page.wait_for_timeout(10)
        raise AssertionError(f"no picture came: {self.page.locator('#status').inner_text()}")

    def drag(self, x: float, y: float) -> None:
        """Drag the handle from where it is to a place of the field, and let go."""
        before, box = self.count, self.page.locator("#pad").bounding_box()
        assert box is not None
        handle = self.page.locator("#handle").bounding_box()
        assert handle is not None
        self.page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        self.page.mouse.up()
        self.wait_for_count(before)
        self.page.wait_for_timeout(50)

    def row(self) -> NDArray[np.float32]:
        """The latent of the picture that is shown, from the file that the page saves."""
        with self.page.expect_download() as saved:
            self.page.click("#save-latent")
        found = np.load(saved.value.path())
        assert found.dtype == np.float32
        return np.asarray(found)

    def pixels(self) -> NDArray[np.uint8]:
        """The picture that is shown, (H, W, 3)."""
        url: Any = self.page.evaluate("document.getElementById('canvas').toDataURL('image/png')")
        with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
            return np.asarray(picture.convert("RGB"))


def mean_difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Mean difference of bytes."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())

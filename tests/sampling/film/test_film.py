"""Films as other programs read them: every frame, the rate, the metadata; and what a format cannot hold."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from hitzoo.errors import RequestError
from hitzoo.sampling.film import open as film_open
from hitzoo.sampling.film import video
from hitzoo.sampling.film.open import FilmForm, check_film, open_film
from hitzoo.sampling.picture_file import read_facts

FACTS = {"hitzoo:model": "tiny ×", "hitzoo:walk": "smooth", "hitzoo:seeds": ",".join(map(str, range(0, 400, 2)))}


def frames(channels: int, count: int = 5) -> np.ndarray:
    """Slow waves, which lossy formats keep; a moving opaque block."""
    ramp = np.linspace(0, 2 * np.pi, 16)
    waves = np.sin(ramp[None, :, None, None] + ramp[None, None, :, None] + np.arange(count)[:, None, None, None])
    found = np.repeat((127 + 100 * waves).astype(np.uint8), channels, axis=-1)
    if channels == 4:
        found[..., 3] = 0
        for place in range(count):
            found[place, place : place + 8, :, 3] = 255
    return found


def written(path: Path, shown: np.ndarray, *, fps: int = 12, quality: int = 95) -> Path:
    form = FilmForm(width=16, height=16, channels=shown.shape[-1], frames=len(shown), fps=fps, quality=quality)
    check_film(path, form)
    with path.open("w+b") as file:
        film = open_film(file, path.suffix, form, FACTS)
        for frame in shown:
            film.add(frame)
        film.finish()
    return path


def read(path: Path, mode: str) -> tuple[np.ndarray, list[float]]:
    with Image.open(path) as picture:
        assert picture.info.get("loop") == 0
        assert picture.n_frames > 1
        found = [(np.asarray(frame.convert(mode)), frame.info["duration"]) for frame in ImageSequence.Iterator(picture)]
    return np.stack([pixels for pixels, _ in found]), [duration for _, duration in found]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("ending", "error"), [(".gif", 8), (".apng", 0), (".webp", 8)])
def test_film_holds_its_frames(tmp_path: Path, ending: str, error: float, channels: int) -> None:
    shown = frames(channels)
    path = written(tmp_path / f"film{ending}", shown)
    alpha = channels == 4 and ending != ".gif"
    found, durations = read(path, "RGBA" if alpha else "RGB")
    expected = np.repeat(shown, 3, axis=-1) if channels == 1 else shown
    if channels == 4 and not alpha:
        expected = np.where(shown[..., 3:] == 255, shown[..., :3], 255)
    if alpha:
        assert (found[..., 3] == expected[..., 3]).all()
        opaque = expected[..., 3] == 255
        found, expected = found[opaque][:, :3], expected[opaque][:, :3]
    off_by = np.abs(found.astype(int) - expected)
    assert off_by.mean() <= error
    assert off_by.max() <= 8 * error
    assert sum(durations) == pytest.approx(1000 * len(shown) / 12, abs=6)
    assert read_facts(path) == FACTS


def test_same_film_has_same_bytes(tmp_path: Path) -> None:
    for ending in (".gif", ".apng", ".webp"):
        first, second = (written(tmp_path / f"{name}{ending}", frames(3)) for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_quality_of_webp_counts(tmp_path: Path) -> None:
    noise = np.random.RandomState(0).randint(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    low, high = (written(tmp_path / f"{quality}.webp", noise, quality=quality) for quality in (5, 100))
    assert low.stat().st_size < 0.7 * high.stat().st_size


def test_frames_are_written_as_they_come(tmp_path: Path) -> None:
    for ending in (".gif", ".apng", ".webp"):
        shown, file, sizes = frames(3), BytesIO(), []
        film = open_film(file, ending, FilmForm(width=16, height=16, channels=3, frames=5, fps=12), FACTS)
        for frame in shown:
            film.add(frame)
            sizes.append(file.tell())
        assert np.diff(sizes).min() > 100, ending


def test_video_holds_its_frames(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    shown = frames(3)[:, :15]  # H.264 has even sides alone
    path = tmp_path / "film.mp4"
    form = FilmForm(width=16, height=15, channels=3, frames=len(shown), fps=12)
    with path.open("w+b") as file:
        film = open_film(file, ".mp4", form, FACTS)
        for frame in shown:
            film.add(frame)
        film.finish()
    with av.open(str(path)) as found:
        assert found.streams.video[0].average_rate == 12
        assert "tiny" in found.metadata["comment"]
        decoded = np.stack([frame.to_ndarray(format="rgb24") for frame in found.decode(video=0)])
    assert decoded.shape == (5, 16, 16, 3)
    assert np.abs(decoded[:, :15].astype(int) - shown).mean() < 4


def test_missing_video_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "find_spec", lambda name: None)
    form = FilmForm(width=16, height=16, channels=3, frames=5, fps=12)
    with pytest.raises(RequestError, match=r"pip install 'hitzoo\[video\]'; or take \.gif"):
        check_film(Path("x.mp4"), form)


def test_missing_codec_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av")
    monkeypatch.setattr(video, "_CODECS", ("nothing264",))
    with pytest.raises(RequestError, match="none of the codecs nothing264"):
        video.check_video()


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("x.gif", {"fps": 51}, r"--fps 51: \.gif shows at most 50"),
        ("x.webp", {"width": 16_384}, r"\.webp holds at most 16,383 a side"),
    ],
)
def test_impossible_film_is_refused(name: str, form: dict[str, int], said: str) -> None:
    sizes = {"width": 16, "height": 16, "channels": 3, "frames": 5, "fps": 12} | form
    with pytest.raises(RequestError, match=said):
        check_film(Path(name), FilmForm(**sizes))


def test_missing_webp_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_open.features, "check", lambda name: False)
    with pytest.raises(RequestError, match="built without WebP"):
        check_film(Path("x.webp"), FilmForm(width=16, height=16, channels=3, frames=5, fps=12))

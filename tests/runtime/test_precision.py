from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

from hitzoo.runtime.precision import bfloat16_note, training_note

CARD = torch.device("cuda:1")


@pytest.mark.parametrize("capability", [(7, 5), (8, 0)])
def test_note_is_of_a_card_whose_bfloat16_is_emulated(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int]
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(torch.cuda, "device", lambda device: asked.append(device) or nullcontext())
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or capability >= (8, 0)
    )
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"card {device.index}")
    note = bfloat16_note(CARD)
    assert asked == [CARD]
    if capability >= (8, 0):
        assert note is None
    else:
        assert note == "card 1 has no bfloat16 arithmetic; torch emulates it, which is slower than float32"


def test_no_note_of_a_device_that_is_no_card() -> None:
    assert bfloat16_note(torch.device("cpu")) is None


@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0)])
def test_exact_float32_is_told_of_where_tensor_cores_could_be_taken(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int]
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.version, "hip", None)
    note = training_note(CARD, "float32")
    assert (note is not None and "--precision tf32" in note) is (capability >= (8, 0))
    assert training_note(CARD, "tf32") is training_note(torch.device("cpu"), "float32") is None

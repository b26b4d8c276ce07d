from __future__ import annotations

import torch

from hitzoo.runtime import transfer
from hitzoo.runtime.transfer import is_pinned_for, send, send_together

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_tensors_sent_together_keep_contents_shapes_and_dtypes(monkeypatch) -> None:
    """Packed as for a GPU, and not sent."""
    copies: list[torch.Tensor] = []
    monkeypatch.setattr(transfer, "send", lambda tensor, device: copies.append(tensor) or tensor)
    given = [
        torch.arange(3, dtype=torch.uint8),
        torch.randn(5, 2, dtype=torch.float64),
        torch.arange(4),
        torch.randn(2, 3, 3)[:, ::2],
        torch.empty(0),
        torch.tensor([True, False]),
    ]
    for sent, tensor in zip(send_together(given, CUDA), given, strict=True):
        assert sent.dtype == tensor.dtype
        assert torch.equal(sent, tensor)
    assert len(copies) == 1


def test_nothing_is_copied_to_the_cpu() -> None:
    tensor = torch.ones(3)
    assert send(tensor, CPU) is tensor
    assert send_together([tensor], CPU)[0] is tensor
    assert send_together([], CUDA) == []


def test_only_cuda_fetches_from_page_locked_memory() -> None:
    assert is_pinned_for(CUDA)
    assert not any(is_pinned_for(torch.device(name)) for name in ("cpu", "mps", "xpu", "meta"))


def test_only_copies_of_page_locked_memory_are_not_waited_for() -> None:
    class Sent(torch.Tensor):
        def pin_memory(self) -> Sent:
            return self

        def to(self, device: torch.device, *, non_blocking: bool) -> bool:
            return non_blocking

    assert {kind: send(Sent(), torch.device(kind)) for kind in ("cuda", "mps", "xpu")} == {
        "cuda": True,
        "mps": False,
        "xpu": False,
    }

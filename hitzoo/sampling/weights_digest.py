"""The identity of a network's weights, whatever file they came from."""

from __future__ import annotations

from hashlib import sha256

import torch


def weights_digest(module: torch.nn.Module) -> str:
    """SHA-256 over the names and bytes of a network's tensors, so that a number can be traced to its checkpoint."""
    digest = sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()

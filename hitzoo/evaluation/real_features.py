"""Features of the real images, computed once and cached in a file under a key made of everything they depend on.

The file is `real-features/KEY.safetensors` in $HITZOO_CACHE, else $XDG_CACHE_HOME/hitzoo, else ~/.cache/hitzoo; it may
be deleted at any time. A truncated or altered one is recomputed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from hitzoo.errors import OutputError, WeightsError
from hitzoo.evaluation.features import FeatureNetwork, extract
from hitzoo.evaluation.metrics import FeatureKind
from hitzoo.evaluation.pictures import StoredImages
from hitzoo.evaluation.sharing import gather_features, shard_batches
from hitzoo.places import hitzoo_cache
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.zoo.weights import read_metadata, read_tensors, save_weights, stored_checksum

_FORMAT = 1


def real_features(
    reals: StoredImages,
    networks: Mapping[FeatureKind, FeatureNetwork],
    *,
    batch_size: int,
    device: torch.device,
    note: Callable[[str], None],
    progress: Callable[[int, int], None] = lambda done, total: None,
    world: World = ALONE,
) -> dict[FeatureKind, torch.Tensor]:
    """Return features (M, *shape) of the real images for each network, from the cache if possible.

    `note` is called with a message when the cache is not writable; the features are still valid. The processes of
    `world` divide the images; the first has the cache, and what is returned in the others means nothing.

    Raises:
        DataError: an image cannot be read, unless the spec says to skip it.
    """
    facts = {kind: _facts(reals, network, device) for kind, network in networks.items()} if world.first else {}
    stored = {kind: read for kind, own in facts.items() if (read := _read(own)) is not None}
    found = {kind: rows for kind, (rows, _) in stored.items()}
    lacking = world.broadcast_from_first(lambda: [kind for kind in networks if kind not in stored])
    missing = {kind: network for kind, network in networks.items() if kind in lacking}
    if missing:
        reals.unreadable.clear()
        reals.skipped.clear()
        found |= _extract_together(reals, missing, batch_size, device, progress, world)
    elif stored:
        reals.unreadable[:] = next(iter(stored.values()))[1]
    for kind in missing if world.first else ():
        _write(facts[kind], found[kind], reals.unreadable, note)
    return {kind: found[kind] for kind in networks if kind in found}


def _extract_together(
    reals: StoredImages,
    networks: Mapping[FeatureKind, FeatureNetwork],
    batch_size: int,
    device: torch.device,
    progress: Callable[[int, int], None],
    world: World,
) -> dict[FeatureKind, torch.Tensor]:
    """Extract the features of this process's batches, and gather all readable images' in the first process."""
    shard, total = world.shard, len(reals)
    own = extract(
        reals,
        networks,
        batch_size=batch_size,
        shard=shard,
        progress=lambda done, _: progress(min(done * world.size, total), total),
    )
    if world.size == 1:
        return own
    positions = [place for batch in shard_batches(shard, total, batch_size) for place in batch]
    readable = torch.tensor([place not in reals.skipped for place in positions], dtype=torch.bool)
    spread = {kind: rows.new_zeros(len(positions), *rows.shape[1:]) for kind, rows in own.items()}
    for kind, rows in own.items():
        spread[kind][readable] = rows
    gather = partial(world.gather, device=device)
    whole = gather_features(shard, spread, total, batch_size, gather)
    kept = gather_features(shard, {"readable": readable.byte()}, total, batch_size, gather)
    if whole is None or kept is None:
        return {}
    mask = kept["readable"].bool()
    reals.unreadable[:] = [reals.name(place) for place in (~mask).nonzero().flatten().tolist()]
    return {kind: rows[mask] for kind, rows in whole.items()}


def _facts(reals: StoredImages, network: FeatureNetwork, device: torch.device) -> dict[str, Any]:
    """Collect all that the features depend on, bit for bit on one machine."""
    chosen = reals.facts()
    del chosen["source"]  # a name; the fingerprint identifies the contents
    return chosen | {
        "format": _FORMAT,
        "features": network.name,
        "shape": list(network.shape),
        "on_error": reals.data.on_error,
        "device": device.type,
    }


def _path(facts: Mapping[str, Any]) -> Path | None:
    key, folder = sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest(), hitzoo_cache()
    return folder / "real-features" / f"{key[:32]}.safetensors" if folder else None


def _read(facts: Mapping[str, Any]) -> tuple[torch.Tensor, list[str]] | None:
    """Read the stored rows and the names that were skipped; None if missing or damaged."""
    path = _path(facts)
    if path is None:
        return None
    try:
        if not path.is_file() or stored_checksum(path) is None:
            return None
        metadata, tensors = read_metadata(path), read_tensors(path)
    except (WeightsError, OSError):
        return None
    rows, unreadable = tensors.get("features"), metadata.get("unreadable")
    if rows is None or not isinstance(unreadable, list) or metadata.get("facts") != facts:
        return None
    return rows, unreadable


def _write(facts: Mapping[str, Any], rows: torch.Tensor, unreadable: list[str], note: Callable[[str], None]) -> None:
    metadata = {"facts": facts, "unreadable": unreadable}
    path = _path(facts)
    if path is None:
        note("the features of the real images are not cached: there is no home folder; set HITZOO_CACHE")
        return
    try:
        save_weights(path, {"features": rows}, metadata)
    except OutputError as error:
        note(f"the features of the real images are not cached: {error}")

"""What a xet storage in a folder holds: the client's transfer engine writes to `local://FOLDER` as to a server."""

from __future__ import annotations

from pathlib import Path

_RECORD = 48  # bytes; a shard is made of them
_VERIFIED, _DESCRIBED = 1 << 31, 1 << 30  # flags: as many records again, and one more with the sha256


def xet_hashes(folder: Path) -> dict[str, str]:
    """The engine's own hash of every file by its sha256, read from the shards that it wrote."""
    found: dict[str, str] = {}
    for shard in folder.rglob("shards/*.mdb"):
        raw, place = shard.read_bytes(), _RECORD
        while raw[place : place + 32].strip(b"\xff"):
            flags, entries = (int.from_bytes(raw[place + at : place + at + 4], "little") for at in (32, 36))
            end = place + _RECORD * (1 + entries * (2 if flags & _VERIFIED else 1))
            if flags & _DESCRIBED:
                found[_hex(raw[end : end + 32])] = _hex(raw[place : place + 32])
                end += _RECORD
            place = end
    return found


def _hex(raw: bytes) -> str:
    """Four little-endian numbers of 64 bits."""
    return "".join(raw[at : at + 8][::-1].hex() for at in range(0, 32, 8))

"""Names of metrics as people write them."""

from __future__ import annotations

_NAMES = {
    "fid": "FID",
    "rfid": "rFID",
    "rkid": "rKID",
    "is": "Inception score",
    "kid": "KID",
    "precision": "Precision",
    "recall": "Recall",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "lpips": "LPIPS",
    "images_per_second": "images/s",
}


def metric_name(name: str) -> str:
    """Write a metric's name as people do."""
    return _NAMES.get(name, name)

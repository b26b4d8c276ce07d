"""Commands that show how a verb is used, for its `--help`; a test holds them to the options that there are."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "list": (
        "hitzoo list",
        "hitzoo list ffhq",
        "hitzoo list --with-weights",
    ),
    "info": (
        "hitzoo info hit-b-ffhq256",
        "hitzoo info acme/faces@v1",
    ),
    "show": (
        "hitzoo show hit-ti-shapes64 > mine.yaml",
        "hitzoo show mine.yaml --resolved",
    ),
    "build": (
        "hitzoo build hit-b-ffhq256",
        "hitzoo build mine.yaml --set training.batch_size=16",
        "hitzoo build mine.yaml --out models/untrained",
    ),
    "diff": ("hitzoo diff hit-b-ffhq256 mine.yaml",),
    "new": (
        "hitzoo new mine.yaml",
        "hitzoo new faces.yaml --from hit-b-ffhq256",
    ),
    "check": (
        "hitzoo check mine.yaml",
        "hitzoo check mine.yaml --set training.batch_size=16",
        "hitzoo check specs/*.yaml --json",
    ),
    "train": (
        "hitzoo train hit-ti-shapes64 --data photos --out runs/photos",
        "hitzoo train hit-ti-shapes64 --out runs/photos --resume",
        "hitzoo train mine.yaml --out runs/mine --set training.steps=5000",
    ),
    "runs": (
        "hitzoo runs",
        "hitzoo runs experiments --json",
    ),
    "sample": (
        "hitzoo sample --model hit-ti-shapes32 --seeds 0-35 --grid 6x6",
        "hitzoo sample --model runs/photos --seeds 0-99 --fast",
        "hitzoo sample --model acme/faces@v1 --npy faces.npy",
    ),
    "render": (
        "hitzoo render --model runs/photos --seed 7",
        "hitzoo render --model runs/photos --seed 7 --region 16,8,32,32",
    ),
    "export": (
        "hitzoo export --model hit-ti-shapes32 --out shapes.onnx",
        "hitzoo export --model hit-ti-shapes32 --out shapes.pt2 --format torch",
    ),
    "eval": (
        "hitzoo eval --model runs/photos --data photos --metrics fid,kid",
        "hitzoo eval --images samples/photos --data photos --metrics fid",
    ),
}
"""By the words of the verb."""

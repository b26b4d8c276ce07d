"""Example commands for `--help`; a test checks them against the existing options."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "list": (
        "hitzoo list",
        "hitzoo list ffhq",
        "hitzoo list --trained",
    ),
    "info": (
        "hitzoo info hit-b-ffhq256",
        "hitzoo info acme/faces@v1",
    ),
    "show": (
        "hitzoo show hit-ti-64 > mine.yaml",
        "hitzoo show mine.yaml --resolved",
    ),
    "build": (
        "hitzoo build hit-b-ffhq256",
        "hitzoo build mine.yaml --set training.batch_size=16",
        "hitzoo build mine.yaml --out models/untrained",
    ),
    "diff": ("hitzoo diff hit-b-ffhq256 mine.yaml",),
    "explain": (
        "hitzoo explain",
        "hitzoo explain training.ema",
        "hitzoo explain generator.stages[].attention",
    ),
    "new": (
        "hitzoo new mine.yaml",
        "hitzoo new mine.yaml --data photos",
        "hitzoo new faces.yaml --from hit-b-ffhq256",
    ),
    "check": (
        "hitzoo check mine.yaml",
        "hitzoo check mine.yaml --set training.batch_size=16",
        "hitzoo check specs/*.yaml --json",
    ),
    "estimate": (
        "hitzoo estimate hit-ti-64 --data photos",
        "hitzoo estimate hit-b-ffhq256 --precision bf16 --batch-per-device auto",
    ),
    "train": (
        "hitzoo train --data photos --out runs/photos",
        "hitzoo train hit-ti-64 --data photos --out runs/photos --for 2h",
        "hitzoo train mine.yaml --out runs/mine --steps 5000",
        "hitzoo train --resume runs/photos",
    ),
    "runs": (
        "hitzoo runs",
        "hitzoo runs experiments --json",
        "hitzoo runs --compare runs/photos",
        "hitzoo runs --compare runs/photos runs/before",
    ),
    "report": (
        "hitzoo report runs/photos",
        "hitzoo report runs/photos runs/before --out both.html",
        "hitzoo report runs/photos --watch",
        "hitzoo report runs/photos --figures figures",
    ),
    "data check": (
        "hitzoo data check photos",
        "hitzoo data check photos.zip --resolution 64",
    ),
    "data make": (
        "hitzoo data make critters critters64.zip",
        "hitzoo data make planets planets128.zip --number 10000 --resolution 128",
        "hitzoo data make critters held-out.zip --first 20000 --number 4000",
    ),
    "data pack": ("hitzoo data pack ffhq-r10.tfrecords ffhq256.zip --resolution 256",),
    "sample": (
        "hitzoo sample hit-ti-shapes32 --seeds 0-35 --grid 6x6",
        "hitzoo sample runs/photos@best --seeds 0-99 --optimized",
        "hitzoo sample acme/faces@v1 --npy faces.npy",
    ),
    "render": (
        "hitzoo render runs/photos --seed 7",
        "hitzoo render runs/photos --seed 7 --region 16,8,32,32",
        "hitzoo render runs/vq --codes codes.npz --index 3 --region 16,8,32,32",
    ),
    "interpolate": (
        "hitzoo interpolate hit-ti-shapes32 --seeds 3,14,15 --frames 60 --scale 8 --out walk.gif",
        "hitzoo interpolate runs/photos --seeds 0-9 --curve smooth --loop --frames 600 --out loop.mp4",
        "hitzoo interpolate hit-ti-shapes32 --seeds 3,14 --out strip.png",
    ),
    "explore": (
        "hitzoo explore hit-ti-shapes32",
        "hitzoo explore hit-ti-shapes32 --export site/",
    ),
    "encode": (
        "hitzoo encode photos/ --model runs/vq --out codes.npz",
        "hitzoo encode photos/ --model runs/vq --force",
    ),
    "decode": (
        "hitzoo decode codes.npz --model runs/vq --out pictures/",
        "hitzoo decode codes.npz --model runs/vq --device cpu",
    ),
    "reconstruct": (
        "hitzoo reconstruct photos/ --model runs/vq",
        "hitzoo reconstruct photos/ --model runs/vq --metrics psnr,ssim --out out/",
    ),
    "invert": (
        "hitzoo invert photo.png --model runs/photos --out latent.npz",
        "hitzoo invert one.png two.png --model runs/photos --out latents.npz --progress way.gif",
        "hitzoo invert photo.png --model acme/faces@v1 --space w+ --out latent.npz --json",
    ),
    "export": (
        "hitzoo export hit-ti-shapes32 --out shapes.onnx",
        "hitzoo export runs/photos --out photos.pt2",
    ),
    "recalibrate": (
        "hitzoo recalibrate runs/photos@best --out models/photos",
        "hitzoo recalibrate runs/photos --latents 50000 --out models/photos",
    ),
    "pull": ("hitzoo pull acme/hit-b-ffhq256@v1",),
    "publish": (
        "hitzoo publish runs/photos acme/photos --license cc-by-4.0 --dry-run",
        "hitzoo publish runs/photos acme/photos --license cc-by-4.0 --tag v1",
        "hitzoo publish runs/photos acme/photos --license cc-by-4.0 --title 'Photos of our town'",
    ),
    "convert": (
        "hitzoo convert --from hit-gan ckpt-500000 --spec hit-b-ffhq256 --out models/b256",
        "hitzoo convert --from transgan checkpoint.pth --out models/cifar",
        "hitzoo convert --from stylegan2 checkpoint.pt --out models/faces",
        "hitzoo convert --to hit-gan models/b256 variables.npz",
    ),
    "eval": (
        "hitzoo eval runs/photos --metrics fid,kid",
        "hitzoo eval --images samples/photos --data photos --metrics fid",
    ),
    "nearest": (
        "hitzoo nearest runs/photos --data photos --out nearest.png",
        "hitzoo nearest runs/photos --data photos --held-out others --features efficientnet --json --out nearest.png",
    ),
    "compare": (
        "hitzoo compare hit-s-ffhq256 hit-b-ffhq256 hit-l-ffhq256 --plot speed.png",
        "hitzoo compare hit-b-ffhq256 mine.yaml --train",
        "hitzoo compare runs/photos runs/before --metric kid --out compared.json",
    ),
    "doctor": (
        "hitzoo doctor",
        "hitzoo doctor --full --out report",
        "hitzoo doctor --device cuda --only kernels",
        "hitzoo doctor --hub --json",
    ),
    "bench sample": ("hitzoo bench sample hit-b-ffhq256 --batch 1 --batch 16",),
    "bench train": ("hitzoo bench train hit-ti-64 --batch 8",),
    "bench resolution": ("hitzoo bench resolution hit-b-ffhq1024 --path optimized",),
    "bench roofline": ("hitzoo bench roofline hit-b-ffhq256 --precision bfloat16",),
}
"""By the words of the verb."""

#!/bin/sh
# The pictures of docs/seeing.md and docs/exploring.md, by the commands that the pages show; from the repository's root:
# sh docs/figures/make.sh. The last needs Chromium (make browser).
set -eu
figures=docs/figures

hitzoo interpolate hit-ti-shapes32 --seeds 9,14 --frames 10 --scale 3 --device cpu --force --out $figures/morph.png
hitzoo interpolate hit-ti-shapes32 --seeds 3,9,52,14 --curve smooth --loop --frames 48 --fps 16 --scale 3 \
    --device cpu --force --out $figures/walk.webp

# Four of the scenes that the model was trained on, and their inversions
scenes=$(mktemp -d)
trap 'rm -rf "$scenes"' EXIT
python -c "
from hitzoo.data.synthetic import Synthetic
for index in (0, 20000, 40000, 60000):
    Synthetic(32).read(index).save(f'$scenes/{index:05d}.png')
"
hitzoo invert "$scenes"/*.png --model hit-ti-shapes32 --scale 3 --device cpu --force \
    --out "$scenes/latents.npz" --picture $figures/inverted.png
hitzoo nearest hit-ti-shapes32 --data synthetic --real-samples 4000 --seeds 0,3,6,9 --scale 2 --device cpu --force \
    --out $figures/nearest.png

python -m tests.browser.screenshot explore docs/exploring.png

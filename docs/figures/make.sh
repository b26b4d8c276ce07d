#!/bin/sh
# The pictures of docs/seeing.md, docs/exploring.md and docs/reports.md, by the commands that the pages show; from the
# repository's root: sh docs/figures/make.sh [EMOJI]. Pages need Chromium (make browser). EMOJI is the folder of the
# emoji runs of docs/studies/study.py, of which the report is; without it that picture stays.
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
if [ $# -gt 0 ]; then
    hitzoo report "$1/official-2" "$1/R3GAN-2" "$1/projected-2" --out "$scenes/report.html"
    python -m tests.browser.screenshot report $figures/report.webp "$scenes/report.html"
fi

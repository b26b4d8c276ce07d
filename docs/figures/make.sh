#!/bin/sh
# The pictures of docs/seeing.md, by the commands that the page shows; from the repository's root: sh docs/figures/make.sh
set -eu
figures=docs/figures

hitzoo interpolate hit-ti-shapes32 --seeds 9,14 --frames 10 --scale 3 --device cpu --force --out $figures/morph.png
hitzoo interpolate hit-ti-shapes32 --seeds 3,9,52,14 --curve smooth --loop --frames 48 --fps 16 --scale 3 \
    --device cpu --force --out $figures/walk.webp

#!/bin/sh
# What hitzoo does, in five commands; `make demo` runs it. Everything it writes goes into ./demo.
set -eu
rm -rf demo
mkdir demo

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }

say hitzoo list --trained
say hitzoo build hit-ti-shapes32
say hitzoo train hit-ti-shapes32 --data synthetic --out demo/run --set training.steps=60 --sample-every 20 --checkpoint-every 60
say hitzoo sample --model demo/run --seeds 0-35 --grid 6x6 --out demo/trained-60-steps
say hitzoo sample --model hit-ti-critters64 --seeds 0-35 --grid 6x6 --scale 2 --out demo/pretrained

printf '\nLook at these:\n'
for picture in demo/run/samples/real.png demo/trained-60-steps/grid.png demo/pretrained/grid.png; do
    printf '  %s\n' "$PWD/$picture"
done

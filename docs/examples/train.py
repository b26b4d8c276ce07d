# %% [markdown]
# # Train on a folder of pictures
#
# A folder of a few dozen pictures is drawn here, so that the file runs as it is; take your own instead.

# %%
from pathlib import Path

from PIL import Image, ImageDraw

import hitzoo

pictures = Path("pictures")
pictures.mkdir(exist_ok=True)
for index in range(48):
    picture = Image.new("RGB", (48, 48), (235, 232, 220))
    left, top = 4 + index % 8, 4 + index // 8
    ImageDraw.Draw(picture).ellipse((left, top, left + 28, top + 28), fill=(40 + 4 * index, 90, 200 - 3 * index))
    picture.save(pictures / f"{index:02d}.png")

# %% [markdown]
# `hit-ti-shapes32` is the smallest spec. Twelve steps take seconds and show that everything works; pictures that look
# like something take some ten thousand (docs/own-pictures.md). `hitzoo.train` prints nothing: the numbers go to
# `metrics.jsonl`, grids of samples to `samples/`.

# %%
end = hitzoo.train(
    "hit-ti-shapes32",
    data=pictures,
    out="runs/discs",
    overrides=["training.steps=12", "training.batch_size=8"],
    sample_every=6,
)
print(f"step {end.step}, newest grid {end.samples}")

# %% [markdown]
# The run's folder is a model: sample it, go on with it, share it.

# %%
model = hitzoo.load("runs/discs")
model.sample(seeds=range(9))

# %%
end = hitzoo.train(out="runs/discs", resume=True, overrides=["training.steps=16"])
model = hitzoo.load(end.checkpoint)
model.save_pretrained("discs")

# %% [markdown]
# # Sample in three lines
#
# `hit-ti-shapes32` is installed with hitzoo: nothing is fetched, and a CPU is enough.

# %%
import hitzoo

model = hitzoo.load("hit-ti-shapes32")
samples = model.sample(seeds=range(16))
samples  # a notebook shows the grid

# %% [markdown]
# Every seed is one image, on any machine and in any batch. Samples are a sequence of PIL images.

# %%
samples[3].save("ring.png")
samples.grid(4, 4).save("grid.png")

# %% [markdown]
# The same images on the network optimized for inference, several times faster.

# %%
fast = model.fast()
fast.sample(seeds=range(16))

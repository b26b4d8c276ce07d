# %% [markdown]
# # Invert a picture
#
# A generator is a differentiable function of its latent. Gradient descent finds a latent whose image is a given one.

# %%
import numpy as np
import torch
from torch.nn import functional as F

import hitzoo

model = hitzoo.load("hit-ti-shapes32", device="cpu").fast()  # gradients go through the optimized network, too
target = model.sample(seeds=[7], output="pt")  # [1, 3, 32, 32]; a photo would be np.asarray(image) / 127.5 - 1

# %% [markdown]
# Some starts end in another shape. Four are followed at once, as one batch, and the best is kept.

# %%
z = torch.from_numpy(np.random.RandomState(0).standard_normal((4, 64))).float().requires_grad_()
optimizer = torch.optim.Adam([z], lr=0.05)
for _ in range(100):
    errors = F.mse_loss(model(z), target.expand(4, -1, -1, -1), reduction="none").mean(dim=(1, 2, 3))
    optimizer.zero_grad()
    errors.sum().backward()
    optimizer.step()

best = int(errors.argmin())
print(f"mean squared error: best start {errors.min().item():.4f}, worst {errors.max().item():.4f}")

# %% [markdown]
# Target and reconstruction side by side.

# %%
found = model.sample(latents=z[best : best + 1])
pair = model.sample(latents=np.concatenate([model.sample(seeds=[7]).latents, found.latents]))
pair.grid(1, 2).save("inverted.png")
pair

"""The parts of a model card that have other words for an autoencoder: it takes pictures, and no seeds."""

from __future__ import annotations

from hitzoo.plan.model import ModelPlan
from hitzoo.plan.table import network_cost

LIMITS = """\
For research, teaching and art. A reconstruction is not its picture: what the codes do not hold is invented, faces and
writing above all, as the data it was trained on have it, and is no evidence of anything. Codes go with these weights
alone."""


def family_in_words(plan: ModelPlan) -> str:
    """Return what the model is, by its generator's family."""
    family = plan.generator.family
    return f"an autoencoder whose decoder is {family}" if plan.is_autoencoder else f"a generator of the {family} family"


def purpose_in_words(plan: ModelPlan) -> str:
    """Return what the model does, as a sentence."""
    side = f"{plan.resolution}×{plan.resolution}"
    if not plan.is_autoencoder:
        return f"It makes pictures of {side} pixels, with hitzoo."
    codes = plan.codes
    return (
        f"It encodes pictures of {side} pixels as {codes.side}×{codes.side} codes, each one of {codes.count:,}, and"
        " decodes them, with hitzoo."
    )


def use_of_codes(repo_id: str, install: str) -> str:
    """Return the commands and the Python that encode and decode."""
    return f"""## Use

```sh
{install}
hitzoo reconstruct PICTURES --model {repo_id} --out out
hitzoo encode PICTURES --model {repo_id} --out codes.npz
hitzoo decode codes.npz --model {repo_id} --out out
```

```python
from hitzoo.sampling.autoencoder import Autoencoder

autoencoder = Autoencoder.from_pretrained("{repo_id}")        # or "{repo_id}@TAG" for one version
codes = autoencoder.encode(pictures)        # bytes (N, R, R, C) -> whole numbers (N, s, s)
autoencoder.decode(codes)                   # -> bytes (N, R, R, C)
```

After `hitzoo pull {repo_id}` it works without a network."""


def coding_rows(plan: ModelPlan) -> dict[str, str]:
    """Return the table's rows of the networks before the decoder, and of what they make."""
    codes = plan.codes
    rows = {
        role: f"{plan.networks[role].family}, plan `{plan.hash(role)[:12]}`,"
        f" {network_cost(plan.networks[role]).parameters:,} parameters"
        for role in plan.networks
        if role in ("encoder", "quantizer")
    }
    return rows | {"codes": f"{codes.side}×{codes.side} of {codes.count:,}"}

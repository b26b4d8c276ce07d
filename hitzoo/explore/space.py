"""The README of a static Space of the Hugging Face Hub, which says in its front matter how it is shown."""

from __future__ import annotations

import json
from typing import Any

from hitzoo.sampling.generator import Generator

TAGS = ("hitzoo", "gan")


def space_readme(generator: Generator, model: str, license: str = "") -> str:
    """Write the README: front matter, then what the page is and how to run it elsewhere."""
    plan = generator.plan
    repo, _, _ = generator.origin.partition("@")
    front: dict[str, Any] = {
        "title": generator.name,
        "emoji": "🔭",
        "colorFrom": "blue",
        "colorTo": "gray",
        "sdk": "static",
        "app_file": "index.html",
        "pinned": False,
        "tags": [*TAGS, plan.generator.family],
    }
    front |= {"license": license} if license else {}
    front |= {"models": [repo]} if repo else {}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items()]  # JSON is YAML
    side = f"{plan.resolution}×{plan.resolution}"
    return "\n".join(
        [
            "---",
            *lines,
            "---",
            "",
            f"# {generator.name}",
            "",
            f"A page to move through the latents of {generator.name}, a generator of the family"
            f" {plan.generator.family} at {side}. The network runs in the browser, by onnxruntime-web on WebGPU or"
            " WebAssembly; nothing is sent anywhere.",
            "",
            "Any file server shows it:",
            "",
            "    python -m http.server --directory .",
            "",
            f"Made by `hitzoo explore --model {model} --export DIR`.",
            "",
        ]
    )

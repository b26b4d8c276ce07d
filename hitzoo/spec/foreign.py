"""Words that other projects use for what a spec says, and keys that stand in another place than they belong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hitzoo.errors import suggestion
from hitzoo.spec.place import Path, render_path

_LONGEST = 60  # letters of a word that is compared with others

_BATCH, _STEPS, _RATE = "training.batch_size", "training.steps", "training.optimizer.learning_rate"
_KEYS = {
    "lr": _RATE, "learningrate": _RATE,
    "bs": _BATCH, "batch": _BATCH, "batchsize": _BATCH, "minibatch": _BATCH, "minibatch_size": _BATCH,
    "iterations": _STEPS, "iters": _STEPS, "iter": _STEPS, "max_steps": _STEPS, "total_steps": _STEPS,
    "num_steps": _STEPS, "train_steps": _STEPS, "n_iter": _STEPS, "max_iter": _STEPS, "max_iters": _STEPS,
    "optim": "training.optimizer", "opt": "training.optimizer", "beta": "training.optimizer.betas",
    "beta1": "training.optimizer.betas", "beta2": "training.optimizer.betas", "eps": "training.optimizer.epsilon",
    "ema_decay": "training.ema.decay", "ema_beta": "training.ema.decay", "ema_rate": "training.ema.decay",
    "ema_start": "training.ema.start_step", "criterion": "training.loss", "gan_loss": "training.loss",
    "gradient_checkpointing": "training.activation_checkpointing", "grad_checkpointing":
    "training.activation_checkpointing", "regularization": "training.regularizers",
    "n_critic": "training.updates.discriminator", "ncritic": "training.updates.discriminator", "d_steps":
    "training.updates.discriminator", "d_updates_per_step": "training.updates.discriminator", "disc_iters":
    "training.updates.discriminator", "gen_batch_size": "training.updates.generator_batch_size", "g_batch_size":
    "training.updates.generator_batch_size", "generator_batch_size": "training.updates.generator_batch_size",
    "grad_clip": "training.optimizer.clip_norm", "clip": "training.optimizer.clip_norm", "max_norm":
    "training.optimizer.clip_norm", "clip_grad_norm": "training.optimizer.clip_norm", "gradient_clip":
    "training.optimizer.clip_norm", "warmup": "training.optimizer.warm_up", "lr_warmup": "training.optimizer.warm_up",
    "g_lr": "training.optimizer.generator.learning_rate", "lr_g": "training.optimizer.generator.learning_rate",
    "d_lr": "training.optimizer.discriminator.learning_rate", "lr_d":
    "training.optimizer.discriminator.learning_rate", "glr": "training.optimizer.generator.learning_rate", "dlr":
    "training.optimizer.discriminator.learning_rate", "halflife": "training.ema.half_life", "ema_half_life":
    "training.ema.half_life",
    "z_dim": "generator.latent_dim", "dim_z": "generator.latent_dim", "nz": "generator.latent_dim",
    "latent_size": "generator.latent_dim", "latent": "generator.latent_dim", "zdim": "generator.latent_dim",
    "arch": "generator.family", "architecture": "generator.family", "backbone": "generator.family",
    "layers": "generator.stages", "base_resolution": "generator.initial_size", "init_size": "generator.initial_size",
    "mlp_ratio": "generator.mlp_expansion", "multi_query": "generator.heads_share_kv",
    "num_heads": "generator.stages[].heads", "n_heads":
    "generator.stages[].heads", "nhead": "generator.stages[].heads",
    "dim": "generator.stages[].channels", "width": "generator.stages[].channels",
    "num_layers": "generator.stages[].depth", "n_layers": "generator.stages[].depth", "num_blocks":
    "generator.stages[].depth", "blocks": "generator.stages[].depth", "attn": "generator.stages[].attention",
    "window": "generator.stages[].block_size", "window_size": "generator.stages[].block_size",
    "patch_size": "generator.stages[].block_size",
    "image_size": "data.resolution", "img_size": "data.resolution", "imsize": "data.resolution",
    "dataset": "data.source", "data_dir": "data.source", "data_path": "data.source", "dataroot": "data.source",
    "path": "data.source", "root": "data.source", "mirror": "data.flip", "hflip": "data.flip", "xflip": "data.flip",
    "horizontal_flip": "data.flip", "img_channels": "data.channels", "image_channels": "data.channels",
    "in_channels": "data.channels", "metric": "evaluation.metrics", "num_samples": "evaluation.samples",
    "n_samples": "evaluation.samples", "eval_every": "evaluation.every", "description": "summary",
    "title": "summary", "version": "hitzoo", "schema_version": "hitzoo",
}  # fmt: skip
_ADVICE = {
    "gamma": "R1's factor is `weight` of {kind: r1} in training.regularizers: half of StyleGAN's gamma",
    "r1_gamma": "R1's factor is `weight` of {kind: r1} in training.regularizers: half of StyleGAN's gamma",
    "r1": "R1 is an entry {kind: r1, weight: …} of training.regularizers",
    "bcr": "bCR is an entry {kind: bcr, weight: …} of training.regularizers",
    "ada": "ADA is training.augment: {kind: ada}, with a target or a strength",
    "aug": "augmentation is training.augment: {kind: ada} or {kind: diffaugment}",
    "augmentation": "augmentation is training.augment: {kind: ada} or {kind: diffaugment}",
    "augpipe": "ADA's transforms are training.augment: {kind: ada, transforms: [blit, geometry, color]}, its bgc",
    "diffaug": "DiffAugment is training.augment: {kind: diffaugment, policy: […]}",
    "diff_aug": "DiffAugment is training.augment: {kind: diffaugment, policy: […]}",
    "diffaugment": "DiffAugment is training.augment: {kind: diffaugment, policy: […]}",
    "ada_target": "ADA's target is `target` of training.augment: {kind: ada}",
    "ada_kimg": "ADA's speed is `images` of training.augment: {kind: ada}: 1000 · ada_kimg",
    "augment_p": "a fixed p is `strength` of training.augment",
    "r2": "R2 is an entry {kind: r2, weight: …} of training.regularizers",
    "ema_kimg": "the average's half-life is training.ema.half_life, in images: 1000 · ema_kimg",
    "lambda": "WGAN-GP's factor is `weight` of {kind: wgan_gp} in training.regularizers",
    "lambda_gp": "WGAN-GP's factor is `weight` of {kind: wgan_gp} in training.regularizers",
    "gp_weight": "WGAN-GP's factor is `weight` of {kind: wgan_gp} in training.regularizers",
    "phi": "TransGAN's φ is `target` of {kind: wgan_gp} in training.regularizers",
    "path_length": "path length regularization is an entry {kind: path_length} of training.regularizers",
    "pl_weight": "it is `weight` of {kind: path_length} in training.regularizers",
    "pl_batch_shrink": "it is `batch_shrink` of {kind: path_length} in training.regularizers",
    "pl_decay": "it is `decay` of {kind: path_length} in training.regularizers",
    "path_regularize": "it is `weight` of {kind: path_length} in training.regularizers",
    "path_batch_shrink": "it is `batch_shrink` of {kind: path_length} in training.regularizers",
    "g_reg_interval": "it is `interval` of {kind: path_length} in training.regularizers",
    "g_reg_every": "it is `interval` of {kind: path_length} in training.regularizers",
    "epochs": "a length is given by training.steps: epochs · images / training.batch_size",
    "num_epochs": "a length is given by training.steps: epochs · images / training.batch_size",
    "max_epochs": "a length is given by training.steps: epochs · images / training.batch_size",
    "kimg": "a length is given by training.steps: 1000 · kimg / training.batch_size",
    "total_kimg": "a length is given by training.steps: 1000 · kimg / training.batch_size",
    "weight_decay": "adam has no weight decay here",
    "momentum": "adam's factors are training.optimizer.betas",
    "dropout": "HiT has no dropout",
    "seed": "it is an option: hitzoo train --seed",
    "device": "it is an option: hitzoo train --device",
    "gpus": "it is not in the spec: torchrun --nproc-per-node N -m hitzoo train …",
    "precision": "it is an option: hitzoo train --precision",
    "amp": "it is an option: hitzoo train --precision bf16",
    "fp16": "it is an option: hitzoo train --precision bf16",
    "bf16": "it is an option: hitzoo train --precision bf16",
    "compile": "it is an option: hitzoo train --compile",
    "workers": "it is an option: hitzoo train --workers",
    "num_workers": "it is an option: hitzoo train --workers",
    "out": "it is an option: hitzoo train --out",
    "output_dir": "it is an option: hitzoo train --out",
    "resume": "it is an option: hitzoo train --resume",
    "log_every": "it is an option: hitzoo train --log-every",
    "sample_every": "it is an option: hitzoo train --sample-every",
    "checkpoint_every": "it is an option: hitzoo train --checkpoint-every",
    "save_every": "it is an option: hitzoo train --checkpoint-every",
}  # fmt: skip


_IN_SCHEDULE = {
    "kimg": "1000 · kimg",
    "nimg": "nimg",
    "steps": "steps · training.batch_size",
    "epochs": "epochs · images of the data",
}


def meant_key(key: str, path: Path, allowed: Iterable[str], document: Mapping[str, Any]) -> str:
    """Hint for a key that the schema does not know at `path`; empty where no word is near.

    Args:
        key: the unknown key.
        path: where the mapping stands that holds it.
        allowed: the keys that are known there.
        document: the schema, for keys that are known elsewhere.
    """
    if len(key) > _LONGEST:
        return ""
    known = list(allowed)
    if {"from", "to", "images"} <= set(known) and key.lower() in _IN_SCHEDULE:
        return f"a schedule's length is `images`: {_IN_SCHEDULE[key.lower()]}"
    near = suggestion(key, known)
    word = key.lower().replace("-", "_")
    belongs = _KEYS.get(word, "")
    if belongs and (here := belongs.rpartition(".")[2]) in known and _same_place(belongs, path, inside=True):
        return f"did you mean '{here}'?"
    if word in _ADVICE:
        return _ADVICE[word]
    places = [] if near or belongs else outermost_places(word, document)
    if len(places) == 1 or (len(places) == 2 and _same_in_both(*places)):
        belongs = " or ".join(places)
    if render_path((*path, key)) in belongs.split(" or "):  # known at this very place, beside another word
        return f"it is a key of another {'family' if 'family' in known else 'kind'}"
    return f"did you mean {_readable(belongs)}?" if belongs else near


def _same_in_both(one: str, other: str) -> bool:
    """True for a key that stands at the same place in the sections of both networks."""
    return one.partition(".")[2] == other.partition(".")[2]


def meant_name(key: str, path: Path, allowed: Sequence[str]) -> str | None:
    """The known key of the same mapping that an unknown one was meant to be."""
    if len(key) > _LONGEST:
        return None
    belongs = _KEYS.get(key.lower().replace("-", "_"), "")
    here = belongs.rpartition(".")[2]
    if here in allowed and _same_place(belongs, path):
        return here
    near = suggestion(key, allowed)
    return near.split("'")[1] if near else None


def leaves_of(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Every key of a schema below its top, with the paths where it may stand."""
    found: dict[str, list[str]] = {}
    for path in _paths(document, document, ()):
        written = render_path(path).replace(".[]", "[]")
        if len(path) > 1 and written not in found.setdefault(str(path[-1]), []):
            found[str(path[-1])].append(written)
    return {key: tuple(paths) for key, paths in found.items()}


def outermost_places(key: str, document: Mapping[str, Any]) -> list[str]:
    """Paths where a key may stand, without those in a section of another's mapping (`training.optimizer.generator`)."""
    paths = leaves_of(document).get(key, ())
    parents = [path.rpartition(".")[0] for path in paths]
    return [
        path
        for path, own in zip(paths, parents, strict=True)
        if not any(own.startswith(f"{parent}.") for parent in parents)
    ]


def _paths(part: Mapping[str, Any], document: Mapping[str, Any], path: Path) -> Iterator[Path]:
    if "$ref" in part:
        part = document["$defs"][str(part["$ref"]).removeprefix("#/$defs/")]
    if "items" in part.get("then", {}):  # one mapping, or a list of such
        part = document["$defs"][str(part["else"]["$ref"]).removeprefix("#/$defs/")]
    for key, inner in part.get("properties", {}).items():
        yield (*path, key)
        yield from _paths(inner, document, (*path, key))
    if isinstance(part.get("items"), Mapping):
        yield from _paths(part["items"], document, (*path, "[]"))
    for rule in part.get("allOf", ()):
        yield from _paths(rule.get("then", {}), document, path)


def _same_place(belongs: str, path: Path, *, inside: bool = False) -> bool:
    """True where `belongs`, `generator.stages[].heads`, is a key of the mapping at `path`, `generator.stages[2]`.

    With `inside` it may be a key of a mapping around it too: what holds for both networks has a section for each.
    """
    parent = belongs.rpartition(".")[0]
    here = "".join("[]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return here == parent or (inside and here.startswith(f"{parent}."))


def _readable(path: str) -> str:
    return path.replace("[]", "[…]")

"""A model card as a file: front matter by the client's own classes, so that it is what the Hub reads.

Of a card that is there already only the keys that are ours are set; tags are added, other keys and the text stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hitzoo.errors import RequestError
from hitzoo.hub.environment import settle
from hitzoo.hub.licenses import OTHER
from hitzoo.hub.model_card import CardFacts, body, is_his_own, protocol_in_words, with_body
from hitzoo.hub.provenance import name_of
from hitzoo.zoo.metric_names import metric_name

_TASK = "unconditional-image-generation"
_TASK_OF_PICTURES = "image-to-image"
_INDEX = "model-index"


def render_card(facts: CardFacts, existing: str = "") -> tuple[str, bool]:
    """The whole README.md, and whether its text is all its author's; `existing` is the one that is there already.

    Raises:
        RequestError: the front matter of the existing card is none.
    """
    settle()
    from huggingface_hub import RepoCard

    try:
        card = RepoCard(existing if existing.lstrip().startswith("---") else f"---\n{{}}\n---\n{existing}")
    except Exception as error:  # the YAML reader raises its own kinds
        raise RequestError(f"the front matter of README.md cannot be read: {str(error).splitlines()[0]}") from None
    theirs = card.data.to_dict()
    for key in ("license_name", "license_link", _INDEX):  # of another licence, of other weights
        card.data.pop(key)
    for key, value in _merged(_front_matter(facts), theirs, facts.spec.name).items():
        card.data[key] = value
    kept = is_his_own(card.text)
    card.text = with_body(card.text, body(facts))
    return str(card.content), kept


def _front_matter(facts: CardFacts) -> dict[str, Any]:
    from huggingface_hub import ModelCardData

    terms, results = facts.terms, _results(facts)
    data = ModelCardData(
        license=terms.license,
        license_name=terms.license_name or None if terms.license == OTHER else None,
        license_link=terms.license_link or None,
        library_name="hitzoo",
        pipeline_tag=_task(facts),
        tags=_tags(facts),
        datasets=list(terms.datasets) or None,
        metrics=list(dict.fromkeys(result.metric_type for result in results)) or None,
        base_model=terms.base_model or None,
        model_name=facts.spec.name,
        eval_results=results or None,
    )
    front: dict[str, Any] = data.to_dict()
    front.pop("model_name", None)
    return front


def _task(facts: CardFacts) -> str:
    return _TASK_OF_PICTURES if facts.plan.is_autoencoder else _TASK


def _tags(facts: CardFacts) -> list[str]:
    """Return what the Hub finds the model by: its kind and its family, of an autoencoder the quantizer's too."""
    plan = facts.plan
    kind = ["autoencoder", plan.networks["quantizer"].family] if plan.is_autoencoder else ["gan"]
    return ["hitzoo", *kind, plan.generator.family]


def _results(facts: CardFacts) -> list[Any]:
    """The evaluation's numbers, each with its protocol as the arguments of its metric."""
    from huggingface_hub import EvalResult

    results = []
    for score in facts.scores:
        real = (score.get("protocol") or {}).get("real") or {}
        source = facts.terms.data or name_of(real.get("source")) or "not stated"
        protocol = protocol_in_words(score)
        results.append(
            EvalResult(
                task_type=_task(facts),
                task_name=_task(facts).capitalize().replace("-", " "),
                dataset_type=facts.terms.datasets[0] if facts.terms.datasets else str(source),
                dataset_name=str(source),
                metric_type=str(score["metric"]),
                metric_name=f"{metric_name(str(score['name']))} ({protocol})"
                if protocol
                else metric_name(str(score["name"])),
                metric_value=score["value"],
                metric_args=score.get("protocol") or {},
            )
        )
    return results


def _merged(ours: Mapping[str, Any], theirs: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Our keys as they are to be set: tags joined, results of other models kept, former ones of this model not."""
    merged = dict(ours)
    tags, index = theirs.get("tags"), theirs.get(_INDEX)
    if isinstance(tags, list):
        merged["tags"] = [*tags, *(tag for tag in ours["tags"] if tag not in tags)]
    others = index if isinstance(index, list) else []
    others = [entry for entry in others if isinstance(entry, dict) and entry.get("name") != model]
    results = [*others, *ours.get(_INDEX, ())]
    return merged | ({_INDEX: results} if results else {})

"""The text of a model card, and the facts of its front matter: the same model always gives the same words.

The text stands between two marks with its own sha256 in the first: around it an author may write what he likes, and
where he has written into it, it is his and stays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hitzoo.families.load import load_spec
from hitzoo.families.pretrained import caveat_of, pretrained_of
from hitzoo.families.registry import package_of
from hitzoo.hub.autoencoder_words import LIMITS, coding_rows, family_in_words, purpose_in_words, use_of_codes
from hitzoo.hub.installation import how_to_install
from hitzoo.hub.provenance import name_of
from hitzoo.plan.model import ModelPlan
from hitzoo.spec.shipped import shipped_specs
from hitzoo.spec.types import Spec
from hitzoo.zoo.cards import Card, Number
from hitzoo.zoo.metric_names import metric_name

_MARKED = re.compile(r"<!-- hitzoo:begin ([0-9a-f]{64}) -->\n(.*?)\n<!-- hitzoo:end -->", re.DOTALL)
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~$&#])")
_AT_THE_START = re.compile(r"^(\d*)([-+=.)])")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The publisher's own statements. `license` is an identifier of the Hub; `data` names the training data.

    `title` and `summary` are the card's first two lines in the author's words; by default the spec's.
    """

    license: str
    license_name: str = ""
    license_link: str = ""
    data: str = ""
    data_license: str = ""
    datasets: tuple[str, ...] = ()
    base_model: str = ""
    title: str = ""
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """The contents of a card.

    `scores` are those of an evaluation report, and `measured` what the zoo's record of these very weights says where
    there are none; `grid` is rows and columns of the picture.
    """

    repo_id: str
    spec: Spec
    plan: ModelPlan
    terms: Terms
    made: Mapping[str, str] = field(default_factory=dict)
    scores: Sequence[Mapping[str, Any]] = ()
    measured: Sequence[Number] = ()
    weights: str = "moving average of the generator"
    record: Card | None = None
    grid: tuple[int, int] | None = None
    files: tuple[str, ...] = ()


def body(facts: CardFacts) -> str:
    """The text under the front matter, between its marks."""
    parts = (_head, _use, _network, _training, _evaluation, _intended, _licence, _contents)
    text = "\n\n".join(filter(None, (part(facts) for part in parts)))
    return f"<!-- hitzoo:begin {_digest(text)} -->\n{text}\n<!-- hitzoo:end -->\n"


def with_body(existing: str, fresh: str) -> str:
    """An author's text with our part of it renewed, where it has one that he has not written into."""
    plain = existing.replace("\r\n", "\n")
    if not plain.strip():
        return fresh
    found = _ours(plain)
    return existing if found is None else plain[: found.start()] + fresh.rstrip("\n") + plain[found.end() :]


def is_his_own(existing: str) -> bool:
    """Check for a text without a part of ours that may be renewed."""
    plain = existing.replace("\r\n", "\n")
    return bool(plain.strip()) and _ours(plain) is None


def protocol_in_words(score: Mapping[str, Any]) -> str:
    """Write what a score depends on in a line: number of samples, real images, features."""
    protocol = score.get("protocol") or {}
    made, real = protocol.get("generated") or {}, protocol.get("real") or {}
    words = [
        f"{made['images']:,} samples, seeds {made['seeds']}" if {"images", "seeds"} <= made.keys() else "",
        f"{made['images']:,} {made['made']}" if {"images", "made"} <= made.keys() else "",
        f"truncation {made['truncation']:g}" if made.get("truncation", 1.0) != 1 else "",
        f"against {real['images']:,} of {name_of(real['source'])}" if {"images", "source"} <= real.keys() else "",
        str((protocol.get("features") or {}).get("network", "")).removeprefix("none"),
    ]
    return ", ".join(filter(None, words))


def literal(text: str) -> str:
    """An author's words as one line of Markdown that reads as they do: no tag, link, heading or mark of ours in it."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    escaped = _MARKDOWN.sub(r"\\\1", words)
    return _AT_THE_START.sub(r"\1\\\2", escaped)


def _ours(text: str) -> re.Match[str] | None:
    found = _MARKED.search(text)
    return found if found is not None and _digest(found[2]) == found[1] else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _head(facts: CardFacts) -> str:
    plan, spec, terms = facts.plan, facts.spec, facts.terms
    what = literal(terms.summary or own_summary(spec)).rstrip(". ")
    what = what or (facts.record.title if facts.record else family_in_words(plan))
    lines = [f"# {literal(terms.title) or spec.name}", "", f"{what[0].upper()}{what[1:]}. {purpose_in_words(plan)}"]
    if facts.grid:
        rows, columns = facts.grid
        lines += ["", "![samples](samples.png)", "", f"*Seeds 0 to {rows * columns - 1}, row by row, not selected.*"]
    return "\n".join(lines)


def own_summary(spec: Spec) -> str:
    """The spec's summary, but for a shipped spec's in a model of another name: it tells of another data set."""
    shipped = shipped_specs()
    if spec.name in shipped or spec.summary not in {load_spec(name).summary for name in shipped}:
        return spec.summary
    return ""


def _use(facts: CardFacts) -> str:
    if facts.plan.is_autoencoder:
        return use_of_codes(facts.repo_id, how_to_install())
    return f"""## Use

```sh
{how_to_install()}
hitzoo sample --model {facts.repo_id} --seeds 0-15
```

```python
import hitzoo

generator = hitzoo.load("{facts.repo_id}")        # or "{facts.repo_id}@TAG" for one version
generator.sample(seeds=range(4))[0].save("sample.png")
```

A seed gives the same latent on every machine. After `hitzoo pull {facts.repo_id}` it works without a network."""


def _network(facts: CardFacts) -> str:
    plan = facts.plan
    scale = "" if plan.pixel_range == "unit" else f", in the range `{plan.pixel_range}` inside, given in [-1, 1]"
    rows = {
        "family": " of the package ".join(
            filter(None, (plan.generator.family, package_of("generator", plan.generator.family)))
        ),
        "spec": "`hitzoo.yaml`",
        "plan": f"`{facts.plan.generator_hash[:12]}`",
        **(coding_rows(plan) if plan.is_autoencoder else {"latent": f"{plan.latent_dim} numbers, standard normal"}),
        "image": f"{plan.resolution}×{plan.resolution}×{plan.image_channels}{scale}",
        "parameters": f"{plan.parameters:,}" + (" of all three networks" if plan.is_autoencoder else ""),
        "weights": f"{facts.weights}, float32",
    }
    known = facts.record.paper if facts.record else None
    paper = f"\n\nPaper: {known.title}, {known.url}" if known else ""
    return f"## Network\n\n{_table(('', ''), rows.items())}{paper}"


def _training(facts: CardFacts) -> str:
    rows = {"data": facts.terms.data or _data_of(facts.spec)} | dict(facts.made)
    if known := pretrained_of(facts.spec):
        rows["discriminator built on"] = (
            f"{known.name}, frozen, trained on {known.trained_on} (sha256 `{known.sha256 or 'not stated'}`, licence"
            f" {known.license}); it is no part of this model"
        )
    if facts.terms.base_model:
        rows["begun from"] = facts.terms.base_model
    return f"## Training\n\n{_table(('', ''), rows.items())}"


def _evaluation(facts: CardFacts) -> str:
    rows = [
        (metric_name(str(score["name"])), f"{score['value']:.5g}", protocol_in_words(score)) for score in facts.scores
    ]
    measured = _table(("metric", "value", "protocol"), rows) if rows else "These weights have not been evaluated."
    note = "numbers of other protocols are not comparable."
    if rows:
        measured += f"\n\n`evaluation.json` has the whole protocol of each; {note}"
    elif facts.measured:
        rows = [(metric_name(one.metric), f"{one.value:g}", one.protocol) for one in facts.measured]
        measured = f"{_table(('metric', 'value', 'protocol'), rows)}\n\nAs the zoo's record has them; {note}"
    if caveat := caveat_of(facts.spec):
        measured += f"\n\n{caveat[0].upper()}{caveat[1:]}."
    reported = ""
    if facts.record and facts.record.published:
        numbers = ", ".join(
            f"{metric_name(number.metric)} {number.value:g} ({number.protocol})" for number in facts.record.published
        )
        reported = f"\n\nThe paper reports {numbers} for this architecture; that is no measurement of these weights."
    return f"## Evaluation\n\n{measured}{reported}"


def _intended(facts: CardFacts) -> str:
    return f"## Intended use and limits\n\n{LIMITS if facts.plan.is_autoencoder else _LIMITS}"


_LIMITS = """\
For research, teaching and art with generative models. The pictures follow the data the model was trained on: what is
rare there is rare or broken here, and its biases are kept. Pictures of people show nobody who exists, may resemble
somebody who does, and are not to be used to deceive or harass. Truncation scales the latent; there is no w-space."""


def _licence(facts: CardFacts) -> str:
    terms = facts.terms
    name = terms.license_name or terms.license
    weights = f"[{name}]({terms.license_link})" if terms.license_link else name
    data = terms.data_license or "not stated; it may restrict what the weights may be used for"
    return f"## Licence\n\nWeights: {weights}. Training data: {data}."


def _contents(facts: CardFacts) -> str:
    files = ", ".join(f"`{name}`" for name in facts.files)
    return f"## Files\n\n{files}. `manifest.json` has the sha256 of each; `hitzoo pull` verifies them."


def _data_of(spec: Spec) -> str:
    source = name_of(spec.data.source) if spec.data.source else "not stated"
    return "the built-in coloured shapes (synthetic)" if source == "synthetic" else str(source)


def _table(head: Sequence[str], rows: Any) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines
    )

"""Every mistake of a document in one round, and the words of other projects."""

from __future__ import annotations

import json
import random

import pytest

from hitzoo.errors import SpecError
from hitzoo.families.language import shipped_language
from hitzoo.families.load import parse_spec
from hitzoo.families.open import open_spec
from hitzoo.spec.check import check_shape
from hitzoo.spec.document import read_document
from hitzoo.spec.place import Places
from tests.spec.mutated import mutated_specs, outcome

LANGUAGE = shipped_language()
MISTAKES = """\
hitzoo: 1
name: My Model
steps: 100
generator:
  family: hitt
  latent_dims: 64
  stages:
    - {channels: 128, heads: 3, depth: two}
    - {channels: 64, heads: 4, depth: 2, block_size: 5}
    - {channels: 32, heads: 2, depth: 2, attention: nonee}
discriminator: {family: stylegan2, channels: [16, 32, 64], minibatch_std: 5}
training:
  loss: hinges
  regularizers: [{kind: r1, wieght: 0.1}]
  optimizer: {kind: adamw, lr: 4.0e-4}
  ema: {decay: 1.5}
  batch_size: "32"
data: {source: synthetic, resolution: 48, flip: yes}
"""


def paths(text: str, tmp_path, *overrides: str) -> list[str]:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        open_spec(tmp_path / "mine.yaml", overrides)
    return [problem.path for problem in caught.value.problems]


def said(text: str, *overrides: str) -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "mine.yaml", overrides)
    return str(caught.value)


def test_eighteen_mistakes_come_in_one_round(tmp_path) -> None:
    assert paths(MISTAKES, tmp_path) == [
        "name",
        "steps",
        "generator.family",
        "generator.latent_dims",
        "generator.stages[0].heads",
        "generator.stages[0].depth",
        "generator.stages[1].block_size",
        "generator.stages[2].attention",
        "discriminator.channels",
        "discriminator.minibatch_std",
        "training.loss",
        "training.regularizers[0].wieght",
        "training.optimizer.kind",
        "training.optimizer.lr",
        "training.ema.decay",
        "training.batch_size",
        "data.resolution",
        "data.flip",
    ]


SOUND = """\
hitzoo: 1
name: mine
generator:
  family: hit
  heads_share_kv: true
  stages:
    - {channels: 32, heads: 4, depth: 1}
    - {channels: 16, heads: 2, depth: 1}
discriminator: {family: stylegan2, channels: [4, 8, 8]}
training: {batch_size: 8}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # a width that is no number: whether the heads divide it cannot be known, the rest is looked at
        ("channels: 32, heads: 4", "channels: wide, heads: 3", {"generator.stages[0].channels"}),
        ("{channels: 32, heads: 4, depth: 1}", "5", {"generator.stages[0]"}),
        ("    - {channels: 32, heads: 4, depth: 1}\n", "", {"discriminator.channels"}),
        ("family: hit\n", "{}\n", None),
        ("[4, 8, 8]", "8", {"discriminator.channels"}),
        ("batch_size: 8", "batch_size: many", {"training.batch_size"}),
        ("family: hit\n", "family: unheard\n", {"generator.family"}),
        ("  family: hit\n", "", {"generator.family"}),
        ("family: stylegan2, ", "", {"discriminator.family"}),
        ("hitzoo: 1", "hitzoo: 2", {"hitzoo"}),
    ],
)
def test_nothing_is_said_that_is_only_guessed(tmp_path, old: str, new: str, expected: set[str] | None) -> None:
    text = SOUND.replace(old, new)
    if expected is not None:
        assert set(paths(text, tmp_path)) == expected
        unfit = text.replace("channels: 16, heads: 2", "channels: 16, heads: 3")
        index = 0 if old.startswith("    -") else 1
        assert set(paths(unfit, tmp_path)) == {*expected, f"generator.stages[{index}].heads"}


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("training: {lr: 1.0e-3}", "did you mean training.optimizer.learning_rate?"),
        ("lr: 1.0e-3", "did you mean training.optimizer.learning_rate?"),
        ("training: {optimizer: {kind: adam, lr: 1}}", "did you mean 'learning_rate'?"),
        ("training: {optimizer: {kind: adam, generator: {lr: 1}}}", "did you mean 'learning_rate'?"),
        ("training: {generator_batch_size: 8}", "did you mean training.updates.generator_batch_size?"),
        ("learning_rate: 1", "did you mean training.optimizer.learning_rate?"),
        ("steps: 60", "did you mean training.steps?"),
        ("training: {iterations: 60}", "did you mean 'steps'?"),
        ("training: {bs: 4}", "did you mean 'batch_size'?"),
        ("batch_size: 4", "did you mean training.batch_size?"),
        ("training: {epochs: 4}", "a length is given by training.steps: epochs · images / training.batch_size"),
        ("training: {gamma: 4}", "half of StyleGAN's gamma"),
        ("training: {augment: diffaugment}", "write it as a mapping: {kind: diffaugment}"),
        ("training: {regularizers: [r1]}", "write it as a mapping: {kind: r1}"),
        ("training: {ada_target: 0.6}", "ADA's target is `target` of training.augment: {kind: ada}"),
        (
            "training: {augment: {kind: ada, ada_kimg: 500}}",
            "`images` of training.augment: {kind: ada}: 1000 · ada_kimg",
        ),
        ("training: {diffaug: true}", "DiffAugment is training.augment: {kind: diffaugment"),
        ("training: {regularizers: [{kind: r1, gamma: 4}]}", "half of StyleGAN's gamma"),
        ("training: {seed: 4}", "hitzoo train --seed"),
        ("dataset: photos", "did you mean data.source?"),
        ("image_size: 64", "did you mean data.resolution?"),
        ("data: {hflip: true}", "did you mean 'flip'?"),
        ("minibatch_std: 4", "did you mean discriminator.minibatch_std?"),
        ("heads: 4", "did you mean generator.stages[…].heads or discriminator.stages[…].heads?"),
        ("num_heads: 4", "did you mean generator.stages[…].heads?"),
    ],
)
def test_words_of_other_projects_lead_to_ours(line: str, hint: str) -> None:
    body = SOUND if not line.startswith("training") else SOUND.replace("training: {batch_size: 8}\n", "")
    assert hint in said(body + line)


def test_a_key_set_at_the_top_is_told_where_it_belongs() -> None:
    message = said(SOUND, "steps=60")
    assert "did you mean training.steps?" in message
    assert message.endswith("set by --set steps=60")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("1_000", "write 1000"),
        ("1,000", "write 1000"),
        ("10k", "write 10000"),
        ("'32'", "remove the quotes"),
        ("'1_000'", "write 1000"),
        ("nan", "write a finite number"),
        ("infinity", "write a finite number"),
        ("-inf", "write a finite number"),
    ],
)
def test_hints_at_numbers_fit_what_is_written(word: str, hint: str) -> None:
    expected = f"is not a whole number\n  {hint}"
    assert said(
        SOUND.replace("{batch_size: 8}", f"{{batch_size: 8, steps: {word!s}}}").replace("1,000", "'1,000'")
    ).endswith(expected)
    if "," not in word:
        assert said(SOUND, f"training.steps={word}").endswith(f"{expected}; set by --set training.steps={word}")
    if word == "nan":
        assert "remove the quotes" not in said(SOUND, f"training.steps={word}")


def test_what_was_set_is_what_is_wrong(tmp_path) -> None:
    text = SOUND.replace("channels: [4, 8, 8]", "minibatch_std: 4")
    (tmp_path / "mine.yaml").write_text(text)
    for override, path in (
        ("training.batch_size=6", "discriminator.minibatch_std"),
        ("generator.stages[0].channels=30", "generator.stages[0].heads"),
        ("generator.initial_size=6", "generator.stages"),
    ):
        with pytest.raises(SpecError) as caught:
            open_spec(tmp_path / "mine.yaml", [override])
        found = next(problem for problem in caught.value.problems if problem.path == path)
        assert (found.line, found.hint.split("; ")[-1]) == (0, f"set by --set {override}")


def test_a_shipped_spec_is_named_and_not_its_file() -> None:
    with pytest.raises(SpecError) as caught:
        open_spec("hit-ti-shapes32", ["training.batch_size=6"])
    assert str(caught.value).startswith("hit-ti-shapes32  discriminator.minibatch_std\n")


def found(data: object) -> str:
    return "\n".join(problem.message for problem in check_shape(data, Places(), LANGUAGE.schema))  # type: ignore[arg-type]


def test_lists_of_strangers_are_compared_in_linear_time() -> None:
    mixed = [value for number in range(20_000) for value in ([number], {"a": number}, number, str(number))]
    found({"evaluation": {"metrics": mixed}, "hitzoo": 1})  # hours, where every pair is compared
    text = found({"evaluation": {"metrics": [*mixed[:50], [0]]}})
    assert "the list names an entry twice" in text


@pytest.mark.parametrize(("values", "twice"), [([1, 1.0], True), ([1, True], False), ([{"a": 1}, {"a": 1.0}], True)])
def test_entries_are_equal_as_the_schema_means_it(values: list[object], twice: bool) -> None:
    rules = {"type": "array", "uniqueItems": True}
    assert bool(check_shape(values, Places(), rules)) is twice  # type: ignore[arg-type]


def test_a_refusal_of_thousands_of_keys_is_short() -> None:
    text = SOUND + "".join(f"key{number}: 1\n" for number in range(9_900))
    assert len(said(text)) < 20_000
    assert "9,850 unknown keys more" in said(text)
    assert len(said(SOUND + "? " + "k" * 500_000 + "\n: 1\n")) < 5_000


def test_a_document_too_deep_for_any_walk_is_refused() -> None:
    deep: object = 1
    for _ in range(5_000):
        deep = {"a": deep}
    text = found({"generator": deep})
    assert text == "the document is nested deeper than a spec can be"


@pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.exhaustive)])
def test_mutated_specs_are_refused_in_words(count: int) -> None:
    counts = {"fits": 0, "refused": 0}
    for text in mutated_specs(random.Random(11), count):
        counts[outcome(text)] += 1
    assert sum(counts.values()) == count
    assert min(counts.values()) > count // 50  # both kinds are met


def test_json_documents_are_mended_too() -> None:
    data = json.loads(json.dumps(read_document(SOUND, "s").data)) | {"training": {"steps": "9"}}
    assert [problem.path for problem in check_shape(data, Places(), LANGUAGE.schema)] == ["training.steps"]


@pytest.mark.parametrize(
    ("training", "told"),
    [
        (
            "augment: diffaugment",
            ['"diffaugment" is not a mapping of keys to values|write it as a mapping: {kind: diffaugment}'],
        ),
        (
            "augment: {kind: diffaugment, policy: [{ratio: 0.2}]}",
            ["missing key 'kind'|Which transform: flip, color, translation, cutout, erase, hue or filter."],
        ),
        (
            "augment: {kind: ada, policy: [color]}",
            ["unknown key 'policy'|it is a key of another kind; allowed: images, kind, strength, target, transforms"],
        ),
        ("optimizer: {kind: adam, betas: 0.9}", ["0.9 is not a list|write it as a list of 2: […, …]"]),
        ("regularizers: r1", ['"r1" is not a list|write it as a list: [{kind: r1}]']),
        ("regularizers: 3", ["3 is not a list|write it as a list of mappings: [{…}]"]),
        ("ema: [0.9, 0.99]", ["0.9 is not a mapping of keys to values|", "0.99 is not a mapping of keys to values|"]),
    ],
)
def test_mistake_is_told_once_with_a_way_on_that_works(tmp_path, training: str, told: list[str]) -> None:
    head = "hitzoo: 1\nname: mine\ngenerator:\n  family: hit\n  stages:\n    - {channels: 32, depth: 1}\n"
    (tmp_path / "mine.yaml").write_text(f"{head}training:\n  {training}\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        open_spec(tmp_path / "mine.yaml")
    assert [f"{problem.message}|{problem.hint}" for problem in caught.value.problems] == told


def test_key_of_another_family_is_not_offered_at_its_own_place() -> None:
    text = MISTAKES.replace(
        "{family: stylegan2, channels: [16, 32, 64], minibatch_std: 5}", "{family: projected, san: true}"
    )
    assert "unknown key 'san'\n  it is a key of another family; allowed: backbone" in said(text)

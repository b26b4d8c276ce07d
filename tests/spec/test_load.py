"""What an author reads when a spec says something it may not: exact texts with exact places."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.errors import SpecError
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.spec.text import read_spec_text
from hitzoo.spec.types import AdamSpec, AlternatingSpec, BcrSpec, EmaSpec, R1Spec, ScheduleSpec, Spec
from hitzoo.spec.write import to_yaml
from tests.own_families import DISCRIMINATORS, LISTED, either

HEAD = """\
hitzoo: 1
name: mine
generator:
  family: hit
  stages:
    - {channels: 32, depth: 1}
"""


def said(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "mine.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "data: {chanels: 3}",
            "mine.yaml:7:8  data.chanels\n  unknown key 'chanels'\n  did you mean 'channels'?; "
            "allowed: channels, crop, crop_fraction, flip, on_error, range, resolution, source",
        ),
        (
            "on: push",
            "mine.yaml:7:1  on\n  unknown key 'on'\n"
            "  allowed: data, discriminator, encoder, evaluation, generator, hitzoo, name, quantizer, summary,"
            " training",
        ),
        (
            "discriminator: {channel_multiplier: 2}",
            "mine.yaml:7:16  discriminator.family\n  missing key 'family'\n"
            f"  Which family of discriminators: {either(DISCRIMINATORS)}.",
        ),
        (
            "training: {batch_size: '32'}",
            'mine.yaml:7:24  training.batch_size\n  "32" is not a whole number\n  remove the quotes',
        ),
        (
            "training: {ema: {decay: '1e-1'}}",
            'mine.yaml:7:25  training.ema.decay\n  "1e-1" is not a number\n  remove the quotes',
        ),
        ("training: {steps: 1.5}", "mine.yaml:7:19  training.steps\n  1.5 is not a whole number"),
        ("training: {steps: many}", 'mine.yaml:7:19  training.steps\n  "many" is not a whole number'),
        ("training: {batch_size: true}", "mine.yaml:7:24  training.batch_size\n  true is not a whole number"),
        ("training:", "mine.yaml:7:10  training\n  null is not a mapping of keys to values"),
        ("data: {flip: yes}", 'mine.yaml:7:14  data.flip\n  "yes" is not true or false\n  write true for yes'),
        ("data: {flip: 1}", "mine.yaml:7:14  data.flip\n  1 is not true or false"),
        (
            "data: {crop: centre}",
            "mine.yaml:7:14  data.crop\n  \"centre\" is not one of: center, random, none\n  did you mean 'center'?",
        ),
        (
            "data: {crop: squeeze}",
            'mine.yaml:7:14  data.crop\n  "squeeze" is not one of: center, random, none\n'
            "  Which square is taken: center, random (anywhere), or none (the whole picture is squeezed).",
        ),
        ("data: {channels: '3'}", 'mine.yaml:7:18  data.channels\n  "3" is not one of: 1, 3, 4\n  remove the quotes'),
        (
            "data: {crop_fraction: 0}",
            "mine.yaml:7:23  data.crop_fraction\n  0 is out of range: more than 0 and at most 1",
        ),
        (
            "training: {ema: {decay: 1}}",
            "mine.yaml:7:25  training.ema.decay\n  1 is out of range: at least 0 and less than 1",
        ),
        (
            "training: {regularizers: {kind: r1}}",
            'mine.yaml:7:26  training.regularizers\n  {"kind": "r1"} is not a list\n  write it as a list: [{…}]',
        ),
        (
            "training: {regularizers: [{kind: bcr, augment: flip}]}",
            'mine.yaml:7:48  training.regularizers[0].augment\n  "flip" is not a list\n  write it as a list: [flip]',
        ),
        (
            "training: {regularizers: [{kind: bcr, augment: []}]}",
            "mine.yaml:7:48  training.regularizers[0].augment\n  the list has 0 entries; at least 1 is wanted",
        ),
        (
            "training: {regularizers: [{kind: bcr, augment: [flip, flip]}]}",
            "mine.yaml:7:48  training.regularizers[0].augment\n  the list names an entry twice",
        ),
        (
            "training: {optimizer: {kind: adam, betas: [0.0]}}",
            "mine.yaml:7:43  training.optimizer.betas\n  the list has 1 entry; at least 2 are wanted",
        ),
        (
            "training: {optimizer: {kind: adam, betas: [0, 0.5, 0.9]}}",
            "mine.yaml:7:43  training.optimizer.betas\n  the list has 3 entries; at most 2 are wanted",
        ),
        (
            "training: {regularizers: [{kind: r1, wieght: 1}]}",
            "mine.yaml:7:38  training.regularizers[0].wieght\n  unknown key 'wieght'\n"
            "  did you mean 'weight'?; allowed: fraction, interval, kind, method, sigma, weight",
        ),
        (
            "training: {regularizers: [{kind: r1, weight: atuo}]}",
            'mine.yaml:7:46  training.regularizers[0].weight\n  "atuo" is not a number or a schedule\n'
            "  A number, a schedule, or the word auto.",
        ),
        (
            "training: {regularizers: [{kind: r1, interval: 0}]}",
            "mine.yaml:7:48  training.regularizers[0].interval\n  0 is out of range: at least 1 and at most 1000000",
        ),
        (
            "training: {regularizers: [{kind: r1, interval: 1.0e+300}]}",
            "mine.yaml:7:48  training.regularizers[0].interval\n"
            "  1e+300 is out of range: at least 1 and at most 1000000",
        ),
        (
            "training: {activation_checkpointing: some}",
            'mine.yaml:7:38  training.activation_checkpointing\n  "some" is not one of: none, all',
        ),
        (
            "training: {activation_checkpointing: 8}",
            "mine.yaml:7:38  training.activation_checkpointing\n  8 is not a list\n  write it as a list: [8]",
        ),
        (
            "training: {activation_checkpointing: [8, 8]}",
            "mine.yaml:7:38  training.activation_checkpointing\n  the list names an entry twice",
        ),
    ],
)
def test_one_problem(line: str, message: str) -> None:
    assert said(HEAD + line) == message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "name: mine\n",
            "",
            "mine.yaml:1:1  name\n  missing key 'name'\n"
            "  Lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit; "
            "the name of models made from this spec.",
        ),
        (
            "hitzoo: 1",
            "hitzoo: 2",
            "mine.yaml:1:9  hitzoo\n  2 is not possible here; it must be 1\n  install a newer hitzoo to read it",
        ),
        ("hitzoo: 1", "hitzoo: true", "mine.yaml:1:9  hitzoo\n  true is not possible here; it must be 1"),
        ("name: mine", "name: 12", "mine.yaml:2:7  name\n  12 is not text"),
        (
            "family: hit",
            "family: hitt",
            f"mine.yaml:4:11  generator.family\n  \"hitt\" is not one of: {LISTED}\n  did you mean 'hit'?",
        ),
        (
            "family: hit\n  stages:\n    - {channels: 32, depth: 1}\n",
            "family: hit\n",
            "mine.yaml:4:3  generator.stages\n  missing key 'stages'\n"
            "  From the first, smallest map to the image; the resolution doubles from one stage to the next.",
        ),
        ("- {channels: 32, depth: 1}", "", "mine.yaml:5:10  generator.stages\n  null is not a list"),
        (
            "depth: 1",
            "depth: 1, block_size: big",
            'mine.yaml:6:44  generator.stages[0].block_size\n  "big" is not one of: auto\n'
            "  auto, or a whole number without quotes",
        ),
        (
            "depth: 1",
            "depth: 1, block_size: 0",
            "mine.yaml:6:44  generator.stages[0].block_size\n  0 is out of range: at least 1",
        ),
    ],
)
def test_one_problem_in_the_head(old: str, new: str, message: str) -> None:
    assert said(HEAD.replace(old, new)) == message


@pytest.mark.parametrize("name", ["Mine", "my model", "-mine", "a/b", '"mine\\n"', "''", "a" * 97])
def test_names_are_plain(name: str) -> None:
    message = said(HEAD.replace("name: mine", f"name: {name}"))
    assert message.startswith("mine.yaml:2:7  name\n")
    assert "is not possible here\n  Lower-case letters" in message


def test_all_problems_come_together_in_the_order_of_their_lines() -> None:
    text = HEAD.replace("channels: 32", "channels: 0, chanels: 32") + (
        "training:\n  steps: soon\n  loss: hinges\n  loss: hinge\ndata: {flip: on, crop_fraction: .nan}\n"
    )
    assert said(text).splitlines() == [
        "mine.yaml:6:18  generator.stages[0].channels",
        "  0 is out of range: at least 1 and at most 65536",
        "mine.yaml:6:21  generator.stages[0].chanels",
        "  unknown key 'chanels'",
        "  did you mean 'channels'?; allowed: attention, block_size, channels, depth, heads, to_rgb",
        "mine.yaml:8:10  training.steps",
        '  "soon" is not a whole number',
        "mine.yaml:9:9  training.loss",
        '  "hinges" is not one of: non_saturating, hinge, relativistic, wasserstein',
        "  did you mean 'hinge'?",
        "mine.yaml:10:3  training.loss",
        "  the key 'loss' stands here twice (first in line 9)",
        "  keep one",
        "mine.yaml:11:14  data.flip",
        '  "on" is not true or false',
        "  write true for on",
        "mine.yaml:11:33  data.crop_fraction",
        "  .nan is not a finite number",
    ]


def test_numbers_come_in_every_way_of_writing() -> None:
    spec = parse_spec(
        HEAD + "training: {batch_size: 012, steps: 1e6, optimizer: {kind: adam, learning_rate: 1e-4, betas: [0, .9]}}\n"
        "data: {channels: 1.0, crop_fraction: 1}\n"
    )
    assert spec.training.batch_size == 12
    assert (spec.training.steps, type(spec.training.steps)) == (1_000_000, int)
    assert spec.training.optimizer == AdamSpec(learning_rate=1e-4, betas=(0.0, 0.9))
    assert type(spec.training.optimizer.betas[0]) is float
    assert (spec.data.channels, type(spec.data.channels)) == (1, int)
    assert type(spec.data.crop_fraction) is float


def test_everything_absent_has_its_default() -> None:
    spec = parse_spec(HEAD)
    assert spec.generator.latent_dim == 512
    assert spec.generator.stages[0].attention == "multi_axis"
    assert spec.training.regularizers == (R1Spec(weight=10.0),)
    assert spec.training.ema == EmaSpec(decay=0.999, start_step=10)
    assert spec.discriminator.channels is None


def test_a_list_of_regularizers_may_be_empty_or_mixed() -> None:
    assert parse_spec(HEAD + "training: {regularizers: []}").training.regularizers == ()
    text = HEAD + "training: {regularizers: [{kind: bcr, augment: [flip]}, {kind: r1, weight: 1}]}"
    assert parse_spec(text).training.regularizers == (BcrSpec(augment=("flip",)), R1Spec(weight=1.0))


def test_a_file_is_named_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(HEAD + "dta: {}\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_spec("mine.yaml")
    assert str(caught.value).startswith("mine.yaml:7:1  dta\n  unknown key 'dta'\n  did you mean 'data'?")


def test_lines_end_as_they_like_and_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load_spec(path) == parse_spec(HEAD)
    assert read_spec_text(path).startswith("hitzoo: 1\r\n")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(HEAD.encode() + b"summary: caf\xe9\n")
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    position = len(HEAD) + len("summary: caf")
    assert str(caught.value) == f"{path}\n  the file is not UTF-8 text (byte {position})\n  save it as UTF-8"


def test_a_file_that_is_no_spec_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    fill = (1 << 20) - len(HEAD)
    path.write_text(HEAD + "#" * fill, encoding="utf-8")
    assert isinstance(load_spec(path), Spec)
    path.write_text(HEAD + "#" * (fill + 1), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert str(caught.value) == f"{path}\n  the file is larger than a spec can be (1 MiB)"


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD, encoding="utf-8")

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert str(caught.value) == f"{path}\n  cannot be read: Permission denied"


def test_a_number_may_follow_a_schedule_and_is_written_back() -> None:
    text = HEAD + (
        "training:\n  optimizer: {kind: adam, learning_rate: {from: 2.0e-4, to: 0, images: 1000}}\n"
        "  ema: {half_life: {from: 0, to: 5, images: 10, shape: linear, start: 3}}\n"
        "  updates: {discriminator: 2}\n"
    )
    spec = parse_spec(text)
    assert spec.training.optimizer.learning_rate == ScheduleSpec(from_=2e-4, to=0.0, images=1000)
    assert spec.training.ema.half_life == ScheduleSpec(from_=0.0, to=5.0, images=10, shape="linear", start=3)
    assert spec.training.updates == AlternatingSpec(discriminator=2)
    assert parse_spec(to_yaml(spec)) == spec
    assert "from: 0.0002" in to_yaml(spec)


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ("optimizer: {kind: adam, learning_rate: fast}", '"fast" is not a number'),
        ("optimizer: {kind: adam, learning_rate: 0}", "0 is out of range: more than 0 and at most 1"),
        ("optimizer: {kind: adam, learning_rate: {from: 1.0e-3, to: 0}}", "missing key 'images'\n  Real images over"),
        (
            "ema: {half_life: {from: 0, to: 5, kimg: 10}}",
            "unknown key 'kimg'\n  a schedule's length is `images`: 1000 · kimg; allowed: from, images,",
        ),
        (
            "optimizer: {kind: adam, learning_rate: [1, 0]}",
            "[1, 0] is not a number or a schedule\n  a schedule is written",
        ),
        ("optimizer: {kind: adam, betas: 0.99}", "0.99 is not a list\n  write it as a list of 2: […, …]"),
        ("optimizer: {kind: adam, betas: {from: 0, to: 1}}", "is not a list\n  write it as a list: [{…}]"),
        (
            "updates: alternating",
            '"alternating" is not one of: simultaneous\n  Updates by turns are a mapping, such as {discriminator: 4}.',
        ),
        ("updates: 2", "2 is not a mapping of keys to values\n  Updates by turns: some of the discriminator, each"),
        ("updates: {generator: 2}", "2 is not possible here; it must be 1"),
        ("loss: wgan_gp", '"wgan_gp" is not one of: non_saturating, hinge, relativistic, wasserstein'),
    ],
)
def test_problems_of_recipes(training: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(HEAD + f"training: {{{training}}}")
    assert message in str(caught.value)

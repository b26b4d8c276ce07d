"""The whole: order, determinism, processes, protocol, and what is found out at the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import hitzoo
from hitzoo.errors import DataError, RequestError, WeightsError
from hitzoo.evaluation import fidelity, networks
from hitzoo.evaluation.evaluate import evaluate, with_evaluation
from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.evaluation.metrics import METRICS, OFFLINE
from hitzoo.evaluation.pictures import GeneratedImages, StoredImages
from hitzoo.evaluation.report import Report
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.runtime.distributed import World
from hitzoo.runtime.shard import Shard
from hitzoo.sampling.generator import Generator
from hitzoo.spec.types import DataSpec, EvaluationSpec
from tests.evaluation.conftest import Shapes
from tests.support import TINY_HIT
from tests.threads_as_processes import together

CPU = torch.device("cpu")
FEW = {"metrics": OFFLINE, "samples": 30, "real_samples": 20}


def of_generator(evaluator: Evaluator, generator: Generator, **more: Any) -> Report:
    report = evaluator.evaluate(generator, **more)
    assert report is not None
    return report


def evaluator_of(generator: Generator, **more: Any) -> Evaluator:
    spec = with_evaluation(generator.spec, **FEW)
    return Evaluator.from_spec(spec, generator.plan, device=CPU, **more)


def test_better_pictures_have_better_numbers() -> None:
    """Other real images, then a trained model, then the untrained network, by every metric that needs no download."""
    count = 250
    own = EvaluationSpec(metrics=OFFLINE, samples=count)
    evaluator = Evaluator(own, DataSpec(), Shapes(count), resolution=32, device=CPU)
    others = evaluator.evaluate_images(StoredImages(Shapes(count, first=count), DataSpec(), 32)).values()
    trained = of_generator(evaluator, hitzoo.load("hit-ti-shapes32", device="cpu")).values()
    untrained = of_generator(evaluator, hitzoo.untrained("hit-ti-shapes32", device="cpu")).values()
    for metric in (METRICS[name] for name in OFFLINE):
        for name, better in metric.values:
            sign = 1 if better == "lower" else -1
            chance = 0.03 if name == "random_conv_precision" else 0  # the trained model's is as good as real images'
            assert sign * others[name] < sign * trained[name] + chance, name
            assert sign * trained[name] < sign * untrained[name], name
    assert (
        1.15 * others["random_conv_frechet"] < trained["random_conv_frechet"] < 0.1 * untrained["random_conv_frechet"]
    )
    assert 1.5 * others["sliced_wasserstein"] < trained["sliced_wasserstein"] < 0.2 * untrained["sliced_wasserstein"]
    same = evaluator.evaluate_images(StoredImages(Shapes(count), DataSpec(), 32)).values()
    assert same["random_conv_frechet"] < 1e-5
    assert (same["random_conv_precision"], same["random_conv_recall"]) == (1.0, 1.0)
    assert same["sliced_wasserstein"] < 1e-6


def test_the_same_again_to_the_last_bit(tiny_generator: Callable[..., Generator], cache: Path) -> None:
    generator = tiny_generator()
    fresh = evaluate(generator, **FEW)
    assert list(cache.rglob("*.safetensors")) != []
    assert evaluate(generator, **FEW).to_json() == fresh.to_json()
    evaluator = evaluator_of(generator)
    assert of_generator(evaluator, generator).to_json() == fresh.to_json()
    assert of_generator(evaluator, generator).to_json() == fresh.to_json()
    batched = of_generator(evaluator, generator, batch_size=7).values()
    assert batched == pytest.approx(fresh.values(), rel=1e-4)
    other = of_generator(evaluator, generator, truncation=0.5)
    assert other.values() != fresh.values()
    assert other.scores[0].protocol["generated"]["truncation"] == 0.5


@pytest.mark.parametrize(("count", "size"), [(2, 4), (2, 15), (4, 4), (7, 7), (3, 64)])
def test_several_processes_give_the_numbers_of_one(
    count: int, size: int, tiny_generator: Callable[..., Generator]
) -> None:
    """30 samples in batches that do not divide evenly: some send rows that nobody needs, so that all are alike."""
    generator = tiny_generator()
    alone = evaluate(generator, batch_size=size, **FEW)
    made: list[list[int]] = []
    generator.module.register_forward_pre_hook(lambda _, given: made[-1].append(len(given[0])))
    sent: list[list[torch.Tensor]] = []

    def collect(index: int) -> Callable[[torch.Tensor], None]:
        sent.append([])
        return lambda rows: sent[index].append(rows)

    def lead(rows: torch.Tensor) -> Sequence[torch.Tensor]:
        turn = turns.pop(0)
        others = [sent[index][turn] for index in range(count - 1)]
        assert all((other.shape, other.dtype) == (rows.shape, rows.dtype) for other in others)
        return [rows, *others]

    for index in range(1, count):
        made.append([])
        evaluator = evaluator_of(generator, shard=Shard(index, count))
        assert evaluator.evaluate(generator, gather=collect(index - 1), batch_size=size) is None
        assert evaluator._real is None  # only process 0 needs them
    turns = [0, 1]
    made.append([])
    heard: list[tuple[int, int]] = []
    together = evaluator_of(generator, shard=Shard(0, count)).evaluate(
        generator, gather=lead, batch_size=size, progress=lambda *state: heard.append(state)
    )
    assert together is not None
    assert together.to_json() == alone.to_json()
    sizes = [size_of_batch for batches in made for size_of_batch in batches]
    assert sorted(sizes, reverse=True) == [min(size, 30 - start) for start in range(0, 30, size)]
    assert heard[-1] == (30, 30)


def test_pictures_are_divided_in_batches(tiny_generator: Callable[..., Generator], monkeypatch) -> None:
    monkeypatch.setattr("hitzoo.evaluation.evaluator._PIXELS_AT_ONCE", {"cpu": 4 * 32**2})
    generator = tiny_generator()

    def compared(world: World) -> Report | None:
        evaluator = evaluator_of(generator, shard=world.shard)
        evaluator.prepare(world=world)
        pictures = StoredImages(Shapes(30), DataSpec(), 8)
        return evaluator.evaluate_images(pictures, gather=lambda rows: world.gather(rows, torch.device("cpu")))

    alone = compared(World())
    assert alone is not None
    first, *others = together(3, compared)
    assert first == alone
    assert others == [None, None]


def test_every_number_has_its_protocol(tiny_generator: Callable[..., Generator]) -> None:
    generator = tiny_generator()
    report = evaluate(generator, **FEW)
    assert list(report.values()) == [
        "random_conv_frechet",
        "random_conv_precision",
        "random_conv_recall",
        "sliced_wasserstein",
    ]
    assert report["sliced_wasserstein"] == report.scores[3].value
    for score in report.scores:
        protocol = score.to_json()["protocol"]
        assert protocol["definition"] == METRICS[score.metric].definition
        assert protocol["features"]["network"] in ("random-conv-1", "laplacian-patches-1")
        generated, real = protocol["generated"], protocol["real"]
        assert (generated["model"], generated["images"], generated["seeds"]) == ("tiny", 30, "0-29")
        assert generated["plan"] == generator.plan.generator_hash
        assert (real["source"], real["images"], real["of"]) == ("synthetic", 20, 65536)
        assert real["fingerprint"].startswith("synthetic-")
        assert (real["crop"], real["crop_fraction"], real["unreadable"]) == ("center", 1.0, 0)
        assert real["resolution"] == generated["resolution"] == 8
        assert protocol["computed"] == {"device": "cpu", "features": "float32"}
        assert protocol["versions"]["torch"] == torch.__version__
    (note,) = report.notes
    assert note.startswith("random_conv_frechet of 20 images is biased upwards: there are fewer than its 512 features")


@pytest.fixture
def tiny_inception(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight numbers and five logits of a picture, in the place of the Inception network and its weights."""

    class Tiny(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            assert pictures.dtype == torch.uint8
            assert pictures.shape[1:] == (3, 8, 8)
            x = pictures.float().flatten(1) / 255
            random = torch.Generator().manual_seed(0)
            return x @ torch.randn(192, 8, generator=random), x @ torch.randn(192, 5, generator=random)

    monkeypatch.setattr(fidelity, "POOL_WIDTH", 8)
    monkeypatch.setattr(fidelity, "LOGITS_WIDTH", 5)
    monkeypatch.setattr(fidelity, "open_inception", lambda weights: Tiny())
    monkeypatch.setattr(networks, "find_inception_weights", lambda given, note: Path("tiny.pth"))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_torch_fidelity_from_pictures_to_numbers(
    tiny_inception: None, channels: int, tiny_generator: Callable[..., Generator]
) -> None:
    generator = tiny_generator(f"data.channels={channels}")
    names = ["is", "fid", "kid", "pr", "sliced_wasserstein"]
    report = evaluate(generator, metrics=names, samples=50, real_samples=40)
    assert list(report.values()) == ["inception_score", "fid", "kid", "precision", "recall", "sliced_wasserstein"]
    alone = evaluate(generator, metrics=["fid"], samples=50, real_samples=40)
    assert alone["fid"] == report["fid"] > 0
    _, logits = fidelity.open_inception(Path())(
        torch.from_numpy(GeneratedImages(generator, 50).read(range(50))).permute(0, 3, 1, 2)
    )
    assert report["inception_score"] == pytest.approx(fidelity.inception_score(logits)[0], rel=1e-5)
    protocols = {score.name: score.protocol for score in report.scores}
    assert protocols["inception_score"]["real"] is None
    assert (protocols["inception_score"]["groups"], protocols["inception_score"]["group_size"]) == (1, 50)
    assert protocols["inception_score"]["features"]["layer"] == "logits_unbiased"
    assert (protocols["kid"]["subsets"], protocols["kid"]["subset_size"]) == (100, 40)
    assert protocols["fid"]["features"]["layer"] == "2048"
    assert protocols["fid"]["features"]["sha256"].startswith("6726825d")
    assert protocols["fid"]["versions"]["torch-fidelity"]
    assert protocols["precision"]["neighbours"] == 3
    assert "VGG" in protocols["recall"]["definition"]


def test_the_inception_score_reads_no_real_image(
    tiny_inception: None, tiny_generator: Callable[..., Generator], tmp_path: Path
) -> None:
    (tmp_path / "set").mkdir()
    for index in range(5):
        (tmp_path / "set" / f"{index}.png").write_bytes(b"nothing")
    report = evaluate(tiny_generator(), str(tmp_path / "set"), metrics=["is"], samples=10)
    assert list(report.values()) == ["inception_score"]
    assert report.notes == ("the inception score is that of a single group of 10 images, fewer than 5,000",)


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_what_cannot_be_had_is_found_out_at_the_start(
    tiny_generator: Callable[..., Generator], noise_folder: Callable[..., Path], tmp_path: Path
) -> None:
    generator = tiny_generator()
    said: list[str] = []
    with pytest.raises(WeightsError, match="cannot be downloaded"):
        Evaluator.from_spec(generator.spec, generator.plan, device=CPU, note=said.append)
    assert said[0].startswith("downloading")
    for changes, error, message in (
        ({"samples": 3}, RequestError, "3 samples: too few to compare; at least 4 are needed"),
        ({"real_samples": 2}, RequestError, r"2 real images \(synthetic\): too few"),
        ({"data": noise_folder("small", 3)}, RequestError, r"3 real images \(.*small\): too few"),
        ({"data": tmp_path / "nowhere"}, DataError, "no such folder"),
        ({"metrics": ["fids"]}, RequestError, "did you mean 'fid'?"),
    ):
        with pytest.raises(error, match=message):
            Evaluator.from_spec(
                with_evaluation(generator.spec, **FEW | changes), generator.plan, device=CPU, note=pytest.fail
            )
    nothing = replace(generator.spec, data=DataSpec())
    with pytest.raises(RequestError, match="tiny gives no real images: give a folder"):
        Evaluator.from_spec(nothing, generator.plan, device=CPU)


def test_real_images_that_are_missing(
    tiny_generator: Callable[..., Generator], noise_folder: Callable[..., Path]
) -> None:
    folder = noise_folder("set", 8)
    for index in (2, 5):
        (folder / f"{index:03d}.png").write_bytes(b"broken")
    given = {"metrics": ["sliced_wasserstein"], "samples": 10, "real_samples": 50}
    with pytest.raises(DataError, match=r"002\.png"):
        evaluate(tiny_generator(), folder, **given)
    skipping = tiny_generator("data.on_error=skip")
    for _ in range(2):  # computed, then from the cache
        report = evaluate(skipping, folder, **given)
        assert report.notes == (
            f"50 real images were requested; {folder} has 8, and all are used",
            "2 real images cannot be read and are skipped: 002.png, 005.png",
        )
        assert report.scores[0].protocol["real"]["images"] == 6
        assert report.scores[0].protocol["real"]["unreadable"] == 2
    for index in range(5):
        (folder / f"{index:03d}.png").write_bytes(b"broken")
    with pytest.raises(RequestError, match=r"2 readable real images \(.*set\): too few"):
        evaluate(skipping, folder, **given)


def test_where_the_real_images_come_from(
    tiny_generator: Callable[..., Generator], noise_folder: Callable[..., Path]
) -> None:
    own, other = noise_folder("own", 5), noise_folder("other", 6)
    few = {"metrics": ["sliced_wasserstein"], "samples": 5}

    def source(generator: Generator, *data: Path) -> tuple[str, int]:
        real = evaluate(generator, *data, **few).scores[0].protocol["real"]
        return real["source"], real["images"]

    assert source(tiny_generator(f"data.source={own}")) == (str(own), 5)
    assert source(tiny_generator(f"evaluation.source={own}")) == (str(own), 5)
    assert source(tiny_generator(f"evaluation.source={own}"), other) == (str(other), 6)


def test_changes_to_a_spec() -> None:
    spec = parse_spec(TINY_HIT + "evaluation: {metrics: [fid, is], samples: 70, real_samples: 60, source: a, every: 5}")
    assert with_evaluation(spec) == spec
    changed = with_evaluation(spec, "b", ["kid"], 50, 40).evaluation
    assert changed == EvaluationSpec(metrics=("kid",), samples=50, real_samples=40, source="b", every=5)
    assert with_evaluation(spec, real_samples=0).evaluation.real_samples is None
    assert parse_spec(TINY_HIT).evaluation == EvaluationSpec(metrics=("fid",), samples=50_000)


def test_evaluation_is_no_part_of_the_networks() -> None:
    plain, other = (compile_spec(parse_spec(TINY_HIT, "tiny", words)) for words in ([], ["evaluation.samples=7"]))
    assert (plain.generator_hash, plain.discriminator_hash) == (other.generator_hash, other.discriminator_hash)
    assert hitzoo.load("hit-ti-shapes32", device="cpu").spec.evaluation.metrics == OFFLINE

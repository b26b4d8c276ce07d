"""The parts of a day: whether it works at all, how fast it is, what is in doubt, a short run, two processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.cuda.visibility import INSTEAD
from tests.gpu_day.order import ORDER
from tests.gpu_day.part import Part, Setup
from tests.gpu_day.readers import last_json, outcomes_of_tests

MODEL, LARGE, LITTLE = "hit-b-ffhq256", "hit-b-ffhq1024", "hit-ti-shapes32"
_EXPERIMENTS = (  # name, title, seconds
    ("attention", "Cross-attention, forward and backward: the fused kernel, split over the batch, two products", 60),
    ("attention-limits", "More sequences, and more rows, than attention's kernels count", 45),
    ("waits", "Waits for the device in a step", 40),
    ("blur", "The depthwise blur against sums of slices, by layout", 30),
    ("graphs", "Graphs of what is compiled and of bfloat16", 90),
    ("attention-kernels", "The attention kernels that torch takes", 40),
    ("memory", "Memory of a step against the prediction", 60),
    ("memory-expandable", "Memory of a step against the prediction, with expandable segments", 60),
    ("tiles", "An MLP's kernel by tile", 90),
)


def parts_of_day(setup: Setup) -> list[Part]:
    """Return all parts for a device, the ones most worth its time first; each is a command of its own."""
    found = {part.name: part for part in (*_checks(setup), *_speed(setup), *_doubts(setup), *_long(setup))}
    return [found[name] for name in ORDER]


def _checks(setup: Setup) -> Iterator[Part]:
    folders = ("tests/cuda", "tests/fold/triton", "tests")
    at_once = ("-n", "8")  # most of their time is compilers', on the processor
    if setup.small:
        folders, at_once = ("tests/cuda/test_training_step.py", "tests/sampling/test_fast.py"), ()
    yield Part(
        name="tests",
        title="The tests marked cuda",
        words=("-m", "pytest", "-m", "cuda", "-vv", "-p", "no:cacheprovider", "--tb=line", "-rf", *at_once, *folders),
        seconds=270,
        read=outcomes_of_tests,
        environment={INSTEAD: setup.device} if setup.device != "cuda" else {},
    )
    more = () if setup.small else ("--full",)
    yield _hitzoo(
        "doctor", "The examination of this machine", 75, "doctor", *more, "--json", "--force",
        "--out", str(setup.results / "doctor"),
    )  # fmt: skip


def _speed(setup: Setup) -> Iterator[Part]:
    on = ("--device", setup.device, "--json")
    name, large = (LITTLE, LITTLE) if setup.small else (MODEL, LARGE)
    few = ("--repeats", "1" if setup.small else "5", *on)
    batches = ("--batch", "2") if setup.small else ("--batch", "16", "--batch", "1")
    yield _hitzoo("sample", f"Making images of {name}", 80, "bench", "sample", name, *batches, *few)
    compiled = ("--path", "optimized") if setup.small else ("--path", "optimized", "--path", "compiled")
    title = f"Making images of {name}: our kernels against torch's compiler"
    yield _hitzoo("sample-compiled", title, 240, "bench", "sample", name, *batches, *compiled, *few)
    yield _hitzoo("sample-1024", f"Making images of {large}", 90, "bench", "sample", large, "--batch", "1", *few)
    quick = "default,bf16" if setup.small else "plain,default,nchw,replay,tf32,bf16,checkpointing,deterministic"
    for batch, seconds in ((8, 90), (32, 150), (64, 240)):
        size = "4" if setup.small else str(batch)
        title = f"A training step of {name}, batch {size}"
        words = ("bench", "train", name, "--batch", size, *few, "--settings", quick)
        yield _hitzoo(f"train-{batch}", title, seconds, *words)
    both = "default,bf16" if setup.small else "default,bf16,compile,compile-bf16,memory,linear,one-backward,lazy"
    words = ("bench", "train", name, "--batch", "4" if setup.small else "16", *few, "--settings", both)
    yield _hitzoo("train-compiled", f"A training step of {name}, compiled, and the other settings", 590, *words)


def _doubts(setup: Setup) -> Iterator[Part]:
    for name, title, seconds in _EXPERIMENTS:
        environment = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"} if name == "memory-expandable" else {}
        yield _experiment(setup, name, title, seconds, environment=environment)
    yield _experiment(setup, "failing-process", "One of two processes fails: does the job end?", 150, devices=2)
    yield _experiment(
        setup, "strides", "Strides of gradients in two processes, with and without --compile", 200, devices=2
    )


def _long(setup: Setup) -> Iterator[Part]:
    steps = 4 if setup.small else 200
    yield _experiment(setup, "run", f"{steps} steps on made pictures, and their grid", 420)


def _experiment(setup: Setup, name: str, title: str, seconds: float, **options: object) -> Part:
    words = ["-m", "tests.gpu_day.experiments", name, "--device", setup.device, "--results", str(setup.results)]
    words += ["--small"] if setup.small else []
    return Part(name=name, title=title, words=tuple(words), seconds=seconds, read=last_json, **options)  # type: ignore[arg-type]


def _hitzoo(name: str, title: str, seconds: float, *words: str) -> Part:
    return Part(name=name, title=title, words=("-m", "hitzoo", *words), seconds=seconds, read=last_json)


def chosen(parts: list[Part], names: Iterable[str]) -> list[Part]:
    """Return the parts of these names, in the day's order; all without any.

    Raises:
        ValueError: there is no part of that name.
    """
    wanted = set(names)
    if unknown := wanted - {part.name for part in parts}:
        known = ", ".join(part.name for part in parts)
        raise ValueError(f"no part is called {', '.join(sorted(unknown))}; there are: {known}")
    return [part for part in parts if not wanted or part.name in wanted]

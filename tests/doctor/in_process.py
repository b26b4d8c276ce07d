"""An examination without a process of its own: the questions are answered here, or by a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from hitzoo.doctor.answers import answer
from hitzoo.doctor.report import Outline, Result
from hitzoo.doctor.worker import Lost


class InProcess:
    """Answers as the worker does, in this process."""

    def __init__(self, answer: Callable[..., Any] = answer) -> None:
        self.answer, self.asked, self.renewals = answer, [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, question: str, *given: Any, patience: float) -> Any:
        assert patience > 0
        self.asked.append((question, *given))
        return self.answer(question, *given)

    def renew(self) -> None:
        self.renewals += 1


PROBE: dict[str, Any] = {
    "torch": {"torch": "2.9.0"},
    "threads": 1,
    "interop_threads": 1,
    "cpu_capability": "AVX2",
    "cuda_built": True,
    "cuda_problem": None,
    "devices": [
        {
            "device": name,
            "name": None,
            "memory": None,
            "free": None,
            "capability": None,
            "processors": None,
            "turned_off": [],
        }
        for name in ("cpu", "cuda:0")
    ],
}


def outline(group: str, name: str, device: str = "cuda:0", **more: Any) -> Outline:
    return Outline(group=group, name=name, device=device, workaround=f"without {name}", **more)


class Script(InProcess):
    """A machine with one GPU, whose checks end as they are listed: a status, with a note, or an error to raise."""

    def __init__(self, ends: dict[Outline, str | Exception]) -> None:
        super().__init__(self._answer)
        self.ends, self.turned_off = ends, {}

    def _answer(self, question: str, *given: Any) -> Any:
        if question == "probe":
            return PROBE
        if question == "outlines":
            return list(self.ends)
        if question == "turn off":
            self.turned_off[given[0]] = dict(given[1])
            return sorted(given[1])
        chosen = list(self.ends)[given[-1]]
        end = self.ends[chosen]
        if isinstance(end, Exception):
            raise end
        status, _, note = end.partition(": ")
        return Result(outline=chosen, status=status, note=note)  # type: ignore[arg-type]


LOST = Lost("its process was ended by SIGSEGV")

"""An examination: facts first, then the checks of one device after the other, in a worker process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from hitzoo.doctor.caches import caches
from hitzoo.doctor.devices import devices
from hitzoo.doctor.environment import environment
from hitzoo.doctor.found_gpu import found_gpu
from hitzoo.doctor.hub import hub
from hitzoo.doctor.limits import limits
from hitzoo.doctor.machine import machine
from hitzoo.doctor.redaction import Redactor
from hitzoo.doctor.report import Outline, Report, Result
from hitzoo.doctor.versions import driver_version, versions
from hitzoo.doctor.worker import Answering, Lost, Worker
from hitzoo.errors import ArgumentError, suggestion

GROUPS = ("device", "kernels", "network", "training", "compiler", "graph", "speed", "processes")
"""The words of `--only`, in the order of the checks."""

_KINDS = ("cpu", "cuda", "mps", "xpu")
_TO_LOAD = 240.0  # seconds for torch, from a slow disk
_TO_ANSWER = 120.0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The extent of an examination.

    Attributes:
        device: "all", or one as torch names it; "auto" is an accelerator where there is one, else the CPU.
        full: more sizes and longer checks.
        groups: of `GROUPS`, those that are wanted; all where there are none.
        hub: ask the Hub too.
    """

    device: str = "all"
    full: bool = False
    groups: tuple[str, ...] = ()
    hub: bool = False

    def check(self) -> None:
        """Check the words.

        Raises:
            ArgumentError: no device, or no group, of that name.
        """
        if self.device not in ("all", "auto") and self.device.split(":")[0] not in _KINDS:
            raise ArgumentError("device", self.device, f"not a device; possible: all, auto, {', '.join(_KINDS)}")
        for group in self.groups:
            if group not in GROUPS:
                hint = suggestion(group, GROUPS) or f"possible: {', '.join(GROUPS)}"
                raise ArgumentError("only", group, f"no group of checks; {hint}")


def examine(
    wanted: Wanted,
    *,
    worker: Callable[[], Any] | None = None,
    tell: Callable[[str], None] = lambda words: None,
) -> Report:
    """Examine this machine; what fails is in the report, without names of user and host, tokens or home folders.

    Args:
        wanted: the extent.
        worker: makes the context manager that answers questions, a process of its own unless given.
        tell: called with what is being looked at.

    Raises:
        ArgumentError: no device, or no group, of that name.
    """
    wanted.check()
    redactor = Redactor()  # before the Hub's client is loaded, for which wrong addresses leave the environment
    with (worker or Worker)() as answering:
        report = _Examination(wanted, answering, tell).report()
    return redactor.report(report)


@dataclass
class _Examination:
    wanted: Wanted
    answering: Answering
    tell: Callable[[str], None]
    results: list[Result] = field(default_factory=list)
    turned_off: dict[str, Sequence[str]] = field(default_factory=dict)

    def report(self) -> Report:
        self.tell("loading torch")
        found, driver = self._probe(), driver_version()
        if found is not None:
            self._devices(found, driver)
        if self.wanted.hub:
            self.tell("asking the Hub")
            self.results.append(hub())
        self.tell("looking at caches")
        sections = [versions(found, driver), machine(found), devices(found), limits(), environment(), caches()]
        return Report(sections=sections, results=self.results, turned_off=self.turned_off)

    def _probe(self) -> Mapping[str, Any] | None:
        """Ask for torch's own facts; that they came is the first check."""
        began = time.monotonic()
        outline = Outline(
            group="device",
            name="torch loads",
            device="",
            workaround="install torch anew: https://pytorch.org/get-started/locally/",
        )
        found, status, note = None, "pass", ""
        try:
            found = self.answering.ask("probe", patience=_TO_LOAD)
        except Lost as reason:
            status, note = "fail", str(reason)
        seconds = time.monotonic() - began
        result = Result(outline=outline, status=status, note=note, value=seconds, unit="s", seconds=seconds)  # type: ignore[arg-type]
        self._keep(result if found else replace(result, value=None, unit=""))
        return found

    def _devices(self, found: Mapping[str, Any], driver: str | None) -> None:
        self._keep(found_gpu(found, driver))
        there = [device["device"] for device in found["devices"]]
        chosen = chosen_devices(self.wanted.device, there)
        if not chosen:
            self.results.append(_missing(self.wanted.device, found))
            return
        suspected = tuple(device["device"] for device in found["devices"] if device["turned_off"])
        given = (tuple(chosen), self.wanted.full, suspected)
        try:
            outlines: list[Outline] = self.answering.ask("outlines", *given, patience=_TO_LOAD)
        except Lost as reason:
            outline = Outline(group="device", name="hitzoo loads", device="", workaround="install hitzoo anew")
            self.results.append(Result(outline=outline, status="fail", note=str(reason)))
            return
        self._checks(outlines, given)

    def _checks(self, outlines: Sequence[Outline], given: tuple[Any, ...]) -> None:
        """Carry out the checks; those of a device that does not compute do not apply."""
        dead: set[str] = set()
        chosen = [(number, outline) for number, outline in enumerate(outlines) if self._is_wanted(outline)]
        for place, (number, outline) in enumerate(chosen):
            self.tell(f"checking {outline.device}: {outline.name} ({place + 1} of {len(chosen)})")
            if outline.device in dead:
                self.results.append(_skipped(outline, f"{outline.device} does not compute"))
                continue
            result = self._carried_out(outline, number, given)
            self.results.append(result)
            if outline.group == "device" and result.status == "fail":
                dead.add(outline.device)
            if outline.kernel and not any(
                later.kernel and later.device == outline.device for _, later in chosen[place + 1 :]
            ):
                self._settle_kernels(outline.device)

    def _carried_out(self, outline: Outline, number: int, given: tuple[Any, ...]) -> Result:
        began = time.monotonic()
        try:
            result: Result = self.answering.ask("result", *given, number, patience=outline.patience)
        except Lost as reason:
            return Result(outline=outline, status="fail", note=str(reason), seconds=time.monotonic() - began)
        if result.status == "fail" and outline.device != "cpu":
            self.answering.renew()  # a device may refuse all work of a process in which it failed
        return _of_full_memory(result) if _is_full(result) else result

    def _settle_kernels(self, device: str) -> None:
        """Turn the kernels off that failed, and on again those that passed."""
        own = [result for result in self.results if result.outline.device == device and result.outline.kernel]
        if all(result.status == "not applicable" for result in own):
            return
        failed = [result for result in own if result.status == "fail" and not _is_full(result)]
        reasons = {result.outline.kernel: result.note for result in failed}
        with suppress(Lost):  # nowhere to keep it; the results say what failed
            self.turned_off[device] = self.answering.ask("turn off", device, reasons, patience=_TO_ANSWER)

    def _keep(self, result: Result) -> None:
        """Keep a result of a check that is always made, if it is wanted or has failed."""
        if result.status == "fail" or self._is_wanted(result.outline):
            self.results.append(result)

    def _is_wanted(self, outline: Outline) -> bool:
        return not self.wanted.groups or outline.group in self.wanted.groups


def chosen_devices(wanted: str, there: Sequence[str]) -> list[str]:
    """Return those of the devices `there` that a word of `--device` means; none where it is missing."""
    if wanted == "all":
        return list(there)
    if wanted == "auto":
        return [next((device for device in there if device != "cpu"), "cpu")]
    return [device for device in there if device in (wanted, f"{wanted}:0")][:1]


def _is_full(result: Result) -> bool:
    """True for a failure of a device whose memory is full: checks need little, so others hold it."""
    return result.status == "fail" and "out of memory" in result.note.lower()


def _of_full_memory(result: Result) -> Result:
    avoid = "end the programs that hold the device's memory (nvidia-smi lists them), or choose another with --device"
    return replace(result, outline=replace(result.outline, workaround=avoid))


def _missing(device: str, found: Mapping[str, Any]) -> Result:
    there = ", ".join(entry["device"] for entry in found["devices"])
    note = f"this machine has {there}"
    if device.startswith("cuda") and found["cuda_problem"]:
        note += f"; {found['cuda_problem']}"
    outline = Outline(group="device", name="is there", device=device, workaround="--device cpu")
    return Result(outline=outline, status="fail", note=note)


def _skipped(outline: Outline, reason: str) -> Result:
    return Result(outline=outline, status="not applicable", note=reason)

"""The course of an examination, its checks scripted: what follows from a failure."""

from __future__ import annotations

import json
import os

import pytest

from hitzoo.doctor.catalogue import checks_of
from hitzoo.doctor.examination import GROUPS, Wanted, chosen_devices, examine
from hitzoo.doctor.report import Outline, Report, Result
from hitzoo.doctor.worker import Lost
from hitzoo.errors import ArgumentError
from tests.doctor.in_process import LOST, PROBE, InProcess, Script, outline

COMPUTES = outline("device", "computes")
MLP = outline("kernels", "MLP, float32", kernel="mlp")
MLP_16 = outline("kernels", "MLP, bfloat16", kernel="mlp")
STAGE = outline("kernels", "stage", kernel="stage")
NETWORK = outline("network", "optimized network")
SPEED = outline("speed", "copies", "cpu")


def examined(script: InProcess, wanted: Wanted | None = None) -> Report:
    return examine(wanted or Wanted(), worker=lambda: script)


def statuses(report: Report) -> dict[str, str]:
    return {result.outline.name: result.status for result in report.results}


def test_failed_kernels_are_turned_off_and_others_on_again() -> None:
    ends: dict[Outline, str | Exception] = {
        MLP: "pass", MLP_16: "fail: wrong numbers", STAGE: "pass", NETWORK: "pass"
    }  # fmt: skip
    script = Script(ends)
    report = examined(script)
    assert script.turned_off == {"cuda:0": {"mlp": "wrong numbers"}}
    assert report.turned_off == {"cuda:0": ["mlp"]}
    asked = [question for question, *_ in script.asked]
    assert asked == ["probe", "outlines", "result", "result", "result", "turn off", "result"]  # before the network
    again = Script(dict.fromkeys(ends, "pass"))
    assert examined(again).turned_off == {"cuda:0": []}
    assert again.turned_off == {"cuda:0": {}}


def test_address_that_leaves_the_environment_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub's client cannot be loaded with a wrong one, which is said, and not what it was."""

    def loaded() -> Result:
        address = os.environ.pop("HF_ENDPOINT")
        return Result(outline=outline("hub", "answers", ""), status="fail", note=f"HF_ENDPOINT is '{address}'")

    monkeypatch.setenv("HF_ENDPOINT", "hub.wonderland.example")
    monkeypatch.setattr("hitzoo.doctor.examination.hub", loaded)
    report = examined(Script({NETWORK: "pass"}), Wanted(hub=True))
    assert report.results[-1].note == "HF_ENDPOINT is '…'"


def test_kernels_that_were_not_checked_stay_as_they_are() -> None:
    for ends in ({MLP: "not applicable: no kernel", STAGE: "not applicable"}, {NETWORK: "pass"}):
        script = Script(ends)  # type: ignore[arg-type]
        assert examined(script).turned_off == {}
        assert script.turned_off == {}


def test_kernels_that_are_off_are_checked_at_all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = PROBE["devices"]
    monkeypatch.setitem(PROBE, "devices", [cpu, gpu | {"turned_off": ["stage"]}])
    script = Script({STAGE: "pass"})
    report = examined(script)
    assert ("outlines", ("cpu", "cuda:0"), False, ("cuda:0",)) in script.asked
    hints = {fact.key: fact.hint for section in report.sections if section.key == "devices" for fact in section.facts}
    assert "turned off: stage; they are checked again" in hints["cuda:0"]
    quick, thorough = (
        {check.outline.name for check in checks_of(("cuda:0",), full=False, suspected=suspected)}
        for suspected in ((), ("cuda:0",))
    )
    every = {check.outline.name for check in checks_of(("cuda:0",), full=True) if check.outline.kernel}
    assert quick < thorough == quick | every


def test_full_memory_is_no_kernel_s_fault() -> None:
    script = Script({MLP: "fail: OutOfMemoryError: CUDA out of memory. Tried to allocate", STAGE: "pass"})
    report = examined(script)
    assert script.turned_off == {"cuda:0": {}}
    assert report.count("fail") == 1
    assert report.results[2].outline.workaround.startswith("end the programs that hold the device's memory")


def test_device_that_does_not_compute_is_asked_nothing_more() -> None:
    script = Script({COMPUTES: "fail: no kernel image", MLP: "pass", NETWORK: "pass", SPEED: "pass"})
    report = examined(script)
    found = {result.outline.name: (result.status, result.note) for result in report.results}
    assert found["optimized network"] == ("not applicable", "cuda:0 does not compute")
    assert found["copies"] == ("pass", "")
    assert script.turned_off == {}


def test_lost_process_is_a_failed_check_and_the_others_go_on() -> None:
    report = examined(Script({MLP: LOST, NETWORK: "pass"}))
    assert statuses(report) == {
        "torch loads": "pass", "torch finds the GPU": "pass", "MLP, float32": "fail", "optimized network": "pass"
    }  # fmt: skip
    assert report.results[2].note == "its process was ended by SIGSEGV"
    assert report.turned_off == {"cuda:0": ["mlp"]}


def test_gpu_that_failed_is_checked_in_a_fresh_process() -> None:
    script = Script({MLP: "fail: illegal access", NETWORK: "pass", SPEED: "fail: wrong"})
    examined(script)
    assert script.renewals == 1  # the CPU's failure leaves nothing behind


def test_torch_that_does_not_load_is_one_failed_check() -> None:
    def broken(question: str, *given: object) -> object:
        raise Lost("its process was ended by SIGILL")

    report = examined(InProcess(broken))
    assert statuses(report) == {"torch loads": "fail"}
    assert report.results[0].value is None
    data = report.to_json()
    assert data["machine"]["threads"] is None
    assert data["devices"] == {}
    assert data["versions"]["torch"]


def test_list_of_checks_that_cannot_be_had_is_one_failed_check() -> None:
    def broken(question: str, *given: object) -> object:
        if question == "probe":
            return PROBE
        raise Lost("ImportError: no module named hitzoo.fold")

    assert statuses(examined(InProcess(broken)))["hitzoo loads"] == "fail"


def test_groups_choose_checks() -> None:
    script = Script({COMPUTES: "pass", MLP: "pass", NETWORK: "pass", SPEED: "pass"})
    assert list(statuses(examined(script, Wanted(groups=("network", "speed"))))) == ["optimized network", "copies"]


def test_groups_are_those_that_checks_have() -> None:
    found = {check.outline.group for check in checks_of(("cpu", "cuda:0", "cuda:1"), full=True)}
    assert found == set(GROUPS)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("all", ["cpu", "cuda:0", "cuda:1"]),
        ("auto", ["cuda:0"]),
        ("cuda", ["cuda:0"]),
        ("cuda:1", ["cuda:1"]),
        ("cpu", ["cpu"]),
        ("mps", []),
        ("cuda:2", []),
    ],
)
def test_devices_by_their_names(wanted: str, chosen: list[str]) -> None:
    assert chosen_devices(wanted, ["cpu", "cuda:0", "cuda:1"]) == chosen


def test_missing_device_is_a_failed_check() -> None:
    report = examined(Script({}), Wanted(device="cuda:3"))
    missing = report.results[-1]
    assert (missing.outline.device, missing.status, missing.note) == ("cuda:3", "fail", "this machine has cpu, cuda:0")


def test_words_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ArgumentError, match="not a device; possible: all, auto, cpu"):
        examined(Script({}), Wanted(device="gpu"))
    with pytest.raises(ArgumentError, match="did you mean 'kernels'"):
        examined(Script({}), Wanted(groups=("kernel",)))


def test_keys_of_json_are_stable() -> None:
    """Programs read them: a key that goes or changes its meaning needs another `format`."""
    data = examined(Script({MLP: "fail: wrong"})).to_json()
    assert json.loads(json.dumps(data)) == data
    assert data["format"] == 1
    assert set(data) == {
        "format", "versions", "machine", "devices", "limits", "environment", "caches", "checks", "turned_off", "summary"
    }  # fmt: skip
    assert set(data["versions"]) == {
        "hitzoo", "python", "torch", "cuda", "hip", "cudnn", "nccl", "onednn", "mkl", "driver", "triton", "numpy",
        "pillow", "safetensors", "huggingface_hub", "torch_fidelity", "torchvision", "onnx", "onnxruntime",
    }  # fmt: skip
    assert set(data["machine"]) == {
        "os", "architecture", "processor", "cpu_capability", "processors", "threads", "memory", "free_memory"
    }  # fmt: skip
    assert set(data["devices"]["cuda:0"]) == {
        "name", "memory", "free", "capability", "processors", "turned_off"
    }  # fmt: skip
    assert set(data["limits"]) == {"shared_memory", "open_files", "locked_memory", "disk"}
    assert set(data["caches"]) == {"hitzoo", "hub", "torch_hub", "triton", "compiler"}
    assert {frozenset(check) for check in data["checks"]} == {
        frozenset({"group", "name", "device", "status", "value", "unit", "limit", "note", "workaround", "seconds"})
    }
    assert data["summary"] == {"passed": 2, "failed": 1, "not_applicable": 0}
    assert data["checks"][-1]["workaround"] == "without MLP, float32"
    assert data["turned_off"] == {"cuda:0": ["mlp"]}

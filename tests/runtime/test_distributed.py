"""What processes say to each other, and how they leave."""

from __future__ import annotations

import json
import weakref
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist

from hitzoo.errors import RequestError, RunError
from hitzoo.runtime import distributed
from hitzoo.runtime.distributed import ALONE, World, announced_size, process_group
from hitzoo.runtime.shard import Shard

CPU = torch.device("cpu")


@pytest.fixture
def told(two_processes) -> list[dict]:
    """What each of two processes was told by the other."""
    return [json.loads((two_processes / f"world {rank}.json").read_text(encoding="utf-8")) for rank in range(2)]


@pytest.mark.processes
def test_the_first_decides_for_all(told) -> None:
    assert [process["first"] for process in told] == [True, False]
    assert [process["decided"] for process in told] == [{"rank": 0, "nothing": None}] * 2
    assert [process["decided nothing"] for process in told] == [None, None]


@pytest.mark.processes
def test_where_the_first_fails_it_alone_says_why(told) -> None:
    assert [process["left"] for process in told] == ["RunError the folder is taken", "SystemExit 2"]


@pytest.mark.processes
def test_numbers_come_together(told) -> None:
    assert [process["least"] for process in told] == [6, 6]
    assert [process["sum"] for process in told] == [[2.0, 1.0], [2.0, 1.0]]
    assert [process["merged"] for process in told] == [["both", "only 0", "only 1"]] * 2
    assert told[0]["gathered"] == [[[0.0] * 3] * 2, [[1.0] * 3] * 2]
    assert told[1]["gathered"] is None


def test_alone_nothing_is_asked_of_others() -> None:
    assert (ALONE.first, ALONE.shard) == (True, Shard(0, 1))
    rows = torch.ones(2)
    assert ALONE.all_reduce_sum(rows) is rows
    assert ALONE.all_reduce_min(3, CPU) == 3
    assert ALONE.gather(rows, CPU) == [rows]
    assert ALONE.all_gather_names(("a", "a")) == ("a", "a")
    assert ALONE.broadcast_from_first(lambda: 5) == 5
    with pytest.raises(RunError, match="no"):
        ALONE.broadcast_from_first(lambda: (_ for _ in ()).throw(RunError("no")))
    assert not dist.is_initialized()


def test_shards_are_by_rank() -> None:
    assert [World(rank, 3).shard for rank in range(3)] == [Shard(0, 3), Shard(1, 3), Shard(2, 3)]
    assert [World(rank, 3).first for rank in range(3)] == [True, False, False]


def test_the_launcher_says_how_many_there_are(monkeypatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert announced_size() == 1
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert announced_size() == 4


@pytest.mark.parametrize("announced", ["x", "", "0", "-1"])
def test_what_no_launcher_says_is_refused(monkeypatch, announced) -> None:
    monkeypatch.setenv("WORLD_SIZE", announced)
    with pytest.raises(RequestError, match="not a number of processes; start several by torchrun"):
        announced_size()


def test_processes_that_cannot_meet_are_one_message(monkeypatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RequestError, match=r"cannot meet \(.*RANK.*\); start several by torchrun"), process_group(CPU):
        pass


def test_one_process_joins_nobody(monkeypatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with process_group(CPU) as world:
        assert world == ALONE
    with (
        pytest.raises(RuntimeError, match=r"^Connection closed by peer$"),
        process_group(CPU),
    ):  # nobody's fault but ours
        raise RuntimeError("Connection closed by peer")


@pytest.fixture
def two(monkeypatch) -> list[str]:
    """The second of two processes whose group is none; what was done with it."""
    done: list[str] = []
    store = dist.HashStore()
    store.set("hitzoo/0/device", "cpu")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(distributed, "join_store", lambda who, tell: store)
    monkeypatch.setattr(dist, "init_process_group", lambda backend, **_: done.append(f"join by {backend}"))
    monkeypatch.setattr(dist, "destroy_process_group", lambda: done.append("leave"))
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    return done


def test_group_is_left_at_the_end(two) -> None:
    with process_group(CPU) as world:
        assert world == World(1, 2)
        two.append("work")
    assert two == ["join by gloo", "work", "leave"]


def test_left_group_ends_after_what_exchanged_gradients_by_it(two, monkeypatch) -> None:
    """DistributedDataParallel would end it with Python's lock held, for which a thread of the group may wait."""

    class Group:
        """torch's own has no weak references."""

    torch_holds = SimpleNamespace(WORLD=Group())
    group = weakref.ref(torch_holds.WORLD)
    monkeypatch.setattr(dist, "group", torch_holds)
    with process_group(CPU):
        pass
    torch_holds.WORLD = None
    assert group() is not None
    with process_group(CPU):
        assert group() is None


@pytest.mark.parametrize(
    "error",
    [KeyError("x"), RunError("no space left"), KeyboardInterrupt(), dist.DistNetworkError("gone"), SystemExit(3)],
    ids=lambda error: type(error).__name__,
)
def test_group_is_not_left_after_an_error_of_one_process(two, error) -> None:
    """NCCL waits in it for the others, which wait for this one in their next operation."""
    with pytest.raises(type(error) if not isinstance(error, RuntimeError) else RunError), process_group(CPU):
        raise error
    assert two == ["join by gloo"]


@pytest.mark.parametrize("rank", [0, 1])
def test_group_is_left_after_an_error_of_all_processes(two, monkeypatch, rank) -> None:
    def tell(told: list) -> None:
        told[:] = [None, 2] if rank else told
        two.append("told")

    monkeypatch.setattr(dist, "get_rank", lambda: rank)
    monkeypatch.setattr(dist, "broadcast_object_list", tell)
    monkeypatch.setattr(dist, "barrier", lambda: two.append("wait"))
    left = SystemExit if rank else RunError
    with pytest.raises(left), process_group(CPU) as world:
        world.broadcast_from_first(lambda: (_ for _ in ()).throw(RunError("the folder is taken")))
    assert two == ["join by gloo", "told", "wait", "leave"]


def test_group_that_an_error_left_behind_is_not_joined_again(two, monkeypatch) -> None:
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    with pytest.raises(RunError, match="still joined to the other processes; start the processes anew"):
        process_group(CPU).__enter__()
    assert two == []


def test_processes_on_devices_of_two_kinds_do_not_wait_for_each_other(two, monkeypatch) -> None:
    monkeypatch.setattr(dist, "is_backend_available", lambda backend: True)
    with pytest.raises(RunError, match="process 1 of 2 computes on cuda, process 0 on cpu"):
        process_group(torch.device("cuda", 1)).__enter__()
    assert two == []


GLOO = "[/pytorch/third_party/gloo/gloo/transport/tcp/"
NCCL = "NCCL error in: /pytorch/torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:3690, "


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError(f"{GLOO}pair.cc:534] Connection closed by peer [127.0.0.1]:1234"), "by peer [127.0.0.1]:1234"),
        (RuntimeError(f"{GLOO}pair.cc:547] Read error [::1]:5: Connection reset by peer"), "reset by peer"),
        (
            RuntimeError(
                f"{GLOO}pair.cc:545] Read error [::1]:5: Connection reset by peer. This is typically caused by a remote"
                " worker hanging or bugs in the application. Good luck!"
            ),
            "(Read error [::1]:5: Connection reset by peer); see its own message",
        ),
        (RuntimeError(f"{GLOO}pair.cc:300] writev [::1]:5: Broken pipe\nand more"), "Broken pipe"),
        (RuntimeError(f"{GLOO}unbound_buffer.cc:78] Timed out waiting 7200000ms for recv operation"), "7200000ms"),
        (RuntimeError("Timed out waiting 7200000ms for recv operation to complete"), "7200000ms"),
        (dist.DistBackendError("NCCL communicator was aborted on rank 1.\nand more"), "aborted on rank 1."),
        (
            dist.DistBackendError(
                f"{NCCL}remote process exited or there was a network error, NCCL version 2.27.5\nncclRemoteError: A"
                " call failed possibly due to a network error or a remote process exiting prematurely.\nLast error:\n"
                "socketPollConnect: connect to 10.0.0.1 returned Connection refused"
            ),
            "version 2.27.5; socketPollConnect: connect to 10.0.0.1 returned Connection refused",
        ),
        (dist.DistNetworkError(f"Connection to {'x' * 300} failed"), "x" * 300),
    ],
)
def test_that_another_process_has_gone_is_one_message_with_the_whole_first_line(two, error, told) -> None:
    with pytest.raises(RunError, match="another process of this run has exited") as caught, process_group(CPU):
        raise error
    assert told in str(caught.value)
    assert "--resume" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("said", "last"),
    [
        ("invalid usage (run with NCCL_DEBUG=WARN for details)", "Duplicate GPU detected : rank 1 and rank 0"),
        ("unhandled cuda error", "Cuda failure 2 'out of memory'"),
    ],
)
def test_fault_of_this_process_in_nccl_is_told_as_its_own(two, said, last) -> None:
    with pytest.raises(RunError) as caught, process_group(CPU):
        raise dist.DistBackendError(f"{NCCL}{said}, NCCL version 2.27.5\nncclError: It.\nLast error:\n{last}")
    assert str(caught.value) == (
        f"the processes can no longer work together: {NCCL}{said}, NCCL version 2.27.5; {last}"
    )


@pytest.mark.parametrize(
    "message",
    [
        "mat1 and mat2 shapes cannot be multiplied",
        "CUDA error: peer access is not supported between these two devices",
        "CUDA error: the launch timed out and was terminated",
        "connection refused by the data",
    ],
)
def test_error_of_this_process_is_not_taken_for_the_end_of_another(two, message) -> None:
    with pytest.raises(RuntimeError, match=f"^{message}$"), process_group(CPU):
        raise RuntimeError(message)


@pytest.mark.parametrize(("kind", "backend"), [("cpu", "gloo"), ("cuda", "nccl"), ("xpu", "xccl")])
def test_backend_is_that_of_the_device(two, monkeypatch, kind, backend) -> None:
    asked: list[str] = []
    monkeypatch.setattr(dist, "is_backend_available", lambda name: not asked.append(name))
    distributed.join_store(None, print).set("hitzoo/0/device", kind)
    with process_group(torch.device(kind)):
        pass
    assert two == [f"join by {backend}", "leave"]
    monkeypatch.setattr(dist, "is_backend_available", lambda name: False)
    with pytest.raises(
        RequestError, match=f"this torch has no {backend.upper()}, by which several processes on {kind}"
    ):
        process_group(torch.device(kind)).__enter__()


def test_two_processes_on_one_device_are_told_by_nccl(two, monkeypatch) -> None:
    def refuse(backend: str, **_: object) -> None:
        raise dist.DistBackendError(f"{NCCL}invalid usage\nx\nLast error:\nDuplicate GPU detected : rank 1 and rank 0")

    monkeypatch.setattr(dist, "init_process_group", refuse)
    with pytest.raises(RunError, match=r"cannot work together .*; Duplicate GPU detected : rank 1 and rank 0"):
        process_group(CPU).__enter__()

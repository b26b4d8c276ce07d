"""What processes say to each other, and how they leave."""

from __future__ import annotations

import json

import pytest
import torch
import torch.distributed as dist

from hitzoo.errors import RequestError, RunError
from hitzoo.runtime import distributed
from hitzoo.runtime.distributed import ALONE, World, announced_size, device_of_rank, process_group
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
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(distributed, "join_store", lambda who, tell: dist.HashStore())
    monkeypatch.setattr(dist, "init_process_group", lambda backend, **_: done.append(f"join by {backend}"))
    monkeypatch.setattr(dist, "destroy_process_group", lambda: done.append("leave"))
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    return done


def test_a_group_is_left_whatever_happens(two) -> None:
    with process_group(CPU) as world:
        assert world == World(1, 2)
        two.append("work")
    assert two == ["join by gloo", "work", "leave"]
    with pytest.raises(KeyError), process_group(CPU):
        raise KeyError("x")
    assert two[-1] == "leave"


@pytest.mark.parametrize(
    "message",
    [
        "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:1234",
        "NCCL communicator was aborted on rank 1.\nand more",
        "Timed out waiting 7200000ms for recv operation to complete",
    ],
)
def test_that_another_process_has_gone_is_one_message(two, message) -> None:
    with pytest.raises(RunError, match="another process of this run has exited") as caught, process_group(CPU):
        raise RuntimeError(message)
    assert "--resume" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert two[-1] == "leave"


def test_a_bug_keeps_its_traceback(two) -> None:
    with pytest.raises(RuntimeError, match=r"^mat1 and mat2 shapes cannot be multiplied$"), process_group(CPU):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")


def test_every_process_has_a_cuda_device_of_its_own(monkeypatch) -> None:
    chosen: list[torch.device] = []
    monkeypatch.setattr(distributed, "choose_device", lambda name: torch.device("cuda" if name == "auto" else name))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device_of_rank("auto") == torch.device("cuda", 1) == chosen[0]
    assert device_of_rank("cpu") == CPU
    with pytest.raises(RequestError, match=r"device 'cuda:0': every process needs its own device"):
        device_of_rank("cuda:0")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(RequestError, match=r"this machine has 2 CUDA devices, too few for --nproc-per-node 3"):
        device_of_rank("cuda")
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert device_of_rank("cuda:0") == torch.device("cuda:0")

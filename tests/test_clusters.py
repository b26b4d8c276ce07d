"""The templates for clusters: their commands are possible, and Slurm's scripts do what they say, with a Slurm made of
shell scripts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from torch.distributed.run import parse_args

from tests.cli.conftest import SPEC
from tests.test_docs import DOCS, unknown_options

CLUSTERS = DOCS / "clusters"
SCRIPTS = sorted(CLUSTERS.glob("*.sh"))
PATIENCE = 60  # seconds
ASKED = ("train", "tiny.yaml", "--out", "a run", "--resume")

SRUN = """\
#!/bin/bash
# Starts the tasks, hands SIGTERM on, and ends with the first bad code, ending the others.
while [[ $1 == --* ]]; do shift; done
tasks=() worst=0
end() { trap '' TERM; kill -TERM "${tasks[@]}" 2>/dev/null; }
trap end TERM
for ((task = 0; task < SLURM_NTASKS; task++)); do
    SLURM_PROCID=$task SLURM_LOCALID=$task "$@" &
    tasks+=($!)
done
while wait -n; code=$?; [ $code != 127 ]; do
    if [ $code != 0 ] && [ $worst = 0 ]; then worst=$code; end; fi
done
exit $worst
"""
SCONTROL = """\
#!/bin/bash
case $1 in
    show) echo localhost ;;
    requeue) echo "$2 after" $(sort saved 2>/dev/null) >> requeued ;;
esac
"""
WORKER = """\
#!/bin/bash
# What Slurm starts: it says who it is and works until it is stopped, or ends at once where the test wants that.
trap 'sleep 0.2; echo "${RANK:-0}" >> saved; exit 143' TERM
env > "environment-${RANK:-0}"
printf '%s\\n' "$@" > "words-${RANK:-0}.part"
mv "words-${RANK:-0}.part" "words-${RANK:-0}"
if [ -f "ends-${RANK:-0}" ]; then exit "$(cat "ends-${RANK:-0}")"; fi
while :; do sleep 0.05; done
"""

Submit = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def submit(tmp_path: Path) -> Iterator[Submit]:
    """Start a batch script as Slurm would, on one machine with two devices."""
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL), ("hitzoo", WORKER), ("torchrun", WORKER)):
        (tmp_path / "bin" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    started: list[subprocess.Popen[str]] = []

    def start(script: Path, *words: str) -> subprocess.Popen[str]:
        tasks = "2" if "srun" in script.stem else "1"
        slurm = {
            "SLURM_JOB_ID": "4711",
            "SLURM_JOB_NODELIST": "localhost",
            "SLURM_NNODES": "1",
            "SLURM_NTASKS": tasks,
            "SLURM_NTASKS_PER_NODE": tasks,
            "SLURM_GPUS_ON_NODE": "2",
            "SLURM_CPUS_PER_TASK": "8",
        }
        process = subprocess.Popen(
            ["bash", script, *words],
            cwd=tmp_path,
            env=os.environ | slurm | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def wait_for(*paths: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not all(path.exists() for path in paths):
        assert time.monotonic() < until, paths
        time.sleep(0.02)


def environment(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)


def check_torchrun(words: list[str], **expected: object) -> None:
    """torchrun's own parser takes these words, and hitzoo's takes the command in them."""
    parsed = parse_args(words)
    assert (parsed.module, parsed.training_script) == (True, "hitzoo")
    assert parsed.max_restarts == 3
    assert {name: getattr(parsed, name) for name in expected} == expected
    command = " ".join(["hitzoo", *parsed.training_script_args]).replace("=", " ")
    assert unknown_options(command) == []
    assert "--resume" in parsed.training_script_args


def test_every_process_knows_its_place_and_the_job_is_requeued(submit: Submit, tmp_path: Path) -> None:
    job = submit(CLUSTERS / "slurm-srun.sh", *ASKED)
    wait_for(tmp_path / "words-0", tmp_path / "words-1")
    job.send_signal(signal.SIGUSR1)
    assert (*job.communicate(timeout=PATIENCE), job.returncode) == ("", "", 0)
    assert (tmp_path / "requeued").read_text() == "4711 after 0 1\n"  # when both have saved
    for rank in ("0", "1"):
        assert (tmp_path / f"words-{rank}").read_text().splitlines() == list(ASKED)
        told = environment(tmp_path / f"environment-{rank}")
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
        assert [told[name] for name in names] == [rank, "2", rank, "2", "localhost", "24711"]
        assert told["SRUN_CPUS_PER_TASK"] == "8"
    for rank in (0, 1):
        (tmp_path / f"ends-{rank}").write_text("0")
    again = submit(CLUSTERS / "slurm-srun.sh", *ASKED)
    assert (*again.communicate(timeout=PATIENCE), again.returncode) == ("", "", 0)
    assert (tmp_path / "requeued").read_text().count("4711") == 1


def test_torchrun_of_a_machine_is_requeued(submit: Submit, tmp_path: Path) -> None:
    job = submit(CLUSTERS / "slurm-torchrun.sh", *ASKED)
    wait_for(tmp_path / "words-0")
    job.send_signal(signal.SIGUSR1)
    assert (*job.communicate(timeout=PATIENCE), job.returncode) == ("", "", 0)
    assert (tmp_path / "requeued").read_text() == "4711 after 0\n"
    assert environment(tmp_path / "environment-0")["SRUN_CPUS_PER_TASK"] == "8"
    words = (tmp_path / "words-0").read_text().splitlines()
    check_torchrun(words, nnodes="1", nproc_per_node="2", rdzv_endpoint="localhost:24711", rdzv_id="4711")
    assert tuple(words[-len(ASKED) :]) == ASKED


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_failed_job_is_not_requeued(submit: Submit, tmp_path: Path, script: Path) -> None:
    (tmp_path / ("ends-1" if "srun" in script.stem else "ends-0")).write_text("2")
    job = submit(script, *ASKED)
    assert (*job.communicate(timeout=PATIENCE), job.returncode) == ("", "", 2)
    assert not (tmp_path / "requeued").exists()


@pytest.mark.processes
@pytest.mark.exhaustive
def test_run_goes_on_where_its_job_was_requeued(submit: Submit, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(SPEC.replace("  stages:", "  norm: layer\n  stages:"))
    (tmp_path / "bin" / "hitzoo").write_text(f'#!/bin/bash\nexec {sys.executable} -m hitzoo "$@"\n')
    words = ("train", "tiny.yaml", "--device", "cpu", "--out", "run", "--log-every", "1", "--resume")
    job = submit(CLUSTERS / "slurm-srun.sh", *words, "--steps", "100000")
    assert job.stdout is not None
    for line in job.stdout:
        if line.startswith("step 2/"):
            break
    job.send_signal(signal.SIGUSR1)
    _, errors = job.communicate(timeout=PATIENCE)
    assert job.returncode == 0, errors
    (saved,) = [int(path.name.removeprefix("step-")) for path in (tmp_path / "run" / "checkpoints").glob("step-*")]
    again = submit(CLUSTERS / "slurm-srun.sh", *words, "--steps", str(saved + 1))
    out, errors = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, errors
    assert f"steps {saved + 1} to {saved + 1}" in out
    assert (tmp_path / "requeued").read_text().count("4711") == 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_slurm_reads_the_options_of_a_script(script: Path) -> None:
    """Slurm stops looking for them at the first command."""
    text = script.read_text(encoding="utf-8")
    head, _, body = text.partition("set -euo pipefail")
    assert "#SBATCH" not in body
    options = re.findall(r"^#SBATCH (--[a-z-]+)(?:=(\S+))?$", head, re.MULTILINE)
    assert len(options) == head.count("#SBATCH --")
    assert {("--signal", "B:USR1@90"), ("--requeue", ""), ("--open-mode", "append")} <= set(options)
    assert subprocess.run(["bash", "-n", script], check=True).returncode == 0
    commands = re.findall(rf"sbatch {script.name} (.*)$", head, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert unknown_options(f"hitzoo {command}") == []
        assert command.endswith("--resume")


def test_kubernetes_starts_torchrun_in_every_pod() -> None:
    service, job = yaml.safe_load_all((CLUSTERS / "kubernetes.yaml").read_text(encoding="utf-8"))
    pod, name = job["spec"]["template"]["spec"], job["metadata"]["name"]
    assert service["metadata"]["name"] == pod["subdomain"]
    assert service["spec"]["selector"] == {"job-name": name}
    (container,) = pod["containers"]
    assert container["command"] == ["torchrun"]
    args = [word.replace("$(JOB_COMPLETION_INDEX)", "1") for word in container["args"]]
    count = job["spec"]["completions"]
    assert (job["spec"]["completionMode"], job["spec"]["parallelism"]) == ("Indexed", count)
    devices = str(container["resources"]["limits"]["nvidia.com/gpu"])
    address = f"{name}-0.{service['metadata']['name']}"
    check_torchrun(args, nnodes=str(count), nproc_per_node=devices, node_rank=1, master_addr=address)
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted.keys() == {volume["name"] for volume in pod["volumes"]}
    assert {"/workspace", "/cache", "/tmp", "/dev/shm"} == set(mounted.values())
    user = pod["securityContext"]["runAsUser"]
    assert f"\nUSER {user}\n" in (DOCS.parent / "Dockerfile").read_text(encoding="utf-8")
    assert container["securityContext"]["readOnlyRootFilesystem"]


def test_skypilot_starts_torchrun(submit: Submit, tmp_path: Path) -> None:
    task: dict[str, Any] = yaml.safe_load((CLUSTERS / "skypilot.yaml").read_text(encoding="utf-8"))
    told = {"SKYPILOT_NUM_NODES": "2", "SKYPILOT_NODE_RANK": "1", "SKYPILOT_NUM_GPUS_PER_NODE": "8"}
    (tmp_path / "ends-0").write_text("0")
    script = tmp_path / "run.sh"
    script.write_text("".join(f"export {name}={value}\n" for name, value in told.items()))
    with script.open("a") as file:
        file.write("export SKYPILOT_NODE_IPS=$'10.0.0.1\\n10.0.0.2'\n" + task["run"])
    job = submit(script)
    assert (*job.communicate(timeout=PATIENCE), job.returncode) == ("", "", 0)
    words = (tmp_path / "words-0").read_text().splitlines()
    check_torchrun(words, nnodes="2", nproc_per_node="8", node_rank=1, master_addr="10.0.0.1", master_port=29400)
    assert all(path.startswith("/workspace/") for path in words if path.startswith("/"))
    assert "/workspace" in task["file_mounts"]

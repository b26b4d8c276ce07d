"""`python -m hitzoo …` in a process of its own, forked from one that has loaded torch unless `--real-starts` is given.

What a test sees is an ordinary `subprocess.Popen`: the process is its child, with its own signals, session,
environment, folder and exit code; all of hitzoo is loaded by it anew. Where Linux's ways are missing, and in
`make test-all`, every process starts as a user's does.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h


class Starter:
    """Starts `hitzoo`; the process to fork from is made by the first start that can use it."""

    def __init__(self, *, real: bool) -> None:
        self.real = real or not sys.platform.startswith("linux")
        self._server: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None

    def __call__(
        self,
        *words: object,
        cwd: Path,
        env: dict[str, str],
        before: str = "",
        session: bool = False,
        real: bool = False,
    ) -> subprocess.Popen[str]:
        """`before` is Python that runs first; `real` starts an interpreter in any case.

        One thread of OpenMP is what can be forked; a process with more is started as a user's is.
        """
        command = [sys.executable, "-m", "hitzoo", *map(str, words)]
        if before:
            command[1:3] = ["-c", f"{before}\nfrom hitzoo.__main__ import main\nmain()"]
        options: dict[str, Any] = {"cwd": cwd, "env": env, "text": True, "start_new_session": session}
        options |= {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        if real or self.real or env.get("OMP_NUM_THREADS") != "1":
            return subprocess.Popen(command, **options)
        request = {"argv": command[2:], "folder": str(cwd), "env": env, "session": session, "before": before}
        return _Forked(self._open(), request, **options)

    def close(self) -> None:
        if self._door is not None and self._server is not None:
            self._door.close()
            self._server.wait()

    def _open(self) -> socket.socket:
        if self._door is None:
            self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            script = Path(__file__).with_name("with_torch.py")
            self._server = subprocess.Popen(
                [sys.executable, script, str(theirs.fileno())],
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                pass_fds=[theirs.fileno()],
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C at the tests is not for it
            )
            theirs.close()
            assert self._door.recv(32) == b"ready"
        return self._door


class _Forked(subprocess.Popen[str]):
    """A child that the process with torch has forked; everything but its start is `Popen`'s."""

    def __init__(self, door: socket.socket, request: dict[str, Any], **options: Any) -> None:
        self._door, self._request = door, request
        super().__init__(["hitzoo"], **options)

    def _execute_child(  # type: ignore[no-untyped-def]
        self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, startupinfo, creationflags, shell,
        p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, *rest
    ) -> None:  # fmt: skip
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(_SUBREAPER, 1, 0, 0, 0) == 0
        try:
            socket.send_fds(self._door, [json.dumps(self._request).encode()], [p2cread, c2pwrite, errwrite])
            self.pid = int(self._door.recv(32))
        finally:
            libc.prctl(_SUBREAPER, 0, 0, 0, 0)
            self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)
        self._child_created = True

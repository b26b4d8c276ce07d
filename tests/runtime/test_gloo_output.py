"""Lines that gloo writes by itself do not reach a command's output."""

from __future__ import annotations

import ctypes
import os
import sys

import pytest

from hitzoo.runtime.gloo_output import without_gloo_output


@pytest.mark.skipif(sys.platform == "win32", reason="the C library of Unix")
def test_output_of_libraries_is_discarded_and_ours_is_kept(capfd) -> None:
    print("before")
    with pytest.raises(KeyError), without_gloo_output():
        ctypes.CDLL(None).puts(b"[Gloo] Rank 0 is connected")  # kept in C's buffer
        os.write(1, b"[Gloo] Rank 1 is connected\n")
        raise KeyError
    print("after")
    assert capfd.readouterr().out == "before\nafter\n"

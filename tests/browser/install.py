"""`python -m tests.browser.install`: Chromium from the distribution, where there is none and this may install it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.browser.chromium import found_chromium


def main() -> int:
    """Install it with apt where that can be done without a question; else say how. A missing browser is no error."""
    if found_chromium():
        return 0
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        print("no Chromium: tests marked browser are skipped. Install it, or set HITZOO_TEST_BROWSER to its path")
        return 0
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    return subprocess.run([*install, "chromium", "fonts-dejavu-core"], env=quiet, stdout=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())

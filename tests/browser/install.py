"""`python -m tests.browser.install`: what tests in a browser need besides packages of Python.

That is Chromium from the distribution, where there is none and this may install it, and onnxruntime-web from npm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hitzoo.explore.runtime import PACKAGE, VERSION, runtime_files
from tests.browser.chromium import found_chromium

FOLDER = Path(__file__).parents[2] / "build" / "browser"
RUNTIME = FOLDER / PACKAGE


def main() -> int:
    """Get both."""
    _get_runtime()
    return 0 if found_chromium() else _install_chromium()


def _get_runtime() -> None:
    """Fetch the package with npm where it is installed, else as hitzoo does."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    npm = shutil.which("npm")
    if not RUNTIME.exists() and npm is not None:
        subprocess.run([npm, "pack", "--silent", f"onnxruntime-web@{VERSION}"], cwd=FOLDER, stdout=subprocess.DEVNULL)
    os.environ["HITZOO_CACHE"] = str(FOLDER)
    runtime_files()


def _install_chromium() -> int:
    """Install it with apt where that can be done without a question; else say how. A missing browser is no error."""
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        print("no Chromium: tests marked browser are skipped. Install it, or set HITZOO_TEST_BROWSER to its path")
        return 0
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    return subprocess.run([*install, "chromium", "fonts-dejavu-core"], env=quiet, stdout=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())

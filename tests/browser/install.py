"""`python -m tests.browser.install`: what tests in a browser need besides packages of Python.

That is Chromium from the distribution, where there is none and this may install it, and onnxruntime-web from npm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hitzoo.errors import HitzooError
from hitzoo.explore.runtime import PACKAGE, VERSION, runtime_files
from tests.browser.chromium import found_chromium

FOLDER = Path(__file__).parents[2] / "build" / "browser"
RUNTIME = FOLDER / PACKAGE


def main() -> int:
    """Get both. What cannot be got is no error: the tests that need it are skipped, with the reason."""
    try:
        _get_runtime()
    except (HitzooError, OSError) as error:
        print(f"no onnxruntime-web: {error}")
    if not found_chromium():
        _install_chromium()
    return 0


def _get_runtime() -> None:
    """Fetch the package with npm where it is installed, else as hitzoo does."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    npm = shutil.which("npm")
    if not RUNTIME.exists() and npm is not None:
        subprocess.run([npm, "pack", "--silent", f"onnxruntime-web@{VERSION}"], cwd=FOLDER, stdout=subprocess.DEVNULL)
    os.environ["HITZOO_CACHE"] = str(FOLDER)
    runtime_files()


def _install_chromium() -> None:
    """Install it with apt where that can be done without a question; else say how."""
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        print("no Chromium: tests marked browser are skipped. Install it, or set HITZOO_TEST_BROWSER to its path")
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    if subprocess.run(install, env=quiet, stdout=subprocess.DEVNULL).returncode:
        print("no Chromium: apt-get could not install it; tests marked browser are skipped")


if __name__ == "__main__":
    sys.exit(main())

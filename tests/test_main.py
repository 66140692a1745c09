"""`python -m clearhead`."""

import subprocess
import sys

import clearhead


def test_it_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "clearhead", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"clearhead {clearhead.__version__}\n"

"""How this clearhead is called from where the user stands, for lines that are to be typed next."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def command() -> str:
    """`clearhead` where the shell would find it, else the path of the one that is running."""
    if shutil.which("clearhead"):
        return "clearhead"
    beside = Path(sys.executable).with_name("clearhead")
    if not beside.is_file():
        return f"{Path(sys.executable).name} -m clearhead"
    relative = os.path.relpath(beside)
    return shlex.quote(str(beside) if relative.startswith("..") else relative)

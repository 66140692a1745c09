"""From the C files beside this one to a library for the processor at hand, once; kept in the user's cache."""

import functools
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from clearhead.files import cache_folder, publish_file

_LOG = logging.getLogger(__name__)
SOURCES = Path(__file__).parent
# Tried in this order: a compiler may lack OpenMP (two threads in one product) or not know its own processor.
FLAGS = (("-march=native", "-fopenmp"), ("-march=native",), ("-fopenmp",), ())
ALWAYS = ("-std=gnu11", "-O3", "-shared", "-fPIC")
SECONDS = 120


def compiled(cache: Path | None = None) -> Path | None:
    """The shared library, compiled when this machine first asks for it; None where it cannot be.

    Its name is made from all that it depends on: the sources, the compiler and the processor.
    """
    compiler = find_compiler()
    if compiler is None:
        _LOG.info("no C compiler was found (cc, gcc or clang, or the one that CC names)")
        return None
    try:
        library = (cache or cache_folder()) / "native" / f"{_key(compiler)}.so"
        if not library.is_file():
            library.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with publish_file(library) as draft:
                _compile(compiler, draft)
        return library
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", None) or str(error)
        _LOG.warning("the C files could not be compiled (%s)", detail.strip().splitlines()[-1] if detail else error)
        return None


def find_compiler() -> tuple[str, ...] | None:
    """The command that compiles C: the one that the variable CC names, else the first that is found."""
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [["cc"], ["gcc"], ["clang"]]:
        if path := shutil.which(command[0]):
            return (path, *command[1:])
    return None


def _compile(compiler: Sequence[str], library: Path) -> None:
    files = [str(path) for path in sorted(SOURCES.glob("*.c"))]
    for number, flags in enumerate(FLAGS, start=1):
        command = [*compiler, *ALWAYS, *flags, *files, "-o", str(library), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=number == len(FLAGS))
        if done.returncode == 0:
            return


def _key(compiler: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for path in sorted((*SOURCES.glob("*.c"), *SOURCES.glob("*.h"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    version = subprocess.run([*compiler, "--version"], capture_output=True, timeout=SECONDS, check=True).stdout
    digest.update(b"\0".join((repr((compiler, ALWAYS, FLAGS)).encode(), version, _processor().encode())))
    return digest.hexdigest()[:32]


@functools.cache
def _processor() -> str:
    """What the compiler's `native` stands for."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    wanted = ("vendor_id", "cpu family", "model", "flags", "Features", "CPU implementer", "CPU part")
    first = text.partition("\n\n")[0].splitlines()
    return "\n".join(line for line in first if line.partition(":")[0].strip() in wanted)

"""From the C files beside this one to a library for the processor at hand, once; kept in the user's cache."""

import atexit
import contextlib
import functools
import hashlib
import logging
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from clearhead.files import cache_folder, publish_file
from clearhead.processor import processor
from clearhead.switches import is_on

_LOG = logging.getLogger(__name__)
SOURCES = Path(__file__).parent
# Tried in this order: a compiler may lack OpenMP (two threads in one product) or not know its own processor.
FLAGS = (("-march=native", "-fopenmp"), ("-march=native",), ("-fopenmp",), ())
ALWAYS = ("-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden")
SECONDS = 120
# What the compiler's `native` stands for.
_PROCESSOR = (
    "vendor_id", "cpu family", "model", "flags", "Features", "CPU implementer", "CPU part", "machine", "processor",
)  # fmt: skip

_LOCK = threading.Lock()
_FAILED: set[Path] = set()
_RUNNING: set["subprocess.Popen[str]"] = set()
_THREADS: list[threading.Thread] = []


def is_wanted() -> bool:
    """Whether compiled functions may be used: CLEARHEAD_OFF=native says not to."""
    return is_on("native")


def begin() -> None:
    """Let a thread make the library, where there is none yet, so that `compiled` has it at once or after less time.

    Where the process ends before, the compiler is stopped.
    """
    if is_wanted() and not any(thread.is_alive() for thread in _THREADS):
        _THREADS[:] = [threading.Thread(target=compiled, name="clearhead compiles", daemon=True)]
        _THREADS[0].start()
        atexit.unregister(stop)
        atexit.register(stop)


def stop() -> None:
    """Stop the compiler, if it is running: the process is about to end."""
    for thread in _THREADS:
        # The thread ends with the last that it started.
        for _ in range(20):
            for process in list(_RUNNING):
                _stop(process)
            thread.join(timeout=0.1)


def compiled(cache: Path | None = None) -> Path | None:
    """The shared library, compiled when this machine first asks for it; None where it cannot be.

    Its name is made from all that it depends on: the sources, the compiler and the processor.
    """
    compiler = find_compiler()
    if compiler is None:
        _LOG.debug("no C compiler was found (cc, gcc or clang, or the one that CC names)")
        return None
    try:
        library = (cache or cache_folder()) / "native" / f"{_key(compiler)}.so"
        with _LOCK:
            if not library.is_file() and library not in _FAILED:
                _make(compiler, library)
        return library if library.is_file() else None
    except (OSError, subprocess.SubprocessError) as error:
        _say(error)
        return None


def find_compiler() -> tuple[str, ...] | None:
    """The command that compiles C: the one that the variable CC names, else the first that is found."""
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [["cc"], ["gcc"], ["clang"]]:
        if path := shutil.which(command[0]):
            return (path, *command[1:])
    return None


def _forget_others() -> None:
    # A thread that held the lock was not copied with the process, and the compilers are the parent's.
    global _LOCK
    _LOCK = threading.Lock()
    _RUNNING.clear()
    _THREADS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_others)


def _make(compiler: Sequence[str], library: Path) -> None:
    _LOG.info("compiling C for this processor, once: some seconds")
    try:
        library.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with publish_file(library) as draft:
            _compile(compiler, draft)
    except Exception:
        _FAILED.add(library)
        raise


def _say(error: OSError | subprocess.SubprocessError) -> None:
    if isinstance(error, subprocess.CalledProcessError) and error.returncode < 0:
        return  # Stopped by a signal, as whoever sent it knows.
    detail = getattr(error, "stderr", None) or str(error)
    _LOG.warning("the C files could not be compiled (%s)", detail.strip().splitlines()[-1] if detail else error)


def _compile(compiler: Sequence[str], library: Path) -> None:
    for number, flags in enumerate(FLAGS, start=1):
        command = [*compiler, *ALWAYS, *flags]
        try:
            _build(command, library)
            return
        except subprocess.CalledProcessError as error:
            if number == len(FLAGS) or error.returncode < 0:
                raise


def _build(command: Sequence[str], library: Path) -> None:
    """Compile the files side by side, and link them."""
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=library.parent) as folder:
        objects = {str(source): f"{folder}/{source.stem}.o" for source in sorted(SOURCES.glob("*.c"))}
        _run([[*command, "-c", source, "-o", made] for source, made in objects.items()])
        _run([[*command, "-shared", *objects.values(), "-o", str(library), "-lm"]])


def _run(commands: Sequence[Sequence[str]]) -> None:
    """Run commands side by side, each in a process group of its own, which can be stopped with all that it started."""
    processes: list[subprocess.Popen[str]] = []
    try:
        for command in commands:
            started = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", process_group=0
            )
            processes.append(started)
            _RUNNING.add(started)
        for process in processes:
            _, error = process.communicate(timeout=SECONDS)
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, process.args, stderr=error)
    finally:
        for process in processes:
            _stop(process)
            _RUNNING.discard(process)
            if process.stderr is not None:
                process.stderr.close()


def _stop(process: "subprocess.Popen[str]") -> None:
    # First by a signal that lets it remove its own temporary files.
    for number in (signal.SIGTERM, signal.SIGTERM if os.name == "nt" else signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number) if hasattr(os, "killpg") else process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)


@functools.cache
def _key(compiler: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for path in sorted((*SOURCES.glob("*.c"), *SOURCES.glob("*.h"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    version = subprocess.run([*compiler, "--version"], capture_output=True, timeout=SECONDS, check=True).stdout
    lines = [f"{name}: {value}" for name, value in processor().items() if name in _PROCESSOR]
    digest.update(b"\0".join((repr((compiler, ALWAYS, FLAGS)).encode(), version, "\n".join(lines).encode())))
    return digest.hexdigest()[:32]

"""From the C files beside this one to a library for the processor at hand, once; kept in the user's cache."""

import atexit
import contextlib
import functools
import hashlib
import importlib.util
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from clearhead.files import cache_folder, not_own, publish_file, sha256
from clearhead.processor import processor
from clearhead.switches import is_on

_LOG = logging.getLogger(__name__)
SOURCES = Path(__file__).parent
# Tried in this order: a compiler may lack OpenMP (two threads in one product) or not know its own processor.
FLAGS = (("-march=native", "-fopenmp"), ("-march=native",), ("-fopenmp",), ())
# A compiler that knows OpenMP and lacks its library says so when it links, and not when the result is loaded.
_WHOLE = ("-Wl,-z,defs",) if sys.platform == "linux" else ()
ALWAYS = ("-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden")
SECONDS, VERSION_SECONDS = 120.0, 20.0
_REMEDY = "PyTorch translates, which is slower: set CC to another compiler, or CLEARHEAD_OFF=native to do without"
# How much of what a compiler says, and of a command, is shown.
_MOST_SAID, _MOST_OF_COMMAND = 200, 150
# What the compiler's `native` stands for.
_PROCESSOR = (
    "vendor_id", "cpu family", "model", "flags", "Features", "CPU implementer", "CPU part", "machine", "processor",
)  # fmt: skip

_LOCK = threading.Lock()
# Folders and keys for which compiling failed, what was said, and the folder that is used where the cache may not be.
_FAILED: set[tuple[Path, str]] = set()
_SAID: set[str] = set()
_PRIVATE: list[Path] = []
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

    Its name is made from all that it depends on, the sources, the compiler and the processor, and from what is in it:
    where a disk or a hand has changed that, it is compiled again. A cache that is not the user's own, or cannot be
    written, is not used; the library then lives as long as the process.
    """
    with _LOCK:
        compiler = find_compiler()
        if compiler is None:
            return None
        try:
            key = _key(compiler)
            folder = _own_folder((cache or cache_folder()) / "native")
            library = _whole(folder, key)
            if library is None and (folder, key) not in _FAILED:
                library = _make(compiler, folder, key)
            return library
        except (OSError, subprocess.SubprocessError) as error:
            _say(error)
            return None


def find_compiler() -> tuple[str, ...] | None:
    """The command that compiles C: the one that the variable CC names, else the first that is found.

    Where the machine has none, that of the Python package ziglang, which may be installed beside this one.
    """
    given = os.environ.get("CC", "")
    try:
        named = shlex.split(given)
    except ValueError as error:
        _warn_once(f"CC={given!r} is no command ({error}); {_REMEDY}")
        return None
    for command in [named] if named else [["cc"], ["gcc"], ["clang"]]:
        if path := shutil.which(command[0]):
            return (path, *command[1:])
    if named:
        _warn_once(f"CC={given!r} names a compiler that is not there; {_REMEDY}")
        return None
    if importlib.util.find_spec("ziglang") is not None:
        _LOG.debug("no C compiler but that of ziglang was found")
        return (sys.executable, "-m", "ziglang", "cc")
    _LOG.debug("no C compiler was found (cc, gcc or clang, or the one that CC names; or pip install ziglang)")
    return None


def remember_unusable(library: Path, reason: str) -> None:
    """Say that a compiled library cannot be used; in the cache it is marked, so that the next run need not try."""
    mark = _mark(library)
    if not mark.exists():
        _warn_once(f"{reason}; {_REMEDY}")
        with contextlib.suppress(OSError):
            mark.touch(mode=0o600)


def is_unusable(library: Path) -> bool:
    """Whether this library was found to be of no use before."""
    return _mark(library).exists()


def _mark(library: Path) -> Path:
    return library.with_suffix(".unusable")


def _warn_once(message: str) -> None:
    if message not in _SAID:
        _SAID.add(message)
        _LOG.warning("%s", message)


def _own_folder(folder: Path) -> Path:
    """The folder, where it is the user's alone and can be written; else one that is gone when the process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        problem = not_own(folder)
        if problem is None and not os.access(folder, os.W_OK | os.X_OK):
            problem = f"{folder} cannot be written"
    except OSError as error:
        problem = f"{folder}: {error.strerror}"
    if problem is None:
        return folder
    _warn_once(
        f"the cache is not used ({problem}), so C is compiled anew in every run: "
        "set CLEARHEAD_CACHE to a folder that is yours alone"
    )
    if not _PRIVATE:
        _PRIVATE.append(Path(tempfile.mkdtemp(prefix="clearhead-")))
        atexit.register(_remove_private, _PRIVATE[0], os.getpid())
    return _PRIVATE[0]


def _remove_private(folder: Path, owner: int) -> None:
    # A forked process' copy of this must not take the library from its parent.
    if owner == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


def _whole(folder: Path, key: str) -> Path | None:
    """The library of this key, if there is one and it is what was compiled; what is not is removed."""
    for library in folder.glob(f"{key}-*.so"):
        with contextlib.suppress(OSError):
            own = folder in _PRIVATE or not not_own(library)
            if own and library.is_file() and library.stem == f"{key}-{_digest(library)}":
                return library
            shutil.rmtree(library) if library.is_dir() and not library.is_symlink() else library.unlink()
    return None


def _digest(library: Path) -> str:
    return sha256(library)[:32]


def _forget_others() -> None:
    # A thread that held the lock was not copied with the process, and the compilers are the parent's.
    global _LOCK
    _LOCK = threading.Lock()
    _RUNNING.clear()
    _THREADS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_others)


def _make(compiler: Sequence[str], folder: Path, key: str) -> Path:
    _LOG.info("compiling C for this processor, once: some seconds")
    try:
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=folder) as draft:
            made = Path(draft) / f"{key}.so"
            _compile(compiler, made)
            library = folder / f"{key}-{_digest(made)}.so"
            with publish_file(library) as published:
                shutil.copyfile(made, published)
        library.chmod(0o700)
        return library
    except Exception:
        _FAILED.add((folder, key))
        raise


def _say(error: OSError | subprocess.SubprocessError) -> None:
    if isinstance(error, subprocess.CalledProcessError) and error.returncode < 0:
        return  # Stopped by a signal, as whoever sent it knows.
    _warn_once(f"the C files could not be compiled ({_reason(error)}); {_REMEDY}")


def _reason(error: OSError | subprocess.SubprocessError) -> str:
    """Why, in one short line: what the compiler calls an error, else its last word, else how it ended."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"the compiler did not answer in {error.timeout:.0f} s"
    if not isinstance(error, subprocess.CalledProcessError):
        return _short(f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error))
    lines = [line for line in str(error.stderr or "").splitlines() if line.strip(" \t\0")]
    # What follows the first error, as "compilation terminated.", says nothing new.
    if lines:
        return _short(next((line for mark in ("error:", "error") for line in lines if mark in line.lower()), lines[-1]))
    command = error.cmd if isinstance(error.cmd, str) else shlex.join(map(str, error.cmd))
    return f"{_short(command, _MOST_OF_COMMAND)} ended with exit code {error.returncode} and said nothing"


def _short(text: str, most: int = _MOST_SAID) -> str:
    """A text as one line that can be shown."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text[-65_536:]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


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
        _run([[*command, "-shared", *_WHOLE, *objects.values(), "-o", str(library), "-lm"]])


def _run(commands: Sequence[Sequence[str]], seconds: float = SECONDS) -> str:
    """Run commands side by side, each in a process group of its own, which can be stopped with all that it started.

    Returns what the last one printed.
    """
    output = ""
    processes: list[subprocess.Popen[str]] = []
    try:
        for command in commands:
            started = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", process_group=0
            )
            processes.append(started)
            _RUNNING.add(started)
        for process in processes:
            output, error = process.communicate(timeout=seconds)
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, process.args, stderr=error)
    finally:
        for process in processes:
            _stop(process)
            _RUNNING.discard(process)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
    return output


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
    version = _run([[*compiler, "--version"]], VERSION_SECONDS)
    lines = [f"{name}: {value}" for name, value in processor().items() if name in _PROCESSOR]
    digest.update(b"\0".join((repr((compiler, ALWAYS, FLAGS)).encode(), version.encode(), "\n".join(lines).encode())))
    return digest.hexdigest()[:32]

"""`clearhead check`: what this machine has, and what is missing."""

import contextlib
import os
import platform
import shlex
import shutil
import sys

import clearhead
from clearhead.cli.machine import keep_freed_memory
from clearhead.cli.options import Debug, Quiet
from clearhead.files import cache_folder, not_own
from clearhead.native.compiler import find_compiler

REQUIRED = ("torch", "numpy", "tokenizers", "safetensors", "pydantic", "sacrebleu")


def check(quiet: Quiet = False, debug: Debug = False) -> None:
    """Print what clearhead found on this machine."""
    # Importing it takes longer than the rest of the help.
    from importlib.metadata import version

    rows = {
        "clearhead": clearhead.__version__,
        "Python": f"{platform.python_version()} ({sys.executable})",
        **{name: version(name) for name in REQUIRED},
        "processor": _processor(),
        "GPU": _gpu(),
        "C compiler": _compiler(),
        "memory allocator": "keeps freed buffers" if keep_freed_memory() else "left as it is (no glibc)",
        "cache": f"{cache_folder()} ({_cache_size()}, {_free_space()})",
    }
    width = max(len(name) for name in rows)
    for name, value in rows.items():
        print(f"{name:{width}}  {value}")


def _processor() -> str:
    import torch

    vectors = torch.backends.cpu.get_cpu_capability()
    return f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads, vectors of {vectors}"


def _gpu() -> str:
    import torch

    if torch.cuda.is_available():
        return ", ".join(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
    reason = (
        "this torch is a CPU build" if torch.version.cuda is None else "torch is built for CUDA but finds no device"
    )
    return f"none ({reason}); training and translating use the CPU"


def _compiler() -> str:
    found = find_compiler()
    if found is None:
        return "none (cc, gcc or clang); PyTorch translates, which is slower: `pip install ziglang` is a compiler too"
    return shlex.join(found)


def _free_space() -> str:
    folder = cache_folder().absolute()
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return f"{folder} cannot be written: set CLEARHEAD_CACHE to a folder that can"
    native = cache_folder() / "native"
    if native.exists() and (problem := not_own(native)):
        return f"not used for C: {problem}; set CLEARHEAD_CACHE to a folder that is yours alone"
    return f"{shutil.disk_usage(folder).free / 2**30:.0f} GiB free"


def _cache_size() -> str:
    folder = cache_folder()
    if not folder.exists():
        return "not made yet"
    total = 0
    for file in folder.rglob("*"):
        # Another process may be removing it.
        with contextlib.suppress(OSError):
            total += file.stat().st_size if file.is_file() else 0
    return f"{total / 2**20:.0f} MiB"

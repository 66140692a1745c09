"""Settings of the whole process that only a program of our own may make, never an imported library."""

import ctypes
import os
import sys

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory() -> bool:
    """Let glibc keep large buffers that were freed, to be used again; False where there is no glibc.

    A training step frees and asks for the same large tensors over and over. Given back to the kernel at each free,
    they cost a page fault for every 4 KiB when they return: a quarter of the time of training a small model on a CPU.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # Before version 2.35 glibc takes no threshold above 32 MiB.
    kept = mallopt(_M_MMAP_THRESHOLD, 1 << 30) == 1 or mallopt(_M_MMAP_THRESHOLD, 32 << 20) == 1
    settings = ((_M_TRIM_THRESHOLD, (1 << 31) - 1), (_M_TOP_PAD, 64 << 20))
    return all([kept, *(mallopt(name, value) == 1 for name, value in settings)])


def wait_briefly() -> None:
    """Let threads that wait for others go to sleep after some microseconds; before torch is imported, which reads it.

    GNU's OpenMP lets them run on the spot for milliseconds. Where another program wants the core, the thread that they
    wait for is the one that does not run: beside other busy processes training was up to 1.8 times as slow (decision
    0020). A user who has set either variable knows better.
    """
    if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
        os.environ["GOMP_SPINCOUNT"] = "10000"


def start_no_idle_threads() -> None:
    """Keep NumPy's linear algebra, which nobody here asks for products, from starting threads; before it is imported.

    They cost a tenth of a second of processor time, a quarter of what it takes to translate a sentence. torch's threads
    are its own.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

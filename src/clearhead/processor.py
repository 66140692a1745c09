"""What the machine's processor is: what it can do, and whose sums may differ from another's in their last bits."""

import functools
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path


@functools.cache
def processor() -> Mapping[str, str]:
    """What Linux says of the first core, as "vendor_id", "cpu family", "flags"; elsewhere "machine" and "processor"."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {"machine": platform.machine(), "processor": platform.processor()}
    pairs = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def processor_kind() -> str:
    """Which kind it is, in a few words: processors of one kind compute the same, to the last bit."""
    kinds = ("vendor_id", "cpu family", "model", "CPU implementer", "CPU part", "machine")
    return " ".join(processor()[name] for name in kinds if name in processor()) or platform.machine()


def cores() -> int:
    """How many threads may compute: what torch is set to, once it is there; else OMP_NUM_THREADS, or this process'."""
    if (torch := sys.modules.get("torch")) is not None and hasattr(torch, "get_num_threads"):
        return int(torch.get_num_threads())
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

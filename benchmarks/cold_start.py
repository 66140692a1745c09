"""From nothing to the first translation: processes that have just begun, each measured several times.

    python benchmarks/cold_start.py runs/street --to fr

Prints the median seconds of `import clearhead`, of the first translation of a sentence where the compiled functions lie
in the cache, of the same where they do not (the first ever: PyTorch begins, the compiler works beside it), and without
them. For comparison it times `import torch` alone, below which no translation can begin.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SENTENCE = b"The animal didn't cross the street because it was too tired.\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--to", help="the language to translate into, where the model knows several")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    python = [sys.executable, "-c"]
    translate = [sys.executable, "-m", "clearhead", "translate", str(chosen.model), "--quiet"]
    translate += ["--to", chosen.to] if chosen.to else []
    rows: list[tuple[str, Callable[[], float]]] = [
        ("import torch", lambda: seconds([*python, "import torch"])),
        ("import clearhead", lambda: seconds([*python, "import clearhead"])),
        ("first translation", lambda: seconds(translate)),
        ("first translation ever", lambda: with_empty_cache(translate)),
        ("first translation, CLEARHEAD_OFF=native", lambda: seconds(translate, CLEARHEAD_OFF="native")),
    ]
    seconds(translate)  # Files are read, and what is compiled is made.
    for name, measure in rows:
        taken = sorted(measure() for _ in range(chosen.rounds))
        print(f"{name:42}{statistics.median(taken):6.2f} s  ({taken[0]:.2f} to {taken[-1]:.2f})", flush=True)


def with_empty_cache(command: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return seconds(command, CLEARHEAD_CACHE=folder)


def seconds(command: list[str], **environment: str) -> float:
    """How long a process takes that translates one sentence."""
    began = time.perf_counter()
    done = subprocess.run(command, input=SENTENCE, capture_output=True, env={**os.environ, **environment}, check=False)
    taken = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stderr.decode().strip())
    return taken


if __name__ == "__main__":
    main()

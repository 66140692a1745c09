"""From nothing to the first translation: processes that have just begun, each measured several times.

    python benchmarks/cold_start.py runs/street --to fr
    python benchmarks/cold_start.py street --to fr --beside ../before/src

Prints the median seconds, processor seconds and MiB at most of `import clearhead`, of the first translation of a
sentence where the compiled functions lie in the cache, of the same where they do not (the first ever: PyTorch begins,
the compiler works beside it), and without them. For comparison it times `import torch` alone.

beside: the `src` of another checkout, whose first translation is measured in turn with this one's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import results_file

FORMATS = {"seconds": ".2f", "processor seconds": ".2f", "MiB at most": ".0f"}
SENTENCE = b"The animal didn't cross the street because it was too tired.\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--to", help="the language to translate into, where the model knows several")
    parser.add_argument("--rounds", type=int, default=5)
    results_file.add_option(parser)
    parser.add_argument("--beside", type=Path, help="the folder `src` of another checkout")
    chosen = parser.parse_args()
    python = [sys.executable, "-c"]
    translate = [sys.executable, "-m", "clearhead", "translate", str(chosen.model), "--quiet"]
    translate += ["--to", chosen.to] if chosen.to else []
    rows: list[tuple[str, Callable[[], Cost]]] = [
        ("import torch", lambda: cost([*python, "import torch"])),
        ("import clearhead", lambda: cost([*python, "import clearhead"])),
        ("first translation", lambda: cost(translate)),
        ("first translation ever", lambda: with_empty_cache(translate)),
        ("first translation, CLEARHEAD_OFF=native", lambda: cost(translate, CLEARHEAD_OFF="native")),
    ]
    if chosen.beside:
        other = str(chosen.beside.resolve())
        rows = [rows[2], (f"the same by {chosen.beside}", lambda: cost(translate, PYTHONPATH=other))]
    for _, measure in rows:
        measure()  # Files are read, and what is compiled is made.
    taken: list[list[Cost]] = [[] for _ in rows]
    for _ in range(chosen.rounds):
        for costs, (_, measure) in zip(taken, rows, strict=True):
            costs.append(measure())
    found = [
        {
            "": name,
            **{
                column: statistics.median(figures)
                for column, figures in zip(FORMATS, zip(*costs, strict=True), strict=True)
            },
        }
        for costs, (name, _) in zip(taken, rows, strict=True)
    ]
    results_file.report(chosen.save, found, f"Medians of {chosen.rounds} processes each, in turn", FORMATS)


class Cost(NamedTuple):
    seconds: float
    processor: float
    memory: float


def with_empty_cache(command: list[str]) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        return cost(command, CLEARHEAD_CACHE=folder)


# Runs a command as its only child, so that what it used is known.
MEASURE = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, stdin=sys.stdin)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds = time.perf_counter() - began
processor, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
print(json.dumps([done.returncode, seconds, processor, memory, done.stderr.decode()]))
"""


def cost(command: list[str], **environment: str) -> Cost:
    """What a process takes that translates one sentence."""
    environ = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], input=SENTENCE, capture_output=True, env=environ, check=True
    )
    code, seconds, processor, memory, error = json.loads(done.stdout)
    if code:
        sys.exit(error.strip())
    return Cost(seconds, processor, memory)


if __name__ == "__main__":
    main()

"""A million lines through a pipe: in order, one out for each in, at constant memory.

    python benchmarks/million_lines.py runs/street --text sentences.en --lines 1000000 -- --to fr --precision int8

Feeds the lines of a text over and over into `clearhead translate MODEL --workers 2 …`, compares every line that comes
out with what its sentence gave the first time, and watches the memory: the proportional set size of the process and of
those that it started, in MiB, ten times over the run.
"""

import argparse
import itertools
import subprocess
import sys
import threading
import time
from pathlib import Path

import results_file


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="after --: further options of `clearhead translate`",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--text", type=Path, required=True, help="sentences, one a line")
    parser.add_argument("--lines", type=int, default=1_000_000)
    results_file.add_option(parser)
    # argparse would take what follows -- for the positional arguments before it.
    arguments = sys.argv[1:]
    border = arguments.index("--") if "--" in arguments else len(arguments)
    chosen, options = parser.parse_args(arguments[:border]), arguments[border + 1 :]
    sentences = chosen.text.read_bytes().splitlines()
    command = [sys.executable, "-m", "clearhead", "translate", str(chosen.model), "--workers", "2", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    source = process.stdin
    began = time.perf_counter()

    def feed() -> None:
        for line in itertools.islice(itertools.cycle(sentences), chosen.lines):
            source.write(line + b"\n")
        source.close()

    threading.Thread(target=feed, daemon=True).start()
    first: dict[bytes, bytes] = {}
    count = wrong = greatest = 0
    for line, sentence in zip(process.stdout, itertools.cycle(sentences), strict=False):
        wrong += first.setdefault(sentence, line) != line
        count += 1
        if count % (chosen.lines // 10) == 0:
            memory = proportional_set_size(process.pid)
            greatest = max(greatest, memory)
            print(f"{count:10,} lines  {time.perf_counter() - began:7.1f} s  {memory:6,} MiB", flush=True)
    if process.wait() or count != chosen.lines or wrong:
        raise SystemExit(f"{count:,} lines of {chosen.lines:,}, {wrong:,} of them another line's translation")
    seconds = time.perf_counter() - began
    row = {"lines": count, "seconds": round(seconds), "lines a second": round(count / seconds), "MiB at most": greatest}
    method = "Two workers; each line compared with what its sentence gave first; proportional set size of all processes"
    results_file.report(chosen.save, [row], method, {"lines": ",", "seconds": ",", "lines a second": ","})


def proportional_set_size(process: int) -> int:
    """In MiB, of a process and its children; 0 for one that has just ended."""
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return own // 1024 + sum(proportional_set_size(int(child)) for child in children)


if __name__ == "__main__":
    main()

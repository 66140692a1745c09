"""What every peer is given and what it gives back. It imports nothing but numpy, which every environment has."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Ids, padded at their ends. source ends with the end id; target begins with begin and ends with end."""

    source: Ids
    target: Ids
    target_tokens: int


class Task:
    """A folder that `bench.py` wrote: sizes and settings, the corpus as pieces and as ids, the batches of an epoch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = json.loads((folder / "task.json").read_text())
        self._arrays = np.load(folder / "ids.npz")

    def batches(self) -> Iterator[Batch]:
        """The batches of one epoch, over and over."""
        arrays = self._arrays
        stops = arrays["batch_stops"].tolist()
        while True:
            for start, stop in zip([0, *stops[:-1]], stops, strict=True):
                examples = arrays["batch_examples"][start:stop]
                source, _ = self._padded("source", examples)
                target, tokens = self._padded("target", examples)
                begin = np.full((len(target), 1), self.settings["begin"], dtype=np.int64)
                yield Batch(source, np.concatenate((begin, target), axis=1), tokens)

    def _padded(self, side: str, examples: Ids) -> tuple[Ids, int]:
        ids, stops = self._arrays[f"{side}_ids"], self._arrays[f"{side}_stops"]
        rows = [ids[stops[example - 1] if example else 0 : stops[example]] for example in examples.tolist()]
        padded = np.full((len(rows), max(map(len, rows))), self.settings["padding"], dtype=np.int64)
        for row, values in zip(padded, rows, strict=True):
            row[: len(values)] = values
        return padded, sum(map(len, rows))


def measure(step: Callable[[Batch], None], batches: Iterable[Batch], seconds: float, warm_up: int) -> None:
    """Train on `warm_up` batches, then for `seconds`; print the target tokens a second of the latter."""
    batches = iter(batches)
    for _ in range(warm_up):
        step(next(batches))
    tokens, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        batch = next(batches)
        step(batch)
        tokens += batch.target_tokens
    report(tokens / elapsed)


def steps_for(task: Task, seconds: float, times_slower: float = 1.0) -> tuple[int, int]:
    """For commands that count steps: how many are likely to take so many seconds, and how many there are to a line.

    times_slower: than clearhead. There are four lines of the log at least, of which the first is not to be counted.
    """
    likely = seconds * task.settings["likely_speed"] / times_slower / task.settings["batch_tokens"]
    line = min(10, max(2, int(likely / 4)))
    return max(4, round(likely / line)) * line, line


def report(tokens_per_second: float) -> None:
    """The last line of a peer's output, which `bench.py` reads."""
    print(json.dumps({"tokens_per_second": tokens_per_second}), flush=True)


def arguments() -> tuple[Task, float]:
    """A peer's command line: the task's folder, and for how many seconds to measure."""
    return Task(Path(sys.argv[1])), float(sys.argv[2])

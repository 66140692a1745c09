"""What every translating peer is given and what it gives back. It imports nothing but the standard library."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


class TranslationTask:
    """A folder that `translating.py` wrote: the model's sizes, its weights, and sources as ids with their ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = json.loads((folder / "task.json").read_text())
        self.config: dict[str, Any] = self.settings["config"]
        self.sources: list[list[int]] = self.settings["sources"]
        # With NumPy's arrays offsets, targets and always of `clearhead.decoding.Shortlist`; the task may have none.
        self.shortlist = folder / "shortlist.npz"


def measure_batches(translate: Callable[[], int], seconds: float = 8.0) -> None:
    """Translate everything once unmeasured, then over and over for some seconds; print target tokens a second."""
    translate()
    tokens, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        tokens += translate()
    report(tokens_per_second=tokens / elapsed)


def measure_one_at_a_time(
    candidates: Sequence[Callable[[int], int]], sentences: int, seconds: float = 5.0, most: int = 200
) -> None:
    """Translate sentence after sentence by each candidate; print the best one's median time and tokens a second."""
    results = []
    for translate in candidates:
        for number in range(min(5, sentences)):
            translate(number)
        times, tokens, began = [], 0, time.perf_counter()
        for number in range(min(most, sentences)):
            start = time.perf_counter()
            tokens += translate(number)
            times.append(time.perf_counter() - start)
            if time.perf_counter() - began > seconds:
                break
        results.append((statistics.median(times) * 1000, tokens / sum(times)))
    milliseconds, tokens_per_second = min(results)
    report(tokens_per_second=tokens_per_second, milliseconds=milliseconds)


def report(**figures: float) -> None:
    """The last line of a peer's output, which `translating.py` reads."""
    print(json.dumps(figures), flush=True)

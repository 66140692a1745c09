"""What every generating peer is given and what it gives back. It imports nothing but the standard library and NumPy."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from translation_task import report

Ids = list[list[int]]


class GeneratingTask:
    """A folder that `generating.py` wrote, and what the command line says: FOLDER PROMPTS PRECISION.

    weights: NumPy arrays by clearhead's names. prompts: ids, all of one length.
    """

    def __init__(self) -> None:
        self.folder, count, self.precision = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
        settings: dict[str, Any] = json.loads((self.folder / "task.json").read_text())
        self.config: dict[str, Any] = settings["config"]
        self.end: int = settings["end"]
        self.new_tokens: int = settings["new_tokens"]
        self.prompts: Ids = settings["sources"][:count]

    @property
    def weights(self) -> Any:
        return np.load(self.folder / "weights.npz")


def measure(task: GeneratingTask, ways: Sequence[Callable[[Ids, int], Ids]]) -> None:
    """Print new tokens a second, in the faster of some ways, and leave what was written in the task's folder.

    The time to the first token is that in which one new token comes, the least of the ways' medians of 5 times.
    ways: functions of prompts and of how many tokens to write for each.
    """
    found, firsts = [], []
    for generate in ways:
        generate(task.prompts, 8)
        texts, seconds = timed(lambda: generate(task.prompts, task.new_tokens))  # noqa: B023
        found.append((sum(map(len, texts)) / seconds, texts))
        firsts.append(statistics.median(timed(lambda: generate(task.prompts, 1))[1] for _ in range(5)))  # noqa: B023
    speed, texts = max(found, key=lambda one: one[0])
    assert {len(text) for text in texts} == {task.new_tokens}
    (task.folder / f"{Path(sys.argv[0]).stem}-{task.precision}.json").write_text(json.dumps(texts))
    report(tokens_per_second=speed, first_milliseconds=1000 * min(firsts))


def timed(work: Callable[[], Ids]) -> tuple[Ids, float]:
    """What it gives, and the seconds that it took."""
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began

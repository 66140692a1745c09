"""What every embedding peer is given and what it gives back. It imports nothing but the standard library and NumPy."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from translation_task import report


class EmbeddingTask:
    """A folder that `pretrained.py` wrote, and what the command line says: FOLDER TEXTS PRECISION."""

    def __init__(self) -> None:
        self.folder, count, self.precision = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
        self.texts: list[str] = json.loads((self.folder / "task.json").read_text(encoding="utf-8"))["texts"][:count]


def measure(task: EmbeddingTask, embed: Callable[[list[str]], Any]) -> None:
    """Print texts a second, tokens being made too, and leave the vectors of length 1 in the task's folder."""
    embed(task.texts[:32])
    began = time.perf_counter()
    vectors = np.asarray(embed(task.texts))
    seconds = time.perf_counter() - began
    assert len(vectors) == len(task.texts)
    np.save(task.folder / f"{Path(sys.argv[0]).stem}-{task.precision}.npy", vectors)
    report(texts_per_second=len(vectors) / seconds)

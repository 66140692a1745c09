"""How fast a run is."""

import contextlib
import time
from collections.abc import Iterator


class Throughput:
    """Measures the speed of steps, without the time spent between them."""

    def __init__(self) -> None:
        self._before = 0, 0.0
        self._reset()

    def add(self, tokens: int) -> None:
        """Count a step."""
        self._tokens += tokens
        self._steps += 1

    @property
    def seconds_a_step(self) -> float:
        """The mean over the steps since the reading before the last one; 0 where there was none."""
        steps, seconds = self._before
        seconds += time.perf_counter() - self._since
        return seconds / (steps + self._steps) if steps + self._steps else 0.0

    def read(self) -> tuple[float, float]:
        """Tokens a second and seconds a step since the last reading."""
        seconds = max(time.perf_counter() - self._since, 1e-9)
        result = self._tokens / seconds, seconds / max(self._steps, 1)
        self._before = self._steps, seconds
        self._reset()
        return result

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time of what happens inside."""
        began = time.perf_counter()
        yield
        self._since += time.perf_counter() - began

    def _reset(self) -> None:
        self._tokens = self._steps = 0
        self._since = time.perf_counter()

"""How fast a run is, and how long it takes."""

import contextlib
import time
from collections.abc import Iterator, Mapping


def times_due(every: int, step: int, steps: int) -> int:
    """How often what is done each `every` steps, and after the last one, is still due after `step` of `steps`."""
    return max(0, steps // every - step // every + (steps % every != 0 and step < steps))


class Throughput:
    """Measures the speed of steps, without the time spent between them, and that time."""

    def __init__(self) -> None:
        self._before = 0, 0.0
        self._pauses: dict[str, float] = {}
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

    def seconds_left(self, steps: int, pauses: Mapping[str, int]) -> float:
        """How long so many steps take, and so many pauses of each name.

        A pause takes as long as the last one of its name; before the first one nobody knows, and it counts as 0.
        """
        return steps * self.seconds_a_step + sum(count * self._pauses.get(name, 0.0) for name, count in pauses.items())

    @contextlib.contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Do not count the time of what happens inside among that of steps. name: what it is, such as a validation."""
        began = time.perf_counter()
        yield
        self._pauses[name] = time.perf_counter() - began
        self._since += self._pauses[name]

    def _reset(self) -> None:
        self._tokens = self._steps = 0
        self._since = time.perf_counter()

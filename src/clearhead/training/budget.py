"""`training.batch_tokens: auto`: how many tokens a batch may have, found by trying steps."""

import gc
import logging
import math
from collections.abc import Callable

import torch

from clearhead.errors import RecipeError
from clearhead.recipe import ResolvedTraining
from clearhead.tasks import AnyTask, Model
from clearhead.training.memory import free_memory, most_resident, resident
from clearhead.training.train_step import TrainStep

_LOG = logging.getLogger(__name__)
# On a CPU more tokens a batch are no faster, and take fewer updates; on a GPU it is the batch of the paper (5.1).
MOST = {"cpu": 4_096, "cuda": 25_000}
# Of the memory that is free. On a CPU nobody says that there is too little: the system swaps, or ends the process.
SHARE = {"cpu": 0.5, "cuda": 0.85}
# Up to so many tokens steps are tried. On a CPU these tell how much each token takes; on a GPU all are.
TRIED = {"cpu": 512, "cuda": MOST["cuda"]}
# What is found in between is rounded down to a multiple of this.
UNIT = 64

# Takes a step of at least so many tokens: how many it had, and bytes; None where there was no memory for it.
Taken = Callable[[int], tuple[int, int] | None]


def find_batch_tokens(
    make_model: Callable[[], Model], settings: ResolvedTraining, longest: int, task: AnyTask | None = None
) -> int:
    """As many tokens as a step finds memory for, and not more than `MOST`; one line about it is logged.

    Nothing of the run depends on the trials: each has a model of its own, and random numbers are left as they were.

    longest: that of the longest example, which a batch must hold. task: its family's where none is given.
    settings: their `batch_tokens` is not looked at.
    Raises RecipeError where there is no memory for it.
    """
    device, length = settings.device, settings.packed_length or longest
    most, trial = max(MOST[device], length), Trial(make_model, settings, length, task)
    free, taken = _on_gpu(trial) if device == "cuda" else _on_cpu(trial)
    found = most if free is None else search(taken, length, most, SHARE[device] * free, TRIED[device])
    share = f"{SHARE[device]:.0%} of the {(free or 0) / 2**30:.1f} GiB that are free"
    if found == 0:
        raise RecipeError(
            f"training.batch_tokens=auto: a step with one row of {length} tokens takes more than {share}; lower "
            f"data.filters.max_tokens, or choose a smaller model"
        )
    unit = length if settings.packing else 1 if found == most else UNIT
    tokens = max(length, found // unit * unit)
    reason = f": a step then takes about {share}"
    if free is None:
        reason = ", as how much memory is free is not known here"
    elif found == most:
        reason = f", the most on a {'GPU' if device == 'cuda' else 'CPU'}"
    _LOG.info("training.batch_tokens=auto is %s%s", f"{tokens:,}", reason)
    return tokens


def search(taken: Taken, least: int, most: int, limit: float, tried: int) -> int:
    """The most tokens, from `least` to `most`, with which a step takes `limit` bytes or less; 0 where there are none.

    Steps are tried with twice as many tokens each time, up to `tried`. Between and beyond, bytes grow with tokens along
    a straight line; what that gives is tried as well where it is not beyond `tried`.
    """
    measured: list[tuple[int, int]] = []
    tokens = least
    while (one := taken(tokens)) is not None and one[1] <= limit:
        measured.append(one)
        if tokens >= most:
            return most
        if tokens >= tried or (len(measured) > 1 and _reaching(measured, limit) < 2 * tokens):
            break
        tokens = min(2 * tokens, most)
    if len(measured) < 2:
        return least if measured else 0
    found = int(min(most, _reaching(measured, limit)))
    while measured[-1][0] < found <= tried and taken(found) is None:
        found = max(measured[-1][0], found * 9 // 10)
    return found


def _reaching(measured: list[tuple[int, int]], limit: float) -> float:
    """With how many tokens the line through the last two of `measured` reaches `limit`."""
    (tokens, taken), (more_tokens, more_taken) = measured[-2:]
    each = (more_taken - taken) / (more_tokens - tokens)
    return more_tokens + (limit - more_taken) / each if each > 0 else math.inf


class Trial:
    """Steps of batches that no batch of the run exceeds: rows of `length` places without padding."""

    def __init__(
        self, make_model: Callable[[], Model], settings: ResolvedTraining, length: int, task: AnyTask | None = None
    ) -> None:
        self._make_model, self._length, self._task = make_model, length, task
        # Compiling takes a minute for each shape, and saves memory rather than taking some.
        self._settings = settings.model_copy(update={"compile": False, "graph": False})

    def step(self, tokens: int) -> int:
        """Take a step of at least so many tokens, which is forgotten; how many there were."""
        rows = math.ceil(tokens / self._length)
        devices = [torch.cuda.current_device()] if self._settings.device == "cuda" else []
        with torch.random.fork_rng(devices):
            train_step = TrainStep(self._make_model(), self._settings, task=self._task)
            max_length = train_step.model.config.max_length
            packing = self._settings.packing
            train_step.step(1, [train_step.task.full_batch(rows, self._length, max_length, packing)])
            # Reading it waits for the device.
            float(train_step.loss)
        return rows * self._length


def _on_cpu(trial: Trial) -> tuple[int | None, Taken]:
    """How much memory is free, None where that or what a step takes is not known; and what a step takes of it."""
    free, before = free_memory(), resident()
    known = before is not None and most_resident(lambda: None) is not None

    def taken(tokens: int) -> tuple[int, int] | None:
        places: list[int] = []
        peak = most_resident(lambda: places.append(trial.step(tokens)))
        gc.collect()
        return places[0], max(0, (peak or 0) - (before or 0))

    return free if known else None, taken


def _on_gpu(trial: Trial) -> tuple[int | None, Taken]:
    torch.cuda.empty_cache()
    free = torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved()

    def taken(tokens: int) -> tuple[int, int] | None:
        torch.cuda.reset_peak_memory_stats()
        try:
            return trial.step(tokens), torch.cuda.max_memory_reserved()
        except torch.OutOfMemoryError:
            return None
        finally:
            gc.collect()
            torch.cuda.empty_cache()

    return free, taken

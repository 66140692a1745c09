"""A step's random numbers: a function of (seed, step, rank), so that a run that is resumed draws the same ones."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager

import numpy as np
import torch


def step_seed(seed: int, step: int, rank: int = 0) -> int:
    """The seed of step `step`, which counts from 1, on the machine number `rank` of those that train together."""
    if rank == 0:
        # As it was when there was one machine.
        return seed * 1_000_003 + step - 1
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0])


def seed_step(device: str, seed: int, step: int, rank: int = 0) -> None:
    """Have dropout draw the numbers of this step on `device`."""
    found = step_seed(seed, step, rank)
    if device == "cpu":
        # Not `torch.manual_seed`, which seeds every GPU as well, whose numbers are not ours then.
        torch.default_generator.manual_seed(found)
    else:
        torch.manual_seed(found)


def own_random_numbers(device: str) -> AbstractContextManager[None]:
    """Within it every step seeds torch's generators; afterwards they are as they were, for the caller's own numbers.

    Those of GPUs are looked at only where one may be used: asking for them takes a second, and memory.
    """
    gpus = range(torch.cuda.device_count()) if device != "cpu" and torch.cuda.is_available() else ()
    return torch.random.fork_rng(gpus)


@contextlib.contextmanager
def gradients() -> Iterator[None]:
    """Within it gradients are computed, even where the caller has turned them off."""
    with torch.inference_mode(False), torch.enable_grad():
        yield

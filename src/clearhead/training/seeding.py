"""A step's random numbers: a function of (seed, step, rank), so that a run that is resumed draws the same ones."""

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

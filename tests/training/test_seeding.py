"""A step's random numbers are its own: by seed, step and rank, and by nothing else."""

import itertools

import torch

from clearhead.training.seeding import seed_step, step_seed


def test_the_first_machines_are_those_of_version_0_1() -> None:
    """By hand: 3 · 1,000,003 + 7 - 1; a run that began with it goes on with it."""
    assert step_seed(3, 7) == step_seed(3, 7, rank=0) == 3_000_015


def test_no_two_are_the_same() -> None:
    keys = list(itertools.product((1, 2), range(1, 200), range(8)))
    assert len({step_seed(*key) for key in keys}) == len(keys)


def test_torch_takes_the_greatest() -> None:
    """Seeds go up to 2⁴⁰, steps up to 10⁹."""
    for rank in (0, 1, 1023):
        assert 0 <= step_seed(2**40 - 1, 10**9, rank) < 2**64
        torch.Generator().manual_seed(step_seed(2**40 - 1, 10**9, rank))


def test_what_was_drawn_before_is_of_no_matter() -> None:
    with torch.random.fork_rng([]):
        drawn = []
        for before, rank in ((1, 0), (2, 0), (1, 3), (2, 3)):
            torch.manual_seed(before)
            seed_step("cpu", 1, 5, rank)
            drawn.append(torch.rand(4).tolist())
    assert drawn[0] == drawn[1] != drawn[2] == drawn[3]

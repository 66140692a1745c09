import dataclasses
import math
import subprocess
import sys
from typing import Any

import pytest

from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.errors import DecodingError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size=0 must be a whole number from 1 to 1024; 1 is greedy search"),
        ({"top_beams": 0}, "top_beams=0 must be a whole number from 1 to 1024"),
        ({"beam_size": 3, "top_beams": 4}, "top_beams=4 is more than beam_size=3.*choose a beam_size of 4"),
        ({"begin": -1}, "begin=-1 must be an id of 0 or more"),
        ({"suppressed": (-5,)}, "suppressed=-5 must be an id of 0 or more"),
        ({"suppressed": (0, 2)}, "end=2 is among the suppressed ids"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        SearchOptions(**{"begin": 1, "end": 2, **options})


@pytest.mark.parametrize(
    ("sampling", "message"),
    [
        ({"temperature": 0.0}, "temperature=0.0 must be a number from 0.001 to 1000000"),
        ({"temperature": math.nan}, "temperature=nan must be a number from"),
        ({"temperature": math.inf}, "temperature=inf must be a number from"),
        ({"top_k": 0}, "top_k=0 must be a whole number from 1 to 1000000; leave it out"),
        ({"top_p": 0.0}, "top_p=0.0 must be a number from 1e-09 to 1"),
        ({"top_p": 1.5}, "top_p=1.5 must be a number from 1e-09 to 1"),
        ({"seed": -1}, "seed=-1 must be a whole number from 0 to 18446744073709551615"),
    ],
)
def test_sampling_out_of_range(sampling: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        Sampling(**sampling)


# Where annotations are checked as tests run, what is none of a field's type never comes so far.
STRANGE = """
import math
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.scores import LengthPenalty
from clearhead.errors import DecodingError

ids = {"begin": 1, "end": 2}
makers = {
    **{name: lambda **one: SearchOptions(**{**ids, **one}) for name in ("beam_size", "top_beams", "begin", "end")},
    "beam_groups": lambda **one: SearchOptions(**ids, beam_size=4, **one),
    **{name: Sampling for name in ("temperature", "top_k", "top_p", "seed")},
    "alpha": LengthPenalty,
    "length penalty": lambda **one: LengthPenalty.parse(*one.values()),
}
strange = (True, "5", "", b"5", [5], (5,), {}, 5j, object(), math.nan, math.inf, -math.inf, -5, -(10**400), None, 2.5)
for name, make in makers.items():
    for value in strange:
        if (name, value) in (("top_k", None), ("top_p", None), ("temperature", 2.5), ("alpha", 2.5)):
            continue
        try:
            make(**{name: value})
        except DecodingError as error:
            message = str(error)
            assert message.startswith(name) and "\\n" not in message and len(message) < 200, message
        else:
            raise AssertionError((name, value))
"""


def test_what_is_no_number_in_its_range_is_refused_in_one_line() -> None:
    """faults.md C14, A17: beam_size=2.0 was a TypeError."""
    done = subprocess.run([sys.executable, "-c", STRANGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("beam_size", [1025, 10**6])
def test_a_beam_has_a_bound(beam_size: int) -> None:
    """faults.md C14."""
    with pytest.raises(DecodingError, match=r"beam_size=.* must be a whole number from 1 to 1024; 1 is greedy search"):
        SearchOptions(begin=1, end=2, beam_size=beam_size)


@pytest.mark.parametrize("temperature", [1e-300, 1e300, 9.9e-4, 1.1e6])
def test_a_temperature_has_bounds(temperature: float) -> None:
    """faults.md A5."""
    with pytest.raises(
        DecodingError, match=r"must be a number from 0.001 to 1000000; for the single best, do not sample"
    ):
        Sampling(temperature)


def test_sampling_does_not_count_beams() -> None:
    assert SearchOptions(begin=1, end=2, beam_size=1, top_beams=9, sampling=Sampling()).top_beams == 9


def test_options_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SearchOptions(begin=1, end=2).beam_size = 3  # type: ignore[misc]

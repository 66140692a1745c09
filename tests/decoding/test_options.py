import dataclasses
import math
from typing import Any

import pytest

from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.errors import DecodingError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size=0 must be 1 or more"),
        ({"top_beams": 0}, "top_beams=0 must be 1 or more"),
        ({"beam_size": 3, "top_beams": 4}, "top_beams=4 is more than beam_size=3.*choose a beam_size of 4"),
        ({"begin": -1}, "ids of 0 or more"),
        ({"suppressed": (-5,)}, "ids of 0 or more"),
        ({"suppressed": (0, 2)}, "end=2 is among the suppressed ids"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        SearchOptions(**{"begin": 1, "end": 2, **options})


@pytest.mark.parametrize(
    ("sampling", "message"),
    [
        ({"temperature": 0.0}, "temperature=0.0 must be above 0"),
        ({"temperature": math.nan}, "temperature=nan must be above 0"),
        ({"temperature": math.inf}, "temperature=inf must be above 0"),
        ({"top_k": 0}, "top_k=0 must be 1 or more"),
        ({"top_p": 0.0}, "top_p=0.0 must be above 0 and at most 1"),
        ({"top_p": 1.5}, "top_p=1.5 must be above 0 and at most 1"),
        ({"seed": -1}, "seed=-1 must be 0 or more"),
    ],
)
def test_sampling_out_of_range(sampling: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        Sampling(**sampling)


def test_sampling_does_not_count_beams() -> None:
    assert SearchOptions(begin=1, end=2, beam_size=1, top_beams=9, sampling=Sampling()).top_beams == 9


def test_options_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SearchOptions(begin=1, end=2).beam_size = 3  # type: ignore[misc]

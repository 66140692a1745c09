"""How a folder wants its model to write."""

from typing import Any

import pytest

from clearhead.interop.generation import generation_values, not_honoured, search_settings


def test_generation_config_comes_before_config_and_a_task_s_last() -> None:
    config = {"num_beams": 4, "length_penalty": 2.0, "task_specific_params": {"summarization": {"min_length": 30}}}
    assert generation_values(config, {}, "summarisation")["min_length"] == 30
    assert "min_length" not in generation_values(config, {}, "translation")
    found = generation_values(config, {"num_beams": 6, "length_penalty": None}, "summarisation")
    assert (found["num_beams"], found["length_penalty"], found["min_length"]) == (6, 2.0, 30)
    assert search_settings(found, "config.json") == (6, "mean:2")


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({}, []),
        ({"no_repeat_ngram_size": 0, "min_length": 0, "repetition_penalty": 1.0, "length_penalty": 1.0}, []),
        ({"no_repeat_ngram_size": 3, "min_length": 56}, ["no_repeat_ngram_size=3", "min_length=56"]),
        ({"length_penalty": -1.0}, ["length_penalty=-1.0"]),
    ],
)
def test_what_is_not_honoured_is_named(values: dict[str, Any], names: list[str]) -> None:
    assert list(not_honoured(values)) == names

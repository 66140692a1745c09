"""What a file says of a bundle's use, or what else may stand there: refused in one line."""

import re
from typing import Any

import pytest

from clearhead.bundle.plain_settings import read_settings
from clearhead.bundle.settings import Settings
from clearhead.decoding import Rules

PLAIN: dict[str, Any] = {
    "name": "a", "languages": [["en", "fr"], [None, None]], "seed": 3,
    "decoding": {"beam_size": 2, "length_penalty": "gnmt:0.6"},
}  # fmt: skip
WHOLE: dict[str, Any] = {
    **PLAIN, "task": "chat", "documents": "line", "labels": ["문장", "b"], "pooling": "first", "template": "{{ a }}",
    "ends": [4, 5], "sampling": {"top_k": 3, "temperature": 0.5}, "origin": "roberta",
    "decoding": {**PLAIN["decoding"], "messages": 2, "search": "huggingface", "rules": {"min_tokens": 3}},
}  # fmt: skip


def test_what_is_said_is_read_and_no_more() -> None:
    assert read_settings(PLAIN) | {"messages": None} == {
        "name": "a", "languages": (("en", "fr"), (None, None)), "seed": 3, "beam_size": 2, "length_penalty": "gnmt:0.6",
        "messages": None, "search": "clearhead", "rules": Rules(),
    }  # fmt: skip


def test_every_setting_has_its_check() -> None:
    """All that `Settings` holds, each another value than the usual one, comes back."""
    settings = Settings(**read_settings(WHOLE))
    usual = Settings("", (), 1, "none", 0)
    assert all(getattr(settings, name) != getattr(usual, name) for name in vars(usual))
    assert read_settings({**settings.as_plain(), "languages": WHOLE["languages"]}) == read_settings(WHOLE)


@pytest.mark.parametrize("name", ["name", "languages", "seed", "decoding"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"^no '{name}'$"):
        read_settings({key: value for key, value in PLAIN.items() if key != name})


@pytest.mark.parametrize("name", ["beam_size", "length_penalty"])
def test_what_is_missing_of_decoding_is_named(name: str) -> None:
    decoding = {key: value for key, value in PLAIN["decoding"].items() if key != name}
    with pytest.raises(ValueError, match=f"^no '{name}'$"):
        read_settings({**PLAIN, "decoding": decoding})


def test_what_nobody_knows_is_of_a_later_version() -> None:
    with pytest.raises(ValueError, match=re.escape("it has 'dreams'; update clearhead")):
        read_settings({**PLAIN, "dreams": True})


@pytest.mark.parametrize(
    "change",
    [
        {"name": None}, {"name": ["a"]}, {"name": "a" * 1001}, {"languages": None}, {"languages": {"en": "fr"}},
        {"languages": [["en"]]}, {"languages": ["en"]}, {"languages": [["en", 5]]}, {"decoding": None},
        {"decoding": {"beam_size": 0, "length_penalty": "none"}},
        {"decoding": {"beam_size": True, "length_penalty": "none"}},
        {"decoding": {"beam_size": 10**400, "length_penalty": "none"}},
        {"decoding": {"beam_size": 2, "length_penalty": "x" * 10_000}},
        {"decoding": {"beam_size": 2, "length_penalty": None}},
        {"decoding": {"beam_size": 2, "length_penalty": "none", "messages": 0}},
        {"decoding": {"beam_size": 2, "length_penalty": "none", "messages": "1"}},
        {"decoding": {"beam_size": 2, "length_penalty": "none", "messages": True}},
        {"seed": 1.0}, {"seed": 2**64}, {"seed": "1"}, {"labels": "ab"}, {"labels": ["a", "a"]}, {"labels": [""]},
        {"labels": None}, {"pooling": "max"}, {"pooling": ["mean"]}, {"template": 5}, {"template": "a" * 100_001},
        {"ends": 5}, {"ends": [-1]}, {"ends": ["5"]}, {"sampling": None}, {"sampling": {"top": 1}},
        {"sampling": {"temperature": "1"}}, {"sampling": {"top_p": 2.0}}, {"documents": ["line"]},
    ],
)  # fmt: skip
def test_what_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught:
        read_settings(PLAIN | change)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("change", [{"task": "chess"}, {"task": ["a"]}, {"task": None}, {"documents": "book"}])
def test_what_is_no_task(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not one of"):
        read_settings(PLAIN | change)

"""Fetching from a server on this machine."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.errors import DataError
from clearhead.starting.fetching import fetch_corpus
from clearhead.starting.public import PublicCorpus

Public = Callable[..., PublicCorpus]


def test_all_files_or_none(public: Public, tmp_path: Path) -> None:
    """The server's content is 20,000 times two lines."""
    told: list[str] = []
    fetch_corpus(public("whole"), tmp_path / "new" / "numbers", told.append)
    assert [path.name for path in (tmp_path / "new" / "numbers").iterdir()] == ["whole.txt"]
    assert (tmp_path / "new" / "numbers" / "whole.txt").read_bytes() == b"one\ntwo\n" * 20_000
    assert told == ["fetching whole.txt"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("else", r"/else is not the file that was meant: it has 160,000 bytes with the SHA-256 [0-9a-f]{64}, expected"),
        ("long", r"/long is not the file that was meant: it has more than 160,000 bytes"),
        (
            "cut",
            r"/cut (is not the file that was meant: it has 159,999 bytes|cannot be fetched \(the connection ended)",
        ),
        ("none", r"/none cannot be fetched \(the server answers 404\); nothing was kept; check the network"),
    ],
)
def test_nothing_is_left_of_what_was_not_meant(public: Public, tmp_path: Path, place: str, message: str) -> None:
    """Though the file before it was whole."""
    with pytest.raises(DataError, match=message) as caught:
        fetch_corpus(public("whole", place), tmp_path / "numbers", lambda what: None)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_no_network(public: Public, tmp_path: Path) -> None:
    """Nobody listens at a port that was free a moment ago and is held."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        corpus = public("whole", port=held.getsockname()[1])
        with pytest.raises(DataError, match=r"cannot be fetched \(.+\); nothing was kept; check the network") as caught:
            fetch_corpus(corpus, tmp_path / "numbers", lambda what: None)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []

"""Texts that come one after the other."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from clearhead.bundle import Bundle, streaming
from clearhead.bundle.streaming import streamed
from clearhead.decoding import Sampling
from clearhead.errors import DecodingError, UsageError

TEXTS = ["one two", "six", "", "three four", " ", "one"]


class Told:
    """Finds the texts themselves in capitals, and notes how many it was given at a time."""

    def __init__(self) -> None:
        self.given: list[tuple[int, list[str]]] = []

    def __call__(self, texts: Sequence[str], first: int) -> Iterator[str]:
        self.given.append((first, list(texts)))
        return iter([text.upper() for text in texts])


class Typed:
    """Somebody types: after each of these counts of texts one has to wait for the next."""

    def __init__(self, *counts: int) -> None:
        self.ends = set(itertools.accumulate(counts))
        self.texts = iter(range(max(self.ends)))
        self.read = 0

    def __iter__(self) -> "Typed":
        return self

    def __next__(self) -> str:
        text = str(next(self.texts))
        self.read += 1
        return text

    def is_there(self) -> bool:
        return self.read not in self.ends


def test_more_and_more_at_a_time_up_to_a_limit() -> None:
    find = Told()
    assert list(streamed(map(str, range(50_000)), find)) == [str(number) for number in range(50_000)]
    assert [len(texts) for _, texts in find.given] == [250, 500, 1000, 2000, 4000, 8000, 16_000, 16_000, 2250]
    assert [first for first, _ in find.given] == [0, *itertools.accumulate(len(texts) for _, texts in find.given[:-1])]


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_is_read_than_is_asked_for(ahead: int) -> None:
    """Without end, and whoever waits for each answer gets it."""
    read: list[int] = []

    def endless() -> Iterator[str]:
        for number in itertools.count():
            read.append(number)
            yield str(number)

    results = streamed(endless(), Told(), ahead)
    for number in range(10):
        assert next(results) == str(number)
        assert len(read) <= number + ahead
    results.close()


def test_long_texts_are_fewer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MOST_CHARACTERS", 10)
    find = Told()
    list(streamed(["aaaa", "b" * 9, "c" * 40, "d", "e"], find))
    assert [len(texts) for _, texts in find.given] == [2, 1, 2]


def test_what_is_there_does_not_wait_for_what_is_not() -> None:
    find = Told()
    assert list(streamed(Typed(1, 2, 1, 3), find)) == [str(number) for number in range(7)]
    assert [len(texts) for _, texts in find.given] == [1, 2, 1, 3]


def test_who_listens_is_told_before() -> None:
    find, told = Told(), []

    def noting(texts: Sequence[str], first: int) -> None:
        told.append((first, list(texts)))
        assert len(find.given) < len(told)

    list(streamed(TEXTS, find, 4, noting))
    assert told == find.given == [(0, TEXTS[:4]), (4, TEXTS[4:])]


@pytest.mark.parametrize("texts", ["one", None, 3])
def test_what_is_no_series_is_refused_at_once(texts: Any) -> None:
    with pytest.raises(UsageError, match="give a list or another series of str") as error:
        streamed(texts, Told())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ahead", [0, -1, 1.5, 10**7])
def test_how_far_ahead_has_bounds(ahead: Any) -> None:
    with pytest.raises(DecodingError, match="must be a whole number from 1 to 1000000"):
        streamed([], Told(), ahead)


def test_what_is_no_text_is_named_by_its_place() -> None:
    results = streamed(["one", "two", b"three"], Told(), 2)  # type: ignore[list-item]
    assert [next(results), next(results)] == ["ONE", "TWO"]
    with pytest.raises(UsageError, match=r"texts\[2\] is b'three', of type bytes"):
        next(results)


@pytest.mark.parametrize("count", [0, 1, 249, 250, 300, 750, 751])
def test_where_texts_break_off_those_before_are_not_lost(count: int) -> None:
    def failing() -> Iterator[str]:
        yield from map(str, range(count))
        raise EOFError("cut short")

    results = streamed(failing(), Told())
    assert [next(results) for _ in range(count)] == [str(number) for number in range(count)]
    with pytest.raises(EOFError, match="cut short"):
        next(results)


class TestOfABundle:
    @pytest.mark.parametrize("ahead", [1, 4, None])
    def test_the_same_as_all_at_once(self, two_languages: Bundle, ahead: int | None) -> None:
        expected = two_languages.translate(TEXTS, "fr", beam_size=2)
        assert list(two_languages.translate_stream(iter(TEXTS), "fr", beam_size=2, ahead=ahead)) == expected

    def test_the_same_scores_and_draws(self, two_languages: Bundle) -> None:
        sampling = Sampling(seed=3)
        for exact in (True, False):
            expected = two_languages.search(TEXTS, "fr", sampling=sampling, top_beams=2, exact=exact)
            found = two_languages.search_stream(TEXTS, "fr", sampling=sampling, top_beams=2, exact=exact, ahead=2)
            for one, other in zip(found, expected, strict=True):
                assert [each.tokens for each in one] == [each.tokens for each in other]
                assert [each.score for each in one] == pytest.approx([each.score for each in other], abs=1e-4)

    def test_without_end(self, two_languages: Bundle) -> None:
        results = two_languages.translate_stream(itertools.cycle(["one", "two"]), "en", beam_size=1)
        first = two_languages.translate(["one", "two"], "en", beam_size=1)
        assert list(itertools.islice(results, 600)) == first * 300
        results.close()

    @pytest.mark.parametrize("texts", [["", *["one two"] * 30], ["one two"] * 30])
    def test_who_closes_it_stops_what_is_under_way(self, two_languages: Bundle, texts: list[str]) -> None:
        """Blank ones come before anything is searched for."""
        results = two_languages.translate_stream(texts, "fr")
        next(results)
        results.close()
        assert not two_languages._serving.engine(two_languages.precision)._waiting
        assert list(results) == []

    def test_what_is_wrong_is_said_at_once(self, two_languages: Bundle) -> None:
        with pytest.raises(UsageError, match="this model translates into"):
            two_languages.translate_stream([], "de")
        with pytest.raises(DecodingError, match="beam_size=0 must be"):
            two_languages.translate_stream([], "fr", beam_size=0)
        with pytest.raises(DecodingError, match="batch_tokens=0 must be"):
            two_languages.translate_stream([], "fr", batch_tokens=0)
        with pytest.raises(DecodingError, match="workers=0 must be"):
            two_languages.search_stream([], "fr", workers=0)

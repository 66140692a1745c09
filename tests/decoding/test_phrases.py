"""What a text must hold: against exhaustive search, and by hand."""

import dataclasses
import functools
import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from clearhead.decoding import LengthPenalty, Rules, SearchOptions, SearchStrategy
from clearhead.decoding.phrases import Copied, Phrase, _Candidate, _Row, spread
from clearhead.decoding.search import search
from clearhead.errors import DecodingError

BEGIN, END, A, B, C, D = range(6)
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN,), beam_size=2, length_penalty=LengthPenalty("none"))


def phrase(*tokens: int) -> Phrase:
    return Phrase(tokens, tokens)


def table(seed: int) -> Any:
    """Probabilities that depend on all that came before."""

    @functools.cache
    def row(tokens: tuple[int, ...]) -> list[float]:
        values = np.random.default_rng((seed, *tokens)).random(6) * [0, 1, 2, 2, 2, 2]
        return list(values / values.sum())

    return row


def holds(text: Sequence[int], wanted: Sequence[int]) -> bool:
    return any(tuple(text[i : i + len(wanted)]) == tuple(wanted) for i in range(len(text)))


def best_of_all(row: Any, longest: int, *wanted: Sequence[int]) -> tuple[tuple[int, ...], float]:
    """Every text that ends within `longest` tokens and holds all that is wanted, and the most probable of them."""
    return best_where(row, longest, lambda text: all(holds(text, one) for one in wanted))


def best_where(row: Any, longest: int, is_right: Callable[[tuple[int, ...]], bool]) -> tuple[tuple[int, ...], float]:
    found = []
    for length in range(longest):
        for text in itertools.product((A, B, C, D), repeat=length):
            if is_right(text):
                ended = (*text, END)
                found.append((ended, sum(math.log(row(ended[:i])[token]) for i, token in enumerate(ended))))
    return max(found, key=lambda one: one[1])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("wanted", [((B, C),), ((D,), (A,)), ((C, C),)])
def test_a_wide_beam_finds_the_best_of_all_texts_that_hold_them(
    table_state: Any, seed: int, wanted: tuple[tuple[int, ...], ...]
) -> None:
    options, row = dataclasses.replace(OPTIONS, beam_size=200), table(seed)
    [[found]] = search(table_state(row), [5], options, phrases=[[phrase(*one) for one in wanted]])
    tokens, log_probability = best_of_all(row, 5, *wanted)
    assert found.tokens == tokens
    assert found.log_probability == pytest.approx(log_probability, abs=1e-5)


def test_phrases_may_overlap(table_state: Any) -> None:
    """A B C holds both A B and B C, where there is room for each by itself."""

    def row(tokens: tuple[int, ...]) -> list[float]:
        return [0, 0.6, 0.1, 0.1, 0.1, 0.1]

    options = dataclasses.replace(OPTIONS, beam_size=30)
    [[found]] = search(table_state(row), [6], options, phrases=[[phrase(A, B), phrase(B, C)]])
    assert found.tokens == (A, B, C, END)


@pytest.mark.parametrize("beams", [2, 3, 5])
@pytest.mark.parametrize("rules", [Rules(), Rules(no_repeat_ngram_size=2), Rules(repetition_penalty=1.5)])
def test_a_sentence_without_any_is_searched_for_as_ever(table_state: Any, beams: int, rules: Rules) -> None:
    for name in ("none", "mean:1.0"):
        options = dataclasses.replace(
            OPTIONS, beam_size=beams, top_beams=2, rules=rules, length_penalty=LengthPenalty.parse(name)
        )
        for seed in range(5):
            [plain] = search(table_state(table(seed)), [7], options)
            [found] = search(table_state(table(seed)), [7], options, phrases=[[]])
            assert [one.tokens for one in found] == [one.tokens for one in plain]
            assert [one.score for one in found] == pytest.approx([one.score for one in plain], abs=1e-5)


def short(tokens: tuple[int, ...]) -> list[float]:
    """Always A and then the end; seldom B, more seldom C, and D hardly ever."""
    return [0, 0.45, 0.5, 0.04, 0.009, 0.001]


def test_what_hardly_ever_comes_is_there(table_state: Any) -> None:
    """log 0.001 is lost beside all else in a beam without banks."""
    options = dataclasses.replace(OPTIONS, beam_size=4)
    [[found]] = search(table_state(short), [8], options, phrases=[[phrase(D, C, D)]])
    assert holds(found.tokens, (D, C, D))
    assert found.tokens == (D, C, D, END)
    # C D is a part of it, and is not written a second time.
    options = dataclasses.replace(OPTIONS, beam_size=40)
    [[both]] = search(table_state(short), [8], options, phrases=[[phrase(D, C, D), phrase(C, D)]])
    assert both.tokens == (D, C, D, END)


def test_no_text_ends_before_it_holds_them_and_room_is_kept_for_them(table_state: Any) -> None:
    """Three tokens and an end have just room; what may be long begins with another word."""
    options = dataclasses.replace(OPTIONS, beam_size=4)
    for longest in (4, 5, 9):
        [[found]] = search(table_state(short), [longest], options, phrases=[[phrase(D, D, D)]])
        assert (found.finished, holds(found.tokens, (D, D, D))) == (True, True)


def test_what_the_model_gives_no_probability_is_an_error_and_not_left_out(table_state: Any) -> None:
    def never(tokens: tuple[int, ...]) -> list[float]:
        return [0, 0.5, 0.5, 0, 0, 0]

    with pytest.raises(DecodingError):
        search(table_state(never), [4], OPTIONS, phrases=[[phrase(D)]])


def test_rules_do_not_ban_what_is_asked_for(table_state: Any) -> None:
    options = dataclasses.replace(OPTIONS, beam_size=3, rules=Rules(no_repeat_ngram_size=1))
    [[found]] = search(table_state(short), [9], options, phrases=[[phrase(D, D)]])
    assert holds(found.tokens, (D, D))


def test_a_phrase_is_spelled_in_its_own_way_where_a_text_begins(table_state: Any) -> None:
    """After the token at position 0, which every text has, comes D; after others B C."""
    wanted = Phrase((D,), (B, C), at=1)

    def follows(tokens: tuple[int, ...]) -> list[float]:
        return [0, 0.1, 0.8, 0.05, 0.03, 0.02] if tokens in ((), (A,)) else [0, 0.9, 0.03, 0.03, 0.03, 0.01]

    options = dataclasses.replace(OPTIONS, beam_size=40)
    [[found]] = search(table_state(follows), [4], options, prefixes=[[A]], phrases=[[wanted]])
    # 0.8·0.02·0.9 for A D, against 0.8·0.8·0.03·0.03·0.9 with A A before B C, and 0.8·0.05·0.03·0.9 for A B C.
    assert found.tokens == (A, D, END)

    def rarely(tokens: tuple[int, ...]) -> list[float]:
        return [0, 0.1, 0.8, 0.05, 0.05, 0] if tokens in ((), (A,)) else [0, 0.4, 0.2, 0.2, 0.2, 0]

    [[found]] = search(table_state(rarely), [5], options, prefixes=[[A]], phrases=[[wanted]])
    # 0.8·0.8·0.2·0.2·0.4 with A before it, against 0.8·0.05·0.2·0.4 at once.
    assert found.tokens == (A, A, B, C, END)


def test_an_end_counts_wherever_it_stands_in_the_search_of_hugging_face(table_state: Any) -> None:
    for name in ("huggingface", "huggingface:early", "huggingface:never"):
        options = dataclasses.replace(OPTIONS, beam_size=4, search=SearchStrategy.parse(name))
        [[found]] = search(table_state(short), [8], options, phrases=[[phrase(D, C, D)]])
        assert found.tokens == (D, C, D, END)


def test_the_batch_changes_nothing(table_state: Any) -> None:
    """Other phrases, other lengths, none at all: each sentence is searched for as if it were alone."""
    tables = [table(one) for one in range(4)]
    limits, wanted = [5, 9, 7, 6], [[phrase(D, D)], [], [phrase(A, C), phrase(B)], [phrase(C)]]
    options = dataclasses.replace(OPTIONS, beam_size=3, top_beams=2)

    def found(places: list[int]) -> Any:
        state = table_state(*(tables[one] for one in places))
        return search(state, [limits[one] for one in places], options, phrases=[wanted[one] for one in places])

    together, backwards = found([0, 1, 2, 3]), found([3, 2, 1, 0])[::-1]
    assert together == backwards == [found([one])[0] for one in range(4)]


def test_a_bank_keeps_its_best_and_what_is_done_has_the_rest() -> None:
    """Banks are by what is due: 2, 1 or nothing. The place of an empty one goes to the most probable of all others."""

    def one(total: float, due: int) -> _Candidate:
        return _Candidate(total, 0, A, _Row((A,), 0, (), due))

    many = [one(-1, 2), one(-2, 2), one(-3, 2), one(-9, 1), one(-10, 1), one(-20, 0), one(-30, 0), one(-40, 0)]
    assert [each.total for each in spread(many, 3, 3)] == [-1, -9, -20]
    assert [each.total for each in spread(many, 4, 3)] == [-1, -9, -20, -30]
    assert [each.total for each in spread(many[:4], 4, 3)] == [-1, -2, -3, -9]
    assert [each.total for each in spread(many[:6], 5, 3)] == [-1, -2, -3, -9, -20]
    assert [each.total for each in spread([one(-2, 0), one(math.nan, 0), one(-1, 0)], 2, 1)][1] == -1


# What is to be copied may be written as two tokens, A B, or as one, C; D B makes another word of it.
WRITTEN = [None, None, b"%", b"s", b"%s", b" "]


def bytes_of(text: Sequence[int]) -> bytes:
    return b"".join(WRITTEN[one] or b"" for one in text)


def as_often(copied: Copied, times: int) -> list[Phrase]:
    return [Phrase((C,), (A, B), copied=copied) for _ in range(times)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("times", [1, 2])
def test_what_is_copied_stands_as_often_as_asked_whatever_its_tokens(table_state: Any, seed: int, times: int) -> None:
    """Against all texts of up to six tokens; %ss is no %s."""

    def is_right(text: tuple[int, ...]) -> bool:
        written = bytes_of(text)
        return written.count(b"%s") == times and not re.search(b"%ss", written)

    options, row = dataclasses.replace(OPTIONS, beam_size=300), table(seed)
    [[found]] = search(table_state(row), [9], options, phrases=[as_often(Copied(b"%s", WRITTEN), times)])
    tokens, log_probability = best_where(row, 7, is_right)
    assert found.tokens == tokens
    assert found.log_probability == pytest.approx(log_probability, abs=1e-5)


def test_what_the_model_writes_too_often_is_not_written(table_state: Any) -> None:
    """C is likely at every step; it stands once, and as often as a prefix has it."""

    def often(tokens: tuple[int, ...]) -> list[float]:
        return [0, 0.1, 0.1, 0.1, 0.6, 0.1] if len(tokens) < 4 else [0, 0.9, 0.025, 0.025, 0.025, 0.025]

    options, copied = dataclasses.replace(OPTIONS, beam_size=5), Copied(b"%s", WRITTEN)
    [[found]] = search(table_state(often), [6], options, phrases=[as_often(copied, 1)])
    assert (found.finished, bytes_of(found.tokens).count(b"%s")) == (True, 1)
    [[found]] = search(table_state(often), [6], options, prefixes=[[C, C]], phrases=[as_often(copied, 1)])
    assert (found.tokens[:2], bytes_of(found.tokens).count(b"%s")) == ((C, C), 2)


def test_a_part_of_another_may_stand_more_often(table_state: Any) -> None:
    """% stands in %s as well: both of its times are met by %s and one more of it, or by more."""
    own, part = Copied(b"%s", WRITTEN), Copied(b"%", WRITTEN, is_part=True)
    wanted = [*as_often(own, 1), Phrase((A,), (A,), copied=part), Phrase((A,), (A,), copied=part)]
    options = dataclasses.replace(OPTIONS, beam_size=200)
    [[found]] = search(table_state(short), [8], options, phrases=[wanted])
    written = bytes_of(found.tokens)
    assert (written.count(b"%s"), written.count(b"%")) == (1, 2)

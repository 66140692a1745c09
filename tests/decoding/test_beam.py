"""Beam search on tables of probabilities. Ids: 0 begin, 1 end, then words."""

import dataclasses
import itertools
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.sampling import Draws
from clearhead.decoding.scores import LengthPenalty
from clearhead.decoding.search import search
from clearhead.errors import DecodingError
from clearhead.text.stop_strings import StopStrings
from clearhead.text.utf8 import Utf8Automaton

pytestmark = pytest.mark.usefixtures("way")
BEGIN, END, A, B, C = 0, 1, 2, 3, 4
PENALTIES = ["none", "mean:1.0", "mean:2", "gnmt:0.6", "gnmt:2.0"]


def options(beam_size: int = 2, top_beams: int = 1, penalty: str = "none", suppressed: Any = (BEGIN,)) -> SearchOptions:
    return SearchOptions(
        begin=BEGIN,
        end=END,
        suppressed=suppressed,
        beam_size=beam_size,
        top_beams=top_beams,
        length_penalty=LengthPenalty.parse(penalty),
    )


def trap(tokens: tuple[int, ...]) -> list[float]:
    """A is the likelier first word, but what follows it is uncertain; B all but ends the sentence."""
    return {(): [0, 0, 0.6, 0.4], (A,): [0, 0.4, 0.3, 0.3], (B,): [0, 0.9, 0.05, 0.05]}.get(tokens, [0, 1, 0, 0])


def short_or_long(tokens: tuple[int, ...]) -> list[float]:
    """A, end has 0.8 · 0.25 = 0.2; A, B, B, end has 0.8 · 0.1875 = 0.15; all else is far less likely."""
    return {
        (): [0, 0, 0.8, 0.1, 0.1],
        (A,): [0, 0.25, 0.28125, 0.1875, 0.28125],
        (A, B): [0, 0, 0, 1, 0],
        (A, B, B): [0, 1, 0, 0, 0],
    }.get(tokens, [0, 0.25, 0.25, 0.25, 0.25])


def random_table(seed: int, vocabulary: int = 4) -> Any:
    """Some probabilities for every beginning, always the same for one seed; begin has none."""

    def table(tokens: tuple[int, ...]) -> list[float]:
        # A cube makes some tokens much likelier than others.
        draw = random.Random(f"{seed} {tokens}")
        weights = [0.0, *(draw.random() ** 3 + 1e-3 for _ in range(vocabulary - 1))]
        return [weight / sum(weights) for weight in weights]

    return table


def divisor(penalty: str, length: int) -> float:
    """The penalties once more, from their definitions."""
    name, _, alpha = penalty.partition(":")
    return {
        "none": lambda: 1.0,
        "mean": lambda: length ** float(alpha),
        "gnmt": lambda: ((5 + length) / 6) ** float(alpha),
    }[name]()


def exhaustive(table: Any, max_length: int, penalty: str) -> list[tuple[float, tuple[int, ...]]]:
    """Every finished hypothesis of up to max_length tokens with its score, best first."""
    found = []
    vocabulary = len(table(()))
    for length in range(max_length):
        for words in itertools.product(range(END + 1, vocabulary), repeat=length):
            tokens = (*words, END)
            total = sum(math.log(table(tokens[:place])[token]) for place, token in enumerate(tokens))
            found.append((total / divisor(penalty, len(tokens)), tokens))
    return sorted(found, reverse=True)


def without_stopping(table: Any, max_length: int, penalty: str, beam_size: int) -> list[tuple[float, tuple[int, ...]]]:
    """Beam search by lists, which always goes on to max_length: every finished hypothesis, best first."""
    live, found = [(0.0, ())], []
    for length in range(1, max_length + 1):
        grown = [
            (total + math.log(probability), (*tokens, token))
            for total, tokens in live
            for token, probability in enumerate(table(tokens))
            if probability > 0
        ]
        best = sorted(grown, reverse=True)[: 2 * beam_size]
        found += [(total / divisor(penalty, length), tokens) for total, tokens in best if tokens[-1] == END]
        live = [pair for pair in best if pair[1][-1] != END][:beam_size]
    return sorted(found, reverse=True)


def test_a_beam_of_two_escapes_the_trap_of_greedy_search(table_state: Any) -> None:
    """Greedy takes A, end: 0.6 · 0.4 = 0.24. B, end has 0.4 · 0.9 = 0.36."""
    [[found]] = search(table_state(trap), [5], options())
    assert found.tokens == (B, END)
    assert found.log_probability == pytest.approx(math.log(0.36), abs=1e-6)
    assert found.token_log_probabilities == pytest.approx((math.log(0.4), math.log(0.9)), abs=1e-6)


@pytest.mark.parametrize(
    ("penalty", "tokens", "score"),
    [
        # ln 0.2 = -1.6094 for 2 tokens, ln 0.15 = -1.8971 for 4.
        ("none", (A, END), -1.6094),
        # -1.6094 / 2 = -0.8047; -1.8971 / 4 = -0.4743
        ("mean:1.0", (A, B, B, END), -0.4743),
        # -1.6094 / (7/6)^0.6 = -1.6094 / 1.0969 = -1.4672; -1.8971 / (9/6)^0.6 = -1.8971 / 1.2754 = -1.4874
        ("gnmt:0.6", (A, END), -1.4672),
        # -1.6094 / (7/6) = -1.3795; -1.8971 / (9/6) = -1.2647
        ("gnmt:1.0", (A, B, B, END), -1.2647),
    ],
)
def test_the_length_penalty_decides_between_short_and_long(
    table_state: Any, penalty: str, tokens: tuple[int, ...], score: float
) -> None:
    """Where the long one wins, stopping at the first finished hypothesis would have lost it."""
    [[found]] = search(table_state(short_or_long), [6], options(4, 1, penalty))
    assert found.tokens == tokens
    assert found.score == pytest.approx(score, abs=1e-4)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), max_length=st.integers(1, 4), penalty=st.sampled_from(PENALTIES))
def test_a_wide_beam_is_an_exhaustive_search(table_state: Any, seed: int, max_length: int, penalty: str) -> None:
    """Two words, four tokens: at most 2³ live hypotheses with 3 continuations each, the 24 that 12 beams see."""
    table = random_table(seed)
    expected = exhaustive(table, max_length, penalty)[:8]
    [found] = search(table_state(table), [max_length], options(12, 8, penalty))
    finished = [hypothesis for hypothesis in found if hypothesis.finished]
    assert [hypothesis.tokens for hypothesis in finished] == [tokens for _, tokens in expected]
    assert [hypothesis.score for hypothesis in finished] == pytest.approx([score for score, _ in expected], abs=1e-5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    max_length=st.integers(1, 9),
    penalty=st.sampled_from(PENALTIES),
    beam_size=st.integers(2, 5),
    data=st.data(),
)
def test_stopping_early_loses_nothing(
    table_state: Any, seed: int, max_length: int, penalty: str, beam_size: int, data: Any
) -> None:
    table, top_beams = random_table(seed, vocabulary=6), data.draw(st.integers(1, beam_size))
    expected = without_stopping(table, max_length, penalty, beam_size)[:top_beams]
    [found] = search(table_state(table), [max_length], options(beam_size, top_beams, penalty))
    finished = [hypothesis for hypothesis in found if hypothesis.finished]
    assert [hypothesis.tokens for hypothesis in finished] == [tokens for _, tokens in expected]
    assert [hypothesis.score for hypothesis in finished] == pytest.approx([score for score, _ in expected], abs=1e-5)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), penalty=st.sampled_from(PENALTIES))
def test_a_beam_of_one_is_greedy_search(table_state: Any, seed: int, penalty: str) -> None:
    """The likeliest token each time, until that is the end, by a loop."""
    table, tokens = random_table(seed), ()
    while len(tokens) < 6 and tokens[-1:] != (END,):
        probabilities = table(tokens)
        tokens = (*tokens, probabilities.index(max(probabilities)))
    [[found]] = search(table_state(table), [6], options(1, 1, penalty))
    assert found.tokens == tokens


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=5), penalty=st.sampled_from(PENALTIES))
def test_sentences_do_not_touch_each_other(table_state: Any, seeds: list[int], penalty: str) -> None:
    """Each finishes in its own time, and finds what it finds alone."""
    tables, limits = [random_table(seed) for seed in seeds], [2 + seed % 7 for seed in seeds]
    together = search(table_state(*tables), limits, options(3, 2, penalty))
    alone = [
        search(table_state(table), [limit], options(3, 2, penalty))[0]
        for table, limit in zip(tables, limits, strict=True)
    ]
    assert together == alone


def test_the_first_step_has_one_row_and_finished_sentences_leave_at_once(table_state: Any) -> None:
    """Certain tables of 0, 2 and 1 words: no live hypothesis has any hope left once the end token is certain."""
    certain = [lambda tokens, n=n: [0, 1, 0, 0] if len(tokens) >= n else [0, 0, 0.5, 0.5] for n in (0, 2, 1)]
    step = table_state(*certain)
    found = search(step, [5, 5, 5], options())
    assert [len(best.tokens) for [best] in found] == [1, 3, 2]
    assert step.shapes == [(3, 1), (2, 2), (1, 2)]


def test_the_n_best_are_distinct_and_sorted(table_state: Any) -> None:
    """By hand: B, end 0.36; A, end 0.24; then A, A, end and A, B, end with 0.6 · 0.3 = 0.18 each."""
    [found] = search(table_state(trap), [5], options(4, 4))
    assert [hypothesis.tokens for hypothesis in found[:2]] == [(B, END), (A, END)]
    assert {hypothesis.tokens for hypothesis in found[2:]} == {(A, A, END), (A, B, END)}
    expected = [math.log(probability) for probability in (0.36, 0.24, 0.18, 0.18)]
    assert [hypothesis.log_probability for hypothesis in found] == pytest.approx(expected, abs=1e-6)


def test_an_end_ranked_below_the_beam_is_not_lost(table_state: Any) -> None:
    """At the second step A, A (0.45), A, B (0.3) and A, C (0.16) go before A, end (0.09).

    All the others then have 1/64 of their worth left, so A, end wins; only a look beyond the beam of 2 sees it.
    """
    table = {(): [0, 0, 1, 0, 0], (A,): [0, 0.09, 0.45, 0.3, 0.16]}
    step = table_state(lambda tokens: table.get(tokens, [0, 1 / 64, 21 / 64, 21 / 64, 21 / 64]))
    [[found]] = search(step, [3], options(2, 1))
    assert found.tokens == (A, END)


def test_suppressed_tokens_are_never_generated(table_state: Any) -> None:
    [found] = search(table_state(trap), [5], options(4, 4, suppressed=(BEGIN, B)))
    assert all(B not in hypothesis.tokens for hypothesis in found)
    # What is left: A, end 0.24 and A, A, end 0.18, at the model's own probabilities; nothing else can be said.
    assert [hypothesis.tokens for hypothesis in found] == [(A, END), (A, A, END)]
    assert found[0].log_probability == pytest.approx(math.log(0.24), abs=1e-6)


def test_prefixes_of_any_length_share_a_batch(table_state: Any) -> None:
    """After A: end 0.4 beats A, end and B, end (0.3 each). After B, A: only end is left, 0.4 · 0.05."""
    found = search(table_state(trap, trap, trap), [5] * 3, options(2, 2), prefixes=[(A,), (), (B, A)])
    assert [hypotheses[0].tokens for hypotheses in found] == [(A, END), (B, END), (B, A, END)]
    assert [hypothesis.tokens for hypothesis in found[2]] == [(B, A, END)]
    assert found[2][0].log_probability == pytest.approx(math.log(0.02), abs=1e-6)
    assert all(hypothesis.tokens[0] == A for hypothesis in found[0])


def test_unfinished_hypotheses_fill_up_what_finished_ones_leave_open(table_state: Any) -> None:
    """At a greatest length of 2: B, end (0.36) and A, end (0.24); A, A and A, B (0.18 each) have not ended."""
    [found] = search(table_state(trap), [2], options(4, 3))
    assert [hypothesis.finished for hypothesis in found] == [True, True, False]
    assert found[2].tokens in {(A, A), (A, B)}
    assert found[2].log_probability == pytest.approx(math.log(0.18), abs=1e-6)


def test_a_finished_hypothesis_goes_before_an_unfinished_one_with_a_better_score(table_state: Any) -> None:
    """At a greatest length of 1: end has 0.1, A has 0.9."""
    [found] = search(table_state(lambda tokens: [0, 0.1, 0.9, 0]), [1], options(2, 2))
    assert [hypothesis.tokens for hypothesis in found] == [(END,), (A,)]


def test_no_sentences_give_no_hypotheses(table_state: Any) -> None:
    assert search(table_state(), [], options()) == []


LETTERS = (None, None, b"a", b"b", b"ab")


def stopping(search_options: SearchOptions, *strings: str) -> SearchOptions:
    return dataclasses.replace(search_options, stop=StopStrings(strings, LETTERS))


@given(seed=st.integers(0, 10**6), strings=st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=2))
@settings(max_examples=40)
def test_stop_strings_end_what_a_plain_loop_ends(table_state: Any, seed: int, strings: list[str]) -> None:
    """Greedily: a token at a time until the text holds a string, the end token comes, or there is no room."""
    tables = [random_table(seed + number, 5) for number in range(3)]
    expected = []
    for table in tables:
        tokens: tuple[int, ...] = ()
        while len(tokens) < 6 and END not in tokens and not any(one in text_of(tokens) for one in strings):
            probabilities = table(tokens)
            tokens += (max(range(len(probabilities)), key=probabilities.__getitem__),)
        expected.append((tokens, END in tokens or any(one in text_of(tokens) for one in strings)))
    for given_options in (options(1), options(1, suppressed=())):
        found = search(table_state(*tables), [6] * 3, stopping(given_options, *strings))
        assert [(one.tokens, one.finished) for [one] in found] == expected
    # The same numbers decide whatever the strings are, and a draw of the likeliest alone is greedy.
    draws = Draws(Sampling(top_k=1), [(number, 0) for number in range(3)], 6)
    found = search(table_state(*tables), [6] * 3, stopping(options(1), *strings), draws=draws)
    assert [(one.tokens, one.finished) for [one] in found] == expected


def text_of(tokens: tuple[int, ...]) -> str:
    return b"".join(LETTERS[token] or b"" for token in tokens).decode()


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_wide_beam_finds_the_best_of_all_that_stop(table_state: Any, penalty: str) -> None:
    """Every text of up to 4 tokens that ends where it first holds "ba", or by the end token, counted by hand."""
    for seed in range(8):
        table = random_table(seed, 5)
        found = []
        for length in range(1, 5):
            for tokens in itertools.product(range(END, 5), repeat=length):
                before = tokens[:-1]
                if END in before or "ba" in text_of(before) or not (tokens[-1] == END or "ba" in text_of(tokens)):
                    continue
                total = sum(math.log(table(tokens[:place])[token]) for place, token in enumerate(tokens))
                found.append((total / divisor(penalty, length), tokens))
        best = sorted(found, reverse=True)[:3]
        [hypotheses] = search(table_state(table), [4], stopping(options(200, 3, penalty), "ba"))
        assert [(one.tokens, one.finished) for one in hypotheses] == [(tokens, True) for _, tokens in best]
        assert [one.score for one in hypotheses] == pytest.approx([score for score, _ in best], abs=1e-5)


def test_stop_strings_and_whole_characters_go_together(table_state: Any) -> None:
    """Of "é" (C3 A9) only the first byte is likely; then the second must come, and with it the text stops."""
    vocabulary = (None, None, b"\xc3", b"\xa9", b"a")
    kept = dataclasses.replace(
        options(2), utf8=Utf8Automaton.of(vocabulary), stop=StopStrings(("é",), vocabulary), top_beams=1
    )
    [[found]] = search(table_state(lambda tokens: [0, 0.01, 0.6, 0.3, 0.09]), [5], kept)
    assert (found.tokens, found.finished) == ((2, 3), True)


def test_a_prefix_that_holds_a_stop_string_is_refused(table_state: Any) -> None:
    with pytest.raises(DecodingError, match="sentence 1: its prefix holds a stop string"):
        search(table_state(trap), [5], stopping(options(), "ab"), prefixes=[(A, B)])
    [[found]] = search(table_state(random_table(1, 5)), [5], stopping(options(), "b"), prefixes=[(A,)])
    assert found.tokens[0] == A

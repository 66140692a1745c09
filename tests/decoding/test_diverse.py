"""Diverse beam search on tables of probabilities. Ids: 0 begin, 1 end, then words."""

import dataclasses
import math
import random
from typing import Any

import pytest

from clearhead.decoding import Engine, Hypothesis, LengthLimit, LengthPenalty, Rules, Sampling, SearchOptions
from clearhead.decoding.diverse import gathered, of_a_group
from clearhead.decoding.phrases import Phrase
from clearhead.decoding.requests import requests_for
from clearhead.decoding.strategies import SearchStrategy
from clearhead.errors import DecodingError

pytestmark = pytest.mark.usefixtures("way")
BEGIN, END, A, B, C = 0, 1, 2, 3, 4
PLAIN = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN,), length_penalty=LengthPenalty("none"))


def in_groups(groups: int, size: int, penalty: float, **more: Any) -> SearchOptions:
    """As many hypotheses as the beam has."""
    how = {"beam_size": groups * size, "top_beams": groups * size, "beam_groups": groups, "diversity_penalty": penalty}
    return dataclasses.replace(PLAIN, **{**how, **more})


def found(runtime: Any, options: SearchOptions, prompts: Any = ((),), longest: int = 6, **engine: Any) -> Any:
    """What is found after each of these prompts, of a model that is a table."""
    sources = [[*one] for one in prompts]
    requests = requests_for(runtime.sizes, sources, options, length_limit=LengthLimit(0.0, longest))
    return list(Engine(runtime, **engine).results(requests))


def words(hypotheses: list[Hypothesis]) -> list[tuple[tuple[int, ...], Any]]:
    """Their tokens and probabilities."""
    return [(one.tokens, pytest.approx(math.exp(one.log_probability), abs=1e-6)) for one in hypotheses]


def forking(table: dict[tuple[int, ...], list[float]]) -> Any:
    """A table that begins with the begin token, and ends for certain after what is not in it."""
    return lambda tokens: table.get(tokens[tokens.index(BEGIN) + 1 :] if BEGIN in tokens else (), [0, 1, 0, 0, 0])


ONE_EACH = forking({(): [0, 0, 0.6, 0.3, 0.1], (A,): [0, 0.2, 0.5, 0, 0.3], (B,): [0, 0.15, 0.6, 0, 0.25]})
TWO_EACH = forking(
    {
        (): [0, 0, 0.5, 0.3, 0.2],
        (A,): [0, 0.6, 0, 0.25, 0.15],
        (B,): [0, 0.1, 0.6, 0, 0.3],
        (C,): [0, 0.3, 0.2, 0.4, 0.1],
    }
)


def test_two_groups_of_one_by_hand(prompt_runtime: Any) -> None:
    """With ln 3 what the first group takes is worth a third to the second.

    The first is greedy search: A (0.6), A (0.5), end. The second: of A 0.6 / 3 = 0.2, B 0.3 and C 0.1 it takes B; then
    of A 0.6 / 3 = 0.2, C 0.25 and end 0.15 it takes C; then the end. What they are worth is the model's own.
    """
    [both] = found(prompt_runtime(ONE_EACH, 9), in_groups(2, 1, math.log(3)))
    assert words(both) == [((A, A, END), 0.6 * 0.5), ((B, C, END), 0.3 * 0.25)]
    assert both[1].token_log_probabilities == pytest.approx((math.log(0.3), math.log(0.25), 0.0), abs=1e-6)
    assert both[1].score == both[1].log_probability


def test_a_small_penalty_changes_nothing_where_the_model_is_sure(prompt_runtime: Any) -> None:
    """With ln 1.5 the second group's A is worth 0.4 and then 0.33, above 0.3: both find the same, which comes once."""
    [both] = found(prompt_runtime(ONE_EACH, 9), in_groups(2, 1, math.log(1.5)))
    assert words(both) == [((A, A, END), 0.6 * 0.5)]


def test_two_groups_of_two_by_hand(prompt_runtime: Any) -> None:
    """With ln 2 each hypothesis of the first group that goes on with a token halves it in the second, for good.

    Step 1, first group: A 0.5, B 0.3. Second: A 0.25, C 0.2, B 0.15; so A and C live on, A lowered.
    Step 2, first: A end 0.3; B A 0.18 and A B 0.125 live on, B C 0.09 does not. Second, where A and B are halved:
    A end 0.25 · 0.6 = 0.15, C end 0.06, C B 0.2 · 0.4 / 2 = 0.04, A C 0.25 · 0.15 = 0.0375; C A 0.02 and A B 0.031
    do not live on. Were A not lowered any more, A C 0.075 and A B 0.0625 would live on in place of C B.
    Step 3: all end. Each group has two: A end and B A end, 0.18; A end and C B end, 0.08, above A C end, 0.075.
    """
    [both] = found(prompt_runtime(TWO_EACH, 9), in_groups(2, 2, math.log(2)))
    assert words(both) == [((A, END), 0.3), ((B, A, END), 0.3 * 0.6), ((C, B, END), 0.2 * 0.4)]


def random_table(seed: int, vocabulary: int = 6) -> Any:
    """Some probabilities for every beginning, the end's growing with its length; begin has none."""

    def table(tokens: tuple[int, ...]) -> list[float]:
        draw = random.Random(f"{seed} {tokens}")
        weights = [0.0, 0.1 * len(tokens), *(draw.random() ** 3 + 1e-3 for _ in range(vocabulary - 2))]
        return [weight / sum(weights) for weight in weights]

    return table


PROMPTS = [(), (A,), (C, B), (B,), (A, A, C), (5,), (5, 5, 5, 5)]


@pytest.mark.parametrize(("groups", "size"), [(2, 1), (3, 1), (2, 2), (3, 2), (2, 4)])
def test_without_a_penalty_each_group_is_a_beam_of_its_size(prompt_runtime: Any, groups: int, size: int) -> None:
    runtime = prompt_runtime(random_table(1), 20)
    alone = dataclasses.replace(PLAIN, beam_size=size, top_beams=size)
    assert found(runtime, in_groups(groups, size, 0.0), PROMPTS) == found(runtime, alone, PROMPTS)


def test_the_first_group_is_a_beam_of_its_size(prompt_runtime: Any) -> None:
    """To the last bit, whatever the penalty: no group stands before it."""
    runtime = prompt_runtime(random_table(2), 20)
    alone = found(runtime, dataclasses.replace(PLAIN, beam_size=2, top_beams=2), PROMPTS)
    for groups, beam in zip(found(runtime, in_groups(3, 2, 0.7), PROMPTS), alone, strict=True):
        assert set(beam) <= set(groups)


def test_one_group_is_a_beam(prompt_runtime: Any) -> None:
    runtime = prompt_runtime(random_table(3), 20)
    plain = dataclasses.replace(PLAIN, beam_size=4, top_beams=4)
    assert plain == dataclasses.replace(plain, beam_groups=1)
    assert found(runtime, dataclasses.replace(plain, beam_groups=1), PROMPTS) == found(runtime, plain, PROMPTS)


def by_loops(table: Any, prompt: tuple[int, ...], groups: int, penalty: float, longest: int) -> list[tuple[int, ...]]:
    """Groups of one, as the paper's algorithm 1 has it: one plain loop over groups within one over steps."""
    texts: list[tuple[int, ...]] = [()] * groups
    for position in range(longest):
        taken: list[int] = []
        for group, text in enumerate(texts):
            if END in text or len(text) < position:
                continue
            probabilities = table((*prompt, BEGIN, *text))
            worth = [
                math.log(one) - penalty * taken.count(token) if one else -math.inf
                for token, one in enumerate(probabilities)
            ]
            best = max(range(len(worth)), key=worth.__getitem__)
            texts[group] = (*text, best)
            if best != END:
                taken.append(best)
    return texts


@pytest.mark.parametrize("penalty", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("groups", [2, 3, 5])
def test_groups_of_one_are_the_papers_algorithm(prompt_runtime: Any, groups: int, penalty: float) -> None:
    table = random_table(4)
    for prompt, hypotheses in zip(
        PROMPTS, found(prompt_runtime(table, 20), in_groups(groups, 1, penalty), PROMPTS), strict=True
    ):
        assert {one.tokens for one in hypotheses} == set(by_loops(table, prompt, groups, penalty, 6))


@pytest.mark.parametrize("size", [1, 2])
def test_what_is_found_does_not_depend_on_the_batch(prompt_runtime: Any, size: int) -> None:
    runtime, options = prompt_runtime(random_table(5), 20), in_groups(3, size, 0.5, top_beams=3)
    expected = found(runtime, options, PROMPTS, batch_tokens=1)
    assert max(count for count, _, _ in runtime.begun) == 3
    assert found(runtime, options, PROMPTS) == expected
    assert found(runtime, options, PROMPTS[::-1])[::-1] == expected
    assert max(count for count, _, _ in runtime.begun) == 3 * len(PROMPTS)


def test_rules_prefixes_and_other_searches_hold(prompt_runtime: Any) -> None:
    """No token comes twice where none may, with a penalty for repeating too; a prefix begins each."""
    runtime = prompt_runtime(random_table(7), 20)
    for size in (1, 2):
        for rules in (Rules(no_repeat_ngram_size=1), Rules(no_repeat_ngram_size=1, repetition_penalty=1.5)):
            each = found(runtime, in_groups(3, size, 0.5, rules=rules), PROMPTS[:4], longest=4)
            texts = [one.tokens for hypotheses in each for one in hypotheses]
            assert all(len(set(one)) == len(one) for one in texts)
            assert len(texts) > len(each)
    requests = requests_for(runtime.sizes, [[A]], in_groups(2, 2, 0.5), prefixes=[(B, C)])
    [forced] = Engine(runtime).results(requests)
    assert len(forced) > 1
    assert {one.tokens[:2] for one in forced} == {(B, C)}
    [theirs] = found(runtime, in_groups(2, 2, 0.5, search=SearchStrategy("huggingface")))
    assert [one.score for one in theirs] == sorted((one.score for one in theirs), reverse=True)


def test_a_group_searches_for_no_more_than_it_keeps() -> None:
    sizes = [of_a_group(in_groups(3, 2, 0.5, top_beams=top)) for top in (1, 2, 5)]
    assert [(one.beam_size, one.top_beams, one.beam_groups) for one in sizes] == [(2, 1, 1), (2, 2, 1), (2, 2, 1)]


def test_each_group_gives_its_best_before_any_gives_its_second() -> None:
    """Of scores 9, 8 and 3, 2, 1 two are 9 and 3; then 8, and 2. What came twice counts for the better group."""

    def of(*scores: int) -> list[Hypothesis]:
        return [Hypothesis((one, END), float(one), float(one), (float(one), 0.0), True) for one in scores]

    def scores(top: int, *groups: list[Hypothesis]) -> list[float]:
        return [one.score for one in gathered(groups, in_groups(2, 3, 0.5, top_beams=top))]

    assert [scores(top, of(9, 8), of(3, 2, 1)) for top in (1, 2, 3, 4)] == [[9], [9, 3], [9, 8, 3], [9, 8, 3, 2]]
    assert scores(3, of(9, 8), of(9, 2)) == [9, 8, 2]
    assert scores(3, of(9), of(9)) == [9]


def test_what_groups_cannot_be() -> None:
    with pytest.raises(
        DecodingError, match=r"beam_size=5 cannot be parted in beam_groups=2 .* multiple of 2, such as 4"
    ):
        dataclasses.replace(PLAIN, beam_size=5, beam_groups=2)
    with pytest.raises(DecodingError, match="beam_groups=2 is for searching, and sampling draws"):
        dataclasses.replace(PLAIN, beam_size=4, beam_groups=2, sampling=Sampling())
    with pytest.raises(DecodingError, match=r"diversity_penalty=0\.3 is for a beam in groups; give beam_groups"):
        dataclasses.replace(PLAIN, diversity_penalty=0.3)
    with pytest.raises(DecodingError, match=r"diversity_penalty=-1\.0 must be a number from 0 to 1000"):
        in_groups(2, 2, -1.0)
    with pytest.raises(DecodingError, match="beam_groups=0 must be a whole number from 1 to 1024"):
        dataclasses.replace(PLAIN, beam_groups=0)
    assert dataclasses.replace(PLAIN, beam_size=4, beam_groups=2).diversity_penalty == 1.0


def test_a_text_cannot_be_told_what_to_hold(prompt_runtime: Any) -> None:
    phrases = [[Phrase((A,), (A,))]]
    with pytest.raises(DecodingError, match="sentence 1: a beam in groups cannot be told what to hold"):
        requests_for(prompt_runtime(ONE_EACH, 9).sizes, [[]], in_groups(2, 1, 0.5), phrases=phrases)

"""The automaton of UTF-8 against Python's own decoder, and every search that obeys it."""

import dataclasses
import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from clearhead.decoding.device_model import DeviceModel
from clearhead.decoding.engine import LengthLimit, score_ids, translate_ids
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.packed import packed
from clearhead.decoding.search import Hypothesis, StepFunction, greedy
from clearhead.decoding.shortlist import Shortlist
from clearhead.decoding.utf8 import DUE, FURTHEST, REFUSED, START, STATES, Standing, Utf8Automaton, furthest
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.text import Tokenizer

BYTES = Utf8Automaton.of([bytes([byte]) for byte in range(256)])
# Where bytes change their meaning, and what lies beside.
EDGES = bytes.fromhex("00 41 7F 80 8F 90 9F A0 BF C0 C1 C2 DF E0 E1 EC ED EE EF F0 F1 F3 F4 F5 FF")


def is_whole(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def may_become_whole(text: bytes) -> bool:
    """Whether some bytes after it make it whole: one of these, as after a first byte the second may be one of few."""
    return any(
        is_whole(text + tail) for tail in (b"", b"\x80", b"\x80\x80", b"\xa0\x80", b"\x80\x80\x80", b"\x90\x80\x80")
    )


@pytest.mark.parametrize("length", [0, 1, 2])
def test_every_short_string_of_bytes(length: int) -> None:
    """faults.md B4."""
    for text in map(bytes, itertools.product(range(256), repeat=length)):
        state = BYTES.after(text)
        assert (state == START) == is_whole(text)
        assert (state != REFUSED) == may_become_whole(text)


def test_every_string_of_bytes_at_the_edges() -> None:
    """faults.md B4: overlong forms, surrogates and what is beyond U+10FFFF begin with these."""
    for text in map(bytes, itertools.product(EDGES, repeat=3)):
        assert (BYTES.after(text) == START) == is_whole(text)
    for first in EDGES[10:]:
        for text in (bytes([first, *rest]) for rest in itertools.product(EDGES[2:12], repeat=3)):
            assert (BYTES.after(text) == START) == is_whole(text)


@given(st.one_of(st.binary(max_size=40), st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_any_string_of_bytes(text: bytes) -> None:
    assert (BYTES.after(text) == START) == is_whole(text)


@given(st.lists(st.binary(min_size=1, max_size=7), min_size=1, max_size=9), st.binary(max_size=3))
def test_a_token_leads_where_its_bytes_lead(tokens: list[bytes], before: bytes) -> None:
    """Whatever came before, and whatever other tokens there are."""
    automaton, state = Utf8Automaton.of(tokens), BYTES.after(before)
    if state != REFUSED:
        for token, text in enumerate(tokens):
            assert automaton.after([token], state) == BYTES.after(text, state)


def test_pieces_of_characters_as_tokens() -> None:
    """가 is EA B0 80: its halves, and a piece that ends one character and begins the next."""
    automaton = Utf8Automaton.of([b"\xea\xb0", b"\x80", b"\x80\xea", b"\xb0\x80", b"a"])
    assert automaton.after([0, 1]) == automaton.after([0, 2, 3]) == automaton.after([4, 0, 1, 4]) == START
    assert DUE[automaton.after([0])] == 1
    assert DUE[automaton.after([0, 2])] == 2
    for refused in ([1], [2], [3], [0, 0], [0, 4], [0, 3], [0, 1, 1]):
        assert automaton.after(refused) == REFUSED


def test_control_symbols_stand_between_characters() -> None:
    automaton = Utf8Automaton.of([None, b"a", b"\xc3", b"\xa9"])
    assert automaton.after([0, 1, 0, 2, 3, 0]) == START
    assert automaton.after([2, 0]) == REFUSED


def test_from_every_state_bytes_lead_to_the_start_in_as_many_steps_as_are_due() -> None:
    """So a search that leaves so much room always finds a way."""
    reached = {BYTES.after(text) for text in (b"", b"\xc2", b"\xe1", b"\xe0", b"\xed", b"\xf1", b"\xf0", b"\xf4")}
    assert reached == set(range(STATES))
    for state in range(STATES):
        steps, left = 0, {state}
        while START not in left:
            left = {BYTES.after([byte], one) for one in left for byte in range(256)} - {REFUSED}
            steps += 1
        assert steps == DUE[state]
    assert list(DUE) == sorted(DUE)
    assert [max(state for state in range(STATES) if DUE[state] <= room) for room in range(4)] == list(FURTHEST)


def test_one_vocabulary_gives_equal_automata() -> None:
    one, other = (Utf8Automaton.of([b"a", None]) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Utf8Automaton.of([b"a", b"\xc3"])


def test_a_long_token() -> None:
    text = "가나다 €😀 é" * 200
    assert Utf8Automaton.of([b"x", text.encode()]).after([1]) == START
    assert Utf8Automaton.of([b"x", text.encode() + b"\xea\x80"]).after([0, 1]) == 1
    assert Utf8Automaton.of([b"x", text.encode() + b"\x80"]).after([1]) == REFUSED


def test_what_is_banned_and_where_hypotheses_stand_after() -> None:
    """Against `after`, hypothesis by hypothesis; sentence 0 has room for one token more, sentence 1 for two."""
    draw = random.Random(1)
    tokens = [*(bytes([byte]) for byte in EDGES), b"\xea\xb0", b"\x80\xea", "é€".encode(), None]
    automaton = Utf8Automaton.of(tokens)
    states = torch.tensor([[draw.randrange(STATES) for _ in range(5)] for _ in range(2)])
    standing = Standing(automaton.table, states, furthest([5, 6], 3, "cpu"))
    banned = standing.banned()
    assert banned.shape == (2, 5, len(tokens))
    for sentence, room in ((0, 1), (1, 2)):
        for row, state in enumerate(states[sentence].tolist()):
            for token in range(len(tokens)):
                after = automaton.after([token], state)
                assert banned[sentence, row, token] == (after == REFUSED or DUE[after] > room)
    parents, chosen = torch.tensor([[4, 0], [1, 1]]), torch.tensor([[3, 7], [24, 0]])
    after = [[automaton.after([int(chosen[s, j])], int(states[s, parents[s, j]])) for j in range(2)] for s in range(2)]
    assert standing.after(parents, chosen).tolist() == [
        [START if one == REFUSED else one for one in each] for each in after
    ]


def test_far_from_the_limit_there_is_room_for_all() -> None:
    assert furthest([9, 12], 5, "cpu") is None
    found = furthest([9, 8, 7, 6], 5, "cpu")
    assert found is not None
    assert found.tolist() == [FURTHEST[3], FURTHEST[2], FURTHEST[1], FURTHEST[0]]


# Bytes alone, as an untrained model's tokenizer has them; and pieces that hold halves of 가, 각 (EA B0 80, 81) and 😀.
MERGES = [("ê", "°"), ("ê°", "Ģ"), ("Ģ", "ê"), ("Ģê", "°"), ("ð", "Ł"), ("ĺ", "Ģ"), ("a", "ê"), ("Ł", "ĺĢ")]
TOKENIZERS = {
    "bytes": Tokenizer((), [], []),
    "pieces": Tokenizer(("fr", "ko"), ["".join(merge) for merge in MERGES], MERGES),
}
Found = list[list[Hypothesis]]


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return TOKENIZERS[request.param]


def untrained(tokenizer: Tokenizer, seed: int = 3) -> EncoderDecoder:
    """Draws from all bytes alike, more or less: of its texts of twenty tokens hardly any is whole by chance."""
    config = TransformerConfig(
        source_vocabulary=tokenizer.size,
        target_vocabulary=tokenizer.size,
        width=16,
        heads=2,
        inner_width=16,
        encoder_layers=1,
        decoder_layers=1,
        max_length=32,
        norm_placement="pre",
        share_embeddings="none",
    )
    model = EncoderDecoder(config, seed=seed).eval()
    with torch.no_grad():
        # Other tokens than the end, each about as likely to come first somewhere.
        model.output.matrix.weight.normal_(generator=torch.Generator().manual_seed(seed))
    return model


def options_for(tokenizer: Tokenizer, whole: bool = True, **changes: Any) -> SearchOptions:
    tags = [tokenizer.tag(language) for language in tokenizer.languages]
    return SearchOptions(
        begin=tokenizer.begin,
        end=tokenizer.end,
        suppressed=(tokenizer.padding, tokenizer.begin, *tags),
        utf8=Utf8Automaton.of(tokenizer.token_bytes) if whole else None,
        **changes,
    )


SEARCHES: dict[str, dict[str, Any]] = {
    "greedy": {"beam_size": 1},
    "beam": {"beam_size": 5, "top_beams": 5},
    "sampling": {"sampling": Sampling(seed=1), "top_beams": 3},
    "hot": {"sampling": Sampling(temperature=3.0), "top_beams": 3},
    "top-k": {"sampling": Sampling(top_k=7), "top_beams": 3},
    "top-p": {"sampling": Sampling(top_p=0.4), "top_beams": 3},
}


def sources_of(tokenizer: Tokenizer, count: int = 6) -> list[list[int]]:
    draw = random.Random(4)
    return [[*(draw.choice(tokenizer.byte_ids) for _ in range(1 + n % 5)), tokenizer.end] for n in range(count)]


def are_whole(found: Found, tokenizer: Tokenizer) -> bool:
    """Whether every text is UTF-8, and what the tokenizer makes of the tokens."""
    for hypothesis in itertools.chain(*found):
        text = b"".join(tokenizer.token_bytes[token] or b"" for token in hypothesis.tokens)
        if not is_whole(text):
            return False
        assert tokenizer.decode(hypothesis.tokens).encode() == text
    return True


def searched(model: Any, tokenizer: Tokenizer, options: SearchOptions, extra: int = 9, **more: Any) -> Found:
    """Greatest lengths of 10 and more, at which most of what an untrained model writes is cut."""
    found = translate_ids(model, sources_of(tokenizer), options, length_limit=LengthLimit(1.0, extra), **more)
    assert all(len(hypotheses) == options.top_beams for hypotheses in found)
    return found


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("way", ["plain", "compiled", "device"])
def test_no_search_writes_half_a_character(tokenizer: Tokenizer, search: str, way: str) -> None:
    """faults.md B4. At any greatest length, so that some is reached inside a character that was hard to end."""
    model: Any = untrained(tokenizer)
    if way == "compiled":
        model = packed(model, "fp32")
        if model is None:
            pytest.skip("this machine has no C compiler")
    if way == "device":
        model = DeviceModel(model)
    if way != "device":
        assert not are_whole(searched(model, tokenizer, options_for(tokenizer, False, **SEARCHES[search])), tokenizer)
    for extra in (0, 1, 2, 9):
        assert are_whole(searched(model, tokenizer, options_for(tokenizer, **SEARCHES[search]), extra), tokenizer)


@pytest.mark.parametrize("search", ["greedy", "beam", "top-k"])
@pytest.mark.parametrize("way", ["plain", "compiled"])
def test_nor_after_a_prefix_or_with_a_shortlist(tokenizer: Tokenizer, search: str, way: str) -> None:
    """faults.md B4. A prefix of ids may end inside a character, which is ended; a list need not have the bytes."""
    model: Any = untrained(tokenizer)
    if way == "compiled":
        model = packed(model, "fp32")
        if model is None:
            pytest.skip("this machine has no C compiler")
    options, first = options_for(tokenizer, **SEARCHES[search]), tokenizer.byte_ids[0]
    prefixes = [[first + byte for byte in text] for text in (b"", b"a", b"\xc3", b"\xe0", b"a\xf0\x9f", b"\xf4")]
    for extra in (0, 9):
        found = searched(model, tokenizer, options, extra, prefixes=prefixes)
        assert are_whole(found, tokenizer)
        for prefix, hypotheses in zip(prefixes, found, strict=True):
            assert all(list(one.tokens[: len(prefix)]) == prefix for one in hypotheses)
    size = tokenizer.size
    heads = [tokenizer.end, *(first + byte for byte in b"ab\xc3\xe0\xed\xf0\xf1\xf4")]
    shortlist = Shortlist(np.zeros(size + 1, np.int64), np.zeros(0, np.int32), np.array(heads), size)
    found = searched(model, tokenizer, options, shortlist=shortlist)
    assert are_whole(found, tokenizer)
    allowed = {*heads, *(first + byte for byte in range(0x80, 0xC0))}
    assert all(allowed >= set(one.tokens) for one in itertools.chain(*found))


@pytest.mark.parametrize("search", ["greedy", "beam"])
def test_three_ways_find_the_same(tokenizer: Tokenizer, search: str, assert_same: Callable[..., None]) -> None:
    """faults.md B4: in C, by PyTorch, and in the fixed shapes of a GPU."""
    model, options = untrained(tokenizer), options_for(tokenizer, **SEARCHES[search])
    expected = searched(model, tokenizer, options)
    assert_same(searched(DeviceModel(model), tokenizer, options), expected)
    compiled = packed(model, "fp32")
    if compiled is not None:
        assert_same(searched(compiled, tokenizer, options), expected)


def test_what_was_whole_stays_as_it_was(tokenizer: Tokenizer) -> None:
    """Greedy search that never met half a character finds the same, to the last bit; probabilities are the model's."""
    model = untrained(tokenizer)
    # A model that prefers letters.
    letters = [tokenizer.byte_ids[byte] for byte in b"abcdefgh ,."]
    with torch.no_grad():
        model.output.matrix.weight[letters] *= 9
    for search in ("greedy", "beam"):
        before = searched(model, tokenizer, options_for(tokenizer, False, **SEARCHES[search]))
        assert are_whole(before, tokenizer)
        assert searched(model, tokenizer, options_for(tokenizer, **SEARCHES[search])) == before


def test_scores_are_those_that_scoring_gives(tokenizer: Tokenizer) -> None:
    model, options = untrained(tokenizer).double(), options_for(tokenizer, **SEARCHES["beam"])
    sources = sources_of(tokenizer)
    for source, hypotheses in zip(sources, searched(model, tokenizer, options), strict=True):
        for one in hypotheses:
            words = one.tokens[:-1] if one.finished else one.tokens
            [again] = score_ids(model, [source], [words], options, ended=[one.finished])
            assert again.log_probability == pytest.approx(one.log_probability, rel=1e-9)


@pytest.mark.parametrize(
    ("prefix", "limit", "message"),
    [
        (b"\x80", 9, "sentence 1: its prefix is not UTF-8; give the ids of a text"),
        (b"a\xed\xa0\x80", 9, "its prefix is not UTF-8"),
        (b"ab\xe0", 4, "its prefix ends inside a character, and 4 tokens have no room for the rest"),
    ],
)
def test_a_prefix_that_cannot_become_a_text(table_step: Any, prefix: bytes, limit: int, message: str) -> None:
    options = SearchOptions(begin=300, end=256, utf8=Utf8Automaton.of([*(bytes([b]) for b in range(256)), None]))
    step: StepFunction = table_step(lambda tokens: [1 / 257] * 257)
    with pytest.raises(DecodingError, match=message):
        greedy(step, [limit], options, prefixes=[list(prefix)])


def test_another_vocabularys_automaton_is_refused(table_step: Any) -> None:
    options = SearchOptions(begin=0, end=1, utf8=Utf8Automaton.of([None, None, b"a"]))
    with pytest.raises(DecodingError, match="utf8 is for a vocabulary of 3 ids but the model's has 4"):
        greedy(table_step(lambda tokens: [0.25] * 4), [3], options)
    tokenizer = TOKENIZERS["bytes"]
    with pytest.raises(DecodingError, match="utf8 is for a vocabulary of 3 ids but the model's has 259"):
        searched(untrained(tokenizer), tokenizer, dataclasses.replace(options_for(tokenizer), utf8=options.utf8))


@pytest.mark.slow
@pytest.mark.parametrize("search", SEARCHES)
def test_many_untrained_models(search: str) -> None:
    """faults.md B4, the longer form."""
    for seed, tokenizer in itertools.product(range(40), TOKENIZERS.values()):
        model = untrained(tokenizer, seed)
        for way in (model, packed(model, "int8") or model, DeviceModel(model, "bf16")):
            assert are_whole(searched(way, tokenizer, options_for(tokenizer, **SEARCHES[search]), seed % 7), tokenizer)

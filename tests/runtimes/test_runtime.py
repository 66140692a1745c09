"""One protocol, several implementations: the same hypotheses of each, and the same choice under every ban.

The plain way stands here: all that was written is read anew at every step, by the model's own forward pass.
"""

import contextlib
import dataclasses
import functools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from clearhead.decoding import Engine, Hypothesis, LengthPenalty, Request, Sampling, SearchOptions, Shortlist, Step
from clearhead.decoding.requests import requests_for
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.native import library as native
from clearhead.runtimes.choosing import Chooser
from clearhead.runtimes.compiled import CompiledRuntime
from clearhead.runtimes.cuda import CudaRuntime
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.preparing import compiled
from clearhead.runtimes.runtime import Bans, Choice, Lists, Runtime, Sizes, State, best_of, bytes_for, log_softmax
from clearhead.text.utf8 import FURTHEST, REFUSED, STATES, Standing, Utf8Automaton

PADDING, BEGIN, END, VOCABULARY = 0, 1, 2, 19
# Whole words, and bytes that make a character of two to four of them, or of which some are refused.
PIECES = (
    None, None, None, b"a", b"bc ", b"\xc3", b"\xa9", b"\xe2", b"\x82\xac", b"\xac", b"\xf0\x9f", b"\x98", b"\x80",
    "é".encode(), b"\xe2\x82", b"d", b"\xa9\xc3", b"e", b"f",
)  # fmt: skip
UTF8 = Utf8Automaton.of(PIECES)
CONFIGS: dict[str, dict[str, Any]] = {
    "paper": {},
    "rotary": {"positions": "rotary", "activation": "swiglu", "norm_placement": "pre", "norm": "rms"},
    "learned": {"positions": "learned", "share_embeddings": "none", "activation": "gelu-tanh"},
    "odd": {"width": 12, "heads": 3, "inner_width": 20, "encoder_layers": 0, "norm_placement": "pre"},
}
# With these a model's sentences end at different times, and are different ones.
SEEDS = {"paper": 41, "rotary": 45, "learned": 26, "odd": 29}
SURE = 1.5
# Logits are large then, and so is what float32 rounds off.
ROUNDING = 1e-4
BEAM = SearchOptions(
    begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=4, top_beams=3,
    length_penalty=LengthPenalty("gnmt", 0.6),
)  # fmt: skip
GREEDY = dataclasses.replace(BEAM, beam_size=1, top_beams=1)
SAMPLE = dataclasses.replace(BEAM, sampling=Sampling(temperature=1.3, top_k=9, top_p=0.95, seed=3), top_beams=2)
needs_c = pytest.mark.skipif(native.library() is None, reason="this machine has no C compiler")
KINDS = [pytest.param("compiled", marks=needs_c), "eager", "cuda", "captured"]


def sources(count: int = 6) -> list[list[int]]:
    draw = random.Random(5)
    return [[*(draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(9))), END] for _ in range(count)]


def shortlist() -> Shortlist:
    draw = random.Random(8)
    targets = np.array([sorted(draw.sample(range(3, VOCABULARY), 3)) for _ in range(VOCABULARY)])
    return Shortlist(np.arange(VOCABULARY + 1) * 3, targets.flatten(), np.array([3, 9]), VOCABULARY)


PREFIXES = [[5, 6], [], [18], [3, 4, 3], [], [17, 15, 3]]
WAYS: dict[str, tuple[SearchOptions, dict[str, Any]]] = {
    "greedy": (GREEDY, {}),
    "beam": (BEAM, {}),
    "sampling": (SAMPLE, {}),
    "prefixes": (BEAM, {"prefixes": PREFIXES}),
    "sampling prefixes": (SAMPLE, {"prefixes": PREFIXES}),
    "shortlist": (BEAM, {"shortlist": shortlist()}),
    "shortlist sampling prefixes": (SAMPLE, {"shortlist": shortlist(), "prefixes": PREFIXES}),
    "utf8": (dataclasses.replace(BEAM, utf8=UTF8), {}),
    "utf8 greedy": (dataclasses.replace(GREEDY, utf8=UTF8), {}),
    "utf8 sampling": (dataclasses.replace(SAMPLE, utf8=UTF8), {}),
    "utf8 shortlist prefixes": (
        dataclasses.replace(BEAM, utf8=UTF8), {"shortlist": shortlist(), "prefixes": PREFIXES},
    ),
}  # fmt: skip


@functools.cache
def model_of(name: str) -> EncoderDecoder:
    sizes = {"width": 16, "heads": 2, "inner_width": 24, "encoder_layers": 1, "decoder_layers": 2, "max_length": 14}
    config = TransformerConfig(source_vocabulary=VOCABULARY, target_vocabulary=VOCABULARY, **{**sizes, **CONFIGS[name]})
    model = EncoderDecoder(config, seed=SEEDS[name]).eval()
    generator = torch.Generator().manual_seed(SEEDS[name])
    with torch.no_grad():
        for parameter in model.parameters():
            # Biases that are zero and gains that are one would hide a part that is left out.
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.2)
            if parameter.dim() > 1:
                parameter.mul_(SURE)
    return model


class PlainState:
    """What each row has written, and nothing else."""

    def __init__(self, model: EncoderDecoder, sources: Sequence[Sequence[int]], lists: Lists | None) -> None:
        self.model = model
        self.sources, self.allowed = list(sources), None if lists is None else lists.mask()
        self.written: list[list[list[int]]] = [[[]] for _ in sources]

    def advance(self, tokens: NDArray[np.int64], parents: NDArray[np.int64] | None) -> None:
        beams = len(self.written[0])
        rows = np.arange(tokens.size).reshape(tokens.shape) if parents is None else parents
        before = [path for paths in self.written for path in paths]
        self.written = [
            [[*before[row], int(token)] for row, token in zip(*pair, strict=True)]
            for pair in zip(rows, tokens, strict=True)
        ]
        kept = [{int(row) // beams for row in of_sentence} for of_sentence in rows]
        places = [place for [place] in kept]
        self.sources = [self.sources[place] for place in places]
        self.allowed = None if self.allowed is None else self.allowed[places]

    def log_probabilities(self) -> NDArray[np.float32]:
        return log_softmax(self.logits())

    def logits(self) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits = np.array(
                [
                    self.model(torch.tensor([source]).expand(len(paths), -1), torch.tensor(paths))[:, -1].numpy()
                    for source, paths in zip(self.sources, self.written, strict=True)
                ]
            )
        return logits if self.allowed is None else np.where(self.allowed[:, None], logits, -math.inf)

    def best(self, count: int, bans: Bans) -> Choice:
        return best_of(self.log_probabilities(), count, bans)


class Plain:
    batch_tokens, batch_bytes, concurrency = 4096, 2**31, 1

    def __init__(self, model: EncoderDecoder) -> None:
        self.model, self.sizes = model, Sizes.of(model.config)

    def padded_length(self, length: int) -> int:
        return length

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        return bytes_for(self.sizes, source, target, rows)

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        yield

    def begin(self, sources: Any, capacity: int, *, rows: int = 1, lists: Any = None, threads: int = 1) -> PlainState:
        return PlainState(self.model, sources, lists)


@functools.cache
def expected(name: str, way: str) -> list[list[Hypothesis]]:
    options, asked = WAYS[way]
    return Engine(Plain(model_of(name))).translate(sources(), options, **asked)


@pytest.fixture
def runtime_of(tape: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, EncoderDecoder], Runtime]:
    def make(kind: str, model: EncoderDecoder) -> Runtime:
        if kind == "eager":
            return EagerRuntime(model)
        if kind == "compiled":
            found = compiled(model, "fp32")
            assert found is not None
            return found
        # Few rows move together as many do.
        monkeypatch.setattr("clearhead.runtimes.cuda.FEW_ROWS", 2)
        return CudaRuntime(model, capturer=tape if kind == "captured" else None)

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_runtime(runtime_of: Any, kind: str) -> None:
    runtime = runtime_of(kind, model_of("paper"))
    assert isinstance(runtime, Runtime)
    assert isinstance(Plain(model_of("paper")), Runtime)
    assert runtime.sizes == Sizes(VOCABULARY, VOCABULARY, 14, 2, 16)
    with runtime.session():
        assert isinstance(runtime.begin(sources(), 3), State)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CONFIGS)
def test_the_same_hypotheses(runtime_of: Any, assert_same: Any, tape: Any, kind: str, way: str, name: str) -> None:
    """Twice: what a runtime keeps between batches changes nothing."""
    options, asked = WAYS[way]
    runtime = runtime_of(kind, model_of(name))
    for batch_tokens in (None, 40 * options.beam_size):
        found = Engine(runtime, batch_tokens=batch_tokens).translate(sources(), options, **asked)
        assert_same(found, expected(name, way), ROUNDING)
    assert (tape.replayed > 0) == (kind == "captured")


def test_what_is_expected_is_worth_comparing() -> None:
    """Different sentences of different lengths, several of them of more bytes than one to a character."""
    for way in WAYS:
        every = [one for name in CONFIGS for found in expected(name, way) for one in found]
        assert len({one.tokens for one in every}) > len(every) // 3, way
        assert {one.finished for one in every} == {True, False}, way
        if "utf8" in way:
            texts = [b"".join(PIECES[token] or b"" for token in one.tokens).decode() for one in every]
            assert sum(not text.isascii() for text in texts) > len(texts) // 4, way
        if "prefixes" in way:
            for name in CONFIGS:
                for prefix, found in zip(PREFIXES, expected(name, way), strict=True):
                    assert all(list(one.tokens[: len(prefix)]) == prefix for one in found)


def watched(runtime: Runtime, options: SearchOptions, **asked: Any) -> list[list[Step]]:
    """What each sentence's watcher is told."""
    told: list[list[Step]] = [[] for _ in sources()]
    engine = Engine(runtime)
    requests = [
        dataclasses.replace(request, watch=told[number].append)
        for number, request in enumerate(requests_for(runtime.sizes, sources(), options, **asked))
    ]
    engine.submit(*requests)
    engine.compute(requests)
    return told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["greedy", "beam", "utf8", "shortlist", "prefixes"])
def test_who_watches_sees_the_same(runtime_of: Any, kind: str, way: str) -> None:
    options, asked = WAYS[way]
    model = model_of("rotary")
    found, plain = watched(runtime_of(kind, model), options, **asked), watched(Plain(model), options, **asked)
    assert [len(steps) for steps in found] == [len(steps) for steps in plain]
    assert len({len(steps) for steps in found}) > 1
    for step, other in zip([s for steps in found for s in steps], [s for steps in plain for s in steps], strict=True):
        same_choice(step.choices, other.choices)
        for mine, theirs in ((step.candidates, other.candidates), (step.live, other.live)):
            np.testing.assert_allclose(mine.totals, theirs.totals, atol=ROUNDING)
            there = np.isfinite(theirs.totals)
            assert (mine.tokens[there] == theirs.tokens[there]).all()
            assert (mine.parents[there] == theirs.parents[there]).all()


def same_choice(found: Choice, plain: Choice) -> None:
    """Where nothing was left to choose, tokens are nobody's."""
    np.testing.assert_allclose(found.log_probabilities, plain.log_probabilities, atol=ROUNDING)
    there = np.isfinite(plain.log_probabilities)
    assert (found.tokens[there] == plain.tokens[there]).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["greedy", "beam", "sampling", "utf8", "shortlist"])
def test_who_is_cancelled_leaves_and_nobody_else_notices(
    runtime_of: Any, assert_same: Any, kind: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One before anything is computed, one by its watcher at its second step, one of two at their first."""
    monkeypatch.setattr("clearhead.decoding.search.ASKED_EVERY", 1)
    options, asked = WAYS[way]
    runtime = runtime_of(kind, model_of("paper"))
    steps = [0] * len(sources())
    requests = requests_for(runtime.sizes, sources(), options, **asked)

    def watch(number: int, at: int, step: Step) -> None:
        steps[number] += 1
        if steps[number] == at:
            requests[number].found.cancel()

    for number, at in ((1, 2), (2, 1), (3, 1)):
        requests[number] = dataclasses.replace(requests[number], watch=functools.partial(watch, number, at))
    requests[0].found.cancel()
    engine = Engine(runtime)
    engine.submit(*requests)
    engine.compute(requests)
    assert [request.found.cancelled() for request in requests] == [True, True, True, True, False, False]
    assert_same([request.found.result() for request in requests[4:]], expected("paper", way)[4:], ROUNDING)
    # Draws of one sentence are searched for side by side: each is told of before any of them leaves.
    draws = 1 if options.sampling is None else options.top_beams
    assert all(at <= told <= at + draws - 1 for told, at in zip(steps[1:4], (2, 1, 1), strict=True))
    again: list[Request] = requests_for(runtime.sizes, sources(), options, **asked)
    engine.submit(*again)
    engine.compute(again)
    assert_same([request.found.result() for request in again], expected("paper", way), ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_widen_change_places_and_leave(runtime_of: Any, kind: str) -> None:
    """Sentences too, with the lists that are theirs; and all rows may go on as they are."""
    runtime, read = runtime_of(kind, model_of("paper")), sources(4)
    lists = shortlist().lists(read, [(END,)] * 4)
    steps: list[tuple[list[list[int]], list[list[int]] | None]] = [
        ([[BEGIN]] * 4, None),
        ([[3, 4, 5]] * 4, [[0] * 3, [1] * 3, [2] * 3, [3] * 3]),
        ([[6, 7, 8]] * 4, None),
        ([[9, 10, 11], [3, 3, 4], [5, 6, 7]], [[9, 11, 10], [1, 1, 0], [5, 3, 4]]),
        ([[12, 13], [14, 15], [16, 17]], [[4, 3], [8, 8], [0, 1]]),
        ([[9, 10], [11, 12], [13, 14]], None),
        ([[15, 16]], [[3, 2]]),
    ]
    for limited in (None, lists):
        plain = Plain(model_of("paper")).begin(read, 9, lists=limited)
        with runtime.session():
            state = runtime.begin(read, 9, rows=3, lists=limited)
            for tokens, parents in steps:
                for each in (state, plain):
                    each.advance(np.array(tokens), None if parents is None else np.array(parents))
                np.testing.assert_allclose(state.log_probabilities(), plain.log_probabilities(), atol=ROUNDING)
                np.testing.assert_allclose(state.logits(), plain.logits(), atol=ROUNDING)
                same_choice(state.best(4, Bans((3, 9))), plain.best(4, Bans((3, 9))))
                # All, if there are fewer than that.
                assert state.best(99, Bans()).tokens.shape == (*np.shape(tokens), VOCABULARY)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_characters_of_another_vocabulary_are_refused(runtime_of: Any, kind: str) -> None:
    runtime = runtime_of(kind, model_of("paper"))
    with runtime.session():
        state = runtime.begin(sources(2), 3)
        state.advance(np.full((2, 1), BEGIN), None)
        standing = Standing(np.zeros((STATES, 5), np.uint8), np.zeros((2, 1), np.int64), None)
        with pytest.raises(DecodingError, match="utf8 is for a vocabulary of 5 ids but the model's has 19"):
            state.best(2, Bans((), standing))


@functools.cache
def wide(vocabulary: int) -> CompiledRuntime:
    """Any model with so many target tokens: its logits are put in the place of others."""
    sizes = {"width": 4, "heads": 1, "inner_width": 4, "encoder_layers": 0, "decoder_layers": 1, "max_length": 4}
    config = TransformerConfig(
        source_vocabulary=3,
        target_vocabulary=vocabulary,
        share_embeddings="target",
        **sizes,  # type: ignore[arg-type]
    )
    found = compiled(EncoderDecoder(config, seed=1).eval(), "fp32")
    assert found is not None
    return found


def drawn_logits(random: np.random.Generator, shape: tuple[int, ...], kind: str) -> NDArray[np.float32]:
    """Few different whole numbers, of which many are equal, or all kinds; some rows are no numbers."""
    logits = random.integers(-3, 4, shape) if kind == "equal" else random.normal(0, 4, shape)
    logits = logits.astype(np.float32)
    if kind == "impossible":
        logits[random.random(shape) < 0.7] = -math.inf
    if kind == "no numbers":
        rows = random.random(shape[:2]) < 0.4
        places = random.integers(0, shape[-1], shape[:2])
        value = random.choice(np.array([math.nan, math.inf], np.float32), shape[:2])
        for sentence, row in np.argwhere(rows):
            logits[sentence, row, places[sentence, row]] = value[sentence, row]
    return logits


def drawn_bans(random: np.random.Generator, sentences: int, beams: int, vocabulary: int, data: Any) -> Bans:
    suppressed = tuple(random.permutation(vocabulary)[: data.draw(st.sampled_from([0, 1, 3, vocabulary]))].tolist())
    forced = standing = None
    if data.draw(st.booleans()):
        forced = np.where(random.random(sentences) < 0.5, -1, random.integers(0, vocabulary, sentences))
    if data.draw(st.booleans()):
        table = random.choice(np.array([*range(STATES), REFUSED, REFUSED], np.uint8), (STATES, vocabulary))
        room = random.choice(np.array(FURTHEST, np.uint8), sentences) if data.draw(st.booleans()) else None
        standing = Standing(table, random.integers(0, STATES, (sentences, beams)), room)
    return Bans(suppressed, standing, forced)


@needs_c
@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    sentences=st.integers(1, 4),
    beams=st.integers(1, 4),
    vocabulary=st.sampled_from([3, 19, 150, 700]),
    count=st.sampled_from([1, 2, 8, 70]),
    kind=st.sampled_from(["equal", "all kinds", "impossible", "no numbers"]),
    listed=st.booleans(),
    data=st.data(),
)
def test_one_choice_by_numpy_c_and_pytorch(
    seed: int, sentences: int, beams: int, vocabulary: int, count: int, kind: str, listed: bool, data: Any
) -> None:
    """Log-probabilities are the same, tokens where they are no matter of taste, and NaN is never hidden."""
    random = np.random.default_rng(seed)
    lists, width = None, vocabulary
    if listed:
        counts = random.integers(1, vocabulary + 1, sentences).astype(np.int32)
        width = int(counts.max())
        tokens = np.full((sentences, width), vocabulary, np.int32)
        for row, size in zip(tokens, counts, strict=True):
            row[:size] = np.sort(random.permutation(vocabulary)[:size])
        lists = Lists(tokens, counts, vocabulary)
    state = wide(vocabulary).begin([[2]] * sentences, 2, lists=lists)
    state.advance(np.full((sentences, 1), 1), None)
    state.advance(np.full((sentences, beams), 1), np.arange(sentences)[:, None].repeat(beams, 1))
    state._logits[...] = drawn_logits(random, (sentences, beams, width), kind)
    bans = drawn_bans(random, sentences, beams, vocabulary, data)
    log_probabilities = state.log_probabilities()
    plain, by_c = best_of(log_probabilities, count, bans), state.best(count, bans)
    by_torch = Chooser(torch.device("cpu")).best(torch.from_numpy(log_probabilities), count, bans)
    others = (by_c, Choice(*(one.numpy() for one in by_torch)))
    broken = np.isnan(log_probabilities).any(-1)
    permitted_to = ~(np.isnan(plain.log_probabilities[..., 0])) & broken
    for found in others:
        assert found.tokens.shape == plain.tokens.shape == (sentences, beams, min(count, vocabulary))
        np.testing.assert_allclose(
            found.log_probabilities[~broken], plain.log_probabilities[~broken], atol=1e-5, rtol=1e-6
        )
        first = found.log_probabilities[broken & ~permitted_to][..., 0]
        assert np.isnan(first).all()
        own = found.log_probabilities
        there = np.isfinite(own)
        looked_up = np.take_along_axis(log_probabilities, found.tokens, -1)
        np.testing.assert_allclose(own[there], looked_up[there], atol=1e-5)
        for row in found.tokens.reshape(-1, found.tokens.shape[-1])[there.all(-1).ravel()]:
            assert len(set(row.tolist())) == len(row)
    # Where a row is no numbers and all is banned, nothing is left, and nobody says a number.
    assert (plain.log_probabilities[permitted_to] == -math.inf).all()
    sure = np.isfinite(plain.log_probabilities) & ~broken[..., None]
    assert (by_c.tokens[sure] == plain.tokens[sure]).all()


REFUSED_STEPS: dict[str, tuple[Any, Any]] = {
    "an unknown token": ([[5, VOCABULARY], [3, 4]], None),
    "a negative token": ([[5, -1], [3, 4]], None),
    "another number of rows": ([[5], [3]], None),
    "a row that is not there": ([[5, 6], [3, 4]], [[0, 1], [2, 4]]),
    "a negative row": ([[5, 6], [3, 4]], [[-1, 1], [2, 3]]),
    "rows of two sentences": ([[5, 6], [3, 4]], [[0, 2], [2, 3]]),
    "other parents than tokens": ([[5, 6], [3, 4]], [[0, 1]]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", REFUSED_STEPS)
def test_what_is_not_there_is_refused_by_each(
    signatures_unchecked: None, runtime_of: Any, kind: str, asked: str
) -> None:
    """PyTorch raised IndexError, on a GPU it would end the process' computations; and the state goes on as it was."""
    runtime = runtime_of(kind, model_of("paper"))
    with runtime.session():
        found = []
        for is_asked in (True, False):
            state = runtime.begin([[5, 6, END], [7, END]], 3, rows=2)
            state.advance(np.array([[BEGIN], [BEGIN]]), None)
            state.advance(np.array([[5, 6], [7, 8]]), np.array([[0, 0], [1, 1]]))
            tokens, parents = REFUSED_STEPS[asked]
            if is_asked:
                with pytest.raises(DecodingError):
                    state.advance(np.array(tokens), None if parents is None else np.array(parents))
            state.advance(np.array([[5, 6], [3, 4]]), None)
            found.append(state.log_probabilities())
            with pytest.raises(DecodingError):
                state.advance(np.array([[5, 6], [3, 4]]), None)
        assert np.array_equal(*found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("sources", "capacity"), [([[VOCABULARY]], 3), ([[-1]], 3), ([[5], []], 3), ([[5]], 15)])
def test_what_cannot_be_begun_is_refused_by_each(runtime_of: Any, kind: str, sources: Any, capacity: int) -> None:
    runtime = runtime_of(kind, model_of("paper"))
    with runtime.session(), pytest.raises(DecodingError):
        runtime.begin(sources, capacity)

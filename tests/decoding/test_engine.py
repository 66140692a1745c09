"""Many sentences at once, with a tiny random model. Ids: 0 padding, 1 begin, 2 end, then words."""

import copy
import dataclasses
import math
import os
import random
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from clearhead.decoding import engine as engine_module
from clearhead.decoding.beam import Step
from clearhead.decoding.engine import Engine
from clearhead.decoding.hypothesis import Hypothesis
from clearhead.decoding.lengths import LengthLimit
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.requests import requests_for
from clearhead.decoding.scores import LengthPenalty
from clearhead.decoding.scoring import score_ids
from clearhead.decoding.search import search
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.runtime import Bans, Choice, best_of, log_softmax

PADDING, BEGIN, END = 0, 1, 2
VOCABULARY, MAX_LENGTH = 17, 16
POSITIONS = ["sinusoidal", "sinusoidal-concatenated", "learned", "rotary"]
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=4, top_beams=3)
GREEDY = dataclasses.replace(OPTIONS, beam_size=1, top_beams=1)
SAMPLE = dataclasses.replace(OPTIONS, sampling=Sampling(seed=5, top_k=9))


def tiny(positions: Any = "sinusoidal") -> EncoderDecoder:
    """Random, but sure enough of itself that translations differ from source to source and end at different times."""
    config = TransformerConfig(
        source_vocabulary=VOCABULARY,
        target_vocabulary=VOCABULARY,
        width=16,
        heads=2,
        inner_width=32,
        encoder_layers=1,
        decoder_layers=2,
        positions=positions,
        max_length=MAX_LENGTH,
        norm_placement="pre",
        share_embeddings="none",
    )
    model = EncoderDecoder(config, seed=24)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2)
    return model


@pytest.fixture(scope="module")
def model() -> EncoderDecoder:
    return tiny()


@pytest.fixture(scope="module")
def sources() -> list[list[int]]:
    draw = random.Random(1)
    return [[*(draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(1, 11))), END] for _ in range(14)]


class UncachedState:
    """Runs the whole decoder over the whole prefix of every hypothesis, at every step; it remembers ids only."""

    def __init__(self, model: EncoderDecoder, source: Tensor) -> None:
        self.model, self.source = model, source
        self.prefixes = torch.empty(len(source), 1, 0, dtype=torch.long)

    def advance(self, tokens: NDArray[np.int64], parents: NDArray[np.int64] | None) -> None:
        if parents is not None:
            beams = self.prefixes.shape[1]
            self.source = self.source[torch.as_tensor(parents[:, 0] // beams)]
            self.prefixes = self.prefixes.flatten(0, 1)[torch.as_tensor(parents)]
        self.prefixes = torch.cat((self.prefixes, torch.as_tensor(tokens)[..., None]), dim=-1)

    def best(self, count: int, bans: Bans) -> Choice:
        return best_of(self.log_probabilities(), count, bans)

    def log_probabilities(self) -> NDArray[np.float32]:
        return log_softmax(self.logits())

    def logits(self) -> NDArray[np.float32]:
        sentences, beams, length = self.prefixes.shape
        logits = self.model(self.source.repeat_interleave(beams, dim=0), self.prefixes.reshape(-1, length))
        found: NDArray[np.float32] = logits[:, -1].view(sentences, beams, -1).numpy()
        return found


def translated(model: EncoderDecoder, sources: Any, options: SearchOptions, **settings: Any) -> list[list[Hypothesis]]:
    ours = {name: settings.pop(name) for name in ("batch_tokens", "workers") if name in settings}
    return Engine(EagerRuntime(model), **ours).translate(sources, options, **settings)


def tokens_of(found: Any) -> list[list[tuple[int, ...]]]:
    return [[hypothesis.tokens for hypothesis in hypotheses] for hypotheses in found]


def test_the_tiny_model_is_worth_testing_with(model: EncoderDecoder, sources: list[list[int]]) -> None:
    best = [hypotheses[0] for hypotheses in translated(model, sources, OPTIONS)]
    assert len({hypothesis.tokens for hypothesis in best}) > 10
    assert len({len(hypothesis.tokens) for hypothesis in best if hypothesis.finished}) > 4


@pytest.mark.parametrize("options", [OPTIONS, GREEDY, SAMPLE], ids=["beam", "greedy", "sample"])
def test_translations_are_the_same_for_any_batch_size(
    model: EncoderDecoder, sources: list[list[int]], options: SearchOptions
) -> None:
    """One at a time there is no padding and there are no batch mates."""
    expected = tokens_of(translated(model, sources, options, batch_tokens=1))
    for batch_tokens in (100, 100_000):
        assert tokens_of(translated(model, sources, options, batch_tokens=batch_tokens)) == expected


@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
def test_translations_are_the_same_in_any_order(
    model: EncoderDecoder, sources: list[list[int]], options: SearchOptions
) -> None:
    order = random.Random(2).sample(range(len(sources)), len(sources))
    expected = tokens_of(translated(model, sources, options))
    shuffled = tokens_of(translated(model, [sources[number] for number in order], options))
    assert shuffled == [expected[number] for number in order]


def test_translations_are_the_same_beside_a_much_longer_sentence(
    model: EncoderDecoder, sources: list[list[int]]
) -> None:
    longer = [*[5] * (MAX_LENGTH - 1), END]
    beside = translated(model, [longer, *sources], OPTIONS, batch_tokens=100_000)
    assert tokens_of(beside[1:]) == tokens_of(translated(model, sources, OPTIONS))


@pytest.mark.parametrize("positions", POSITIONS)
def test_cached_steps_find_what_the_uncached_loop_finds(positions: str, sources: list[list[int]]) -> None:
    model = tiny(positions).eval()
    found = translated(model, sources[:6], OPTIONS)
    for source, hypotheses in zip(sources, found, strict=False):
        limit = LengthLimit().tokens(len(source), 0, MAX_LENGTH)
        with torch.inference_mode():
            [expected] = search(UncachedState(model, torch.tensor([source])), [limit], OPTIONS)
        assert tokens_of([hypotheses]) == tokens_of([expected])
        for hypothesis, other in zip(hypotheses, expected, strict=True):
            assert hypothesis.token_log_probabilities == pytest.approx(other.token_log_probabilities, abs=1e-5)


@pytest.mark.parametrize("penalty", ["none", "mean:1.0", "gnmt:0.6"])
@pytest.mark.parametrize("options", [OPTIONS, GREEDY, SAMPLE], ids=["beam", "greedy", "sample"])
def test_scoring_a_translation_gives_the_score_that_it_had(
    model: EncoderDecoder, sources: list[list[int]], options: SearchOptions, penalty: str
) -> None:
    """In float64, in which reported scores are computed: a position at a time with a cache, or all at once."""
    model = copy.deepcopy(model).double()
    options = dataclasses.replace(options, length_penalty=LengthPenalty.parse(penalty))
    found = translated(model, sources, options)
    pairs = [(s, h) for s, hypotheses in zip(sources, found, strict=True) for h in hypotheses if h.finished]
    assert len(pairs) >= 8
    scored = score_ids(model, [s for s, _ in pairs], [h.tokens[:-1] for _, h in pairs], options)
    for again, (_, hypothesis) in zip(scored, pairs, strict=True):
        assert again.tokens == hypothesis.tokens
        assert again.finished
        assert again.score == pytest.approx(hypothesis.score, rel=1e-12, abs=1e-12)


def test_no_translation_is_longer_than_the_model_or_the_limit_allows(
    model: EncoderDecoder, sources: list[list[int]]
) -> None:
    never_ends = dataclasses.replace(GREEDY, end=16, suppressed=(PADDING, BEGIN))
    for hypotheses, source in zip(
        translated(model, sources, never_ends, length_limit=LengthLimit(1.0, 2)), sources, strict=True
    ):
        assert len(hypotheses[0].tokens) <= len(source) + 2
    [[longest]] = translated(model, sources[:1], never_ends, length_limit=LengthLimit(0.0, 10**6))
    assert len(longest.tokens) <= MAX_LENGTH


def test_prefixes_go_with_their_sentences(model: EncoderDecoder, sources: list[list[int]]) -> None:
    prefixes = [[3 + number % 9] * (number % 4) for number in range(len(sources))]
    found = translated(model, sources, OPTIONS, prefixes=prefixes, batch_tokens=200)
    for prefix, hypotheses in zip(prefixes, found, strict=True):
        assert all(list(hypothesis.tokens[: len(prefix)]) == prefix for hypothesis in hypotheses)
    assert tokens_of(found) == tokens_of(translated(model, sources, OPTIONS, prefixes=prefixes, batch_tokens=1))


def test_progress_counts_up_to_all(model: EncoderDecoder, sources: list[list[int]]) -> None:
    seen: list[tuple[int, int]] = []
    translated(model, sources, GREEDY, batch_tokens=60, progress=lambda done, count: seen.append((done, count)))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (14, 14)


@pytest.mark.parametrize("workers", [2, 5])
def test_workers_change_nothing(model: EncoderDecoder, sources: list[list[int]], workers: int) -> None:
    alone = translated(model, sources, OPTIONS, batch_tokens=30, workers=1)
    assert translated(model, sources, OPTIONS, batch_tokens=30, workers=workers) == alone


def test_a_failure_in_a_worker_ends_the_work(model: EncoderDecoder, sources: list[list[int]]) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        translated(model, sources, OPTIONS, batch_tokens=30, workers=2, progress=interrupt)


def test_every_module_trains_again_or_not_as_before(sources: list[list[int]]) -> None:
    model = tiny().train()
    model.encoder.eval()
    before = [module.training for module in model.modules()]
    translated(model, sources[:2], GREEDY)
    score_ids(model, sources[:2], [[5], []], GREEDY)
    with pytest.raises(DecodingError):
        translated(model, sources[:1], OPTIONS, progress=failing)
    assert [module.training for module in model.modules()] == before
    assert all(parameter.requires_grad for parameter in model.parameters())


def failing(done: int, count: int) -> None:
    raise DecodingError("the caller has had enough")


def test_no_sources_give_no_translations(model: EncoderDecoder) -> None:
    assert translated(model, [], OPTIONS) == []
    assert score_ids(model, [], [], OPTIONS) == []


GOOD = [5, END]


@pytest.mark.parametrize(
    ("sources", "prefixes", "message"),
    [
        ([GOOD, [5] * 17], None, "sentence 2: its source has 17 tokens but the model takes 1 to 16; split it"),
        ([GOOD, []], None, "sentence 2: its source has 0 tokens .* give it at least its end token"),
        ([[17, END]], None, "sentence 1: its source has ids from 2 to 17 but the model knows 0 to 16"),
        ([GOOD], [[-1]], "sentence 1: its prefix has ids from -1 to -1"),
        ([GOOD, GOOD], [[5], [END]], "sentence 2: its prefix contains the end token 2"),
        ([GOOD], [[5] * 17], "sentence 1: its prefix has 17 tokens but the model takes 0 to 16"),
        ([GOOD], [[5], [5]], "2 prefixes for 1 sources"),
    ],
)
def test_what_the_model_cannot_take_is_one_plain_line(
    model: EncoderDecoder, sources: Any, prefixes: Any, message: str
) -> None:
    with pytest.raises(DecodingError, match=message) as error:
        translated(model, sources, OPTIONS, prefixes=prefixes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_tokens": 0}, "batch_tokens=0 must be a whole number from 1 to 1000000000"),
        ({"batch_tokens": 10**10}, "batch_tokens=10000000000 must be"),
        ({"workers": 0}, "workers=0 must be a whole number from 1 to 1024"),
        ({"workers": -3}, "workers=-3 must be"),
    ],
)
def test_batches_and_workers_have_bounds(model: EncoderDecoder, settings: Any, message: str) -> None:
    """faults.md A17. Whether or not there is anything to translate."""
    for sources in ([GOOD], []):
        with pytest.raises(DecodingError, match=message):
            translated(model, sources, OPTIONS, **settings)
    if "batch_tokens" in settings:
        with pytest.raises(DecodingError, match=message):
            score_ids(model, [GOOD], [[5]], OPTIONS, **settings)


def test_a_damaged_model_is_named_as_the_cause() -> None:
    model = tiny()
    with torch.no_grad():
        model.target_embedding.matrix.weight.fill_(math.nan)
    with pytest.raises(DecodingError, match="weights are damaged"):
        translated(model, [GOOD], OPTIONS)


class Counted:
    """A runtime that notes what it is asked to begin; the sources that it refuses fail with their batch."""

    def __init__(self, model: EncoderDecoder, batch_bytes: int = 2**31, refused: int | None = None) -> None:
        self.inner, self.begun, self.batch_bytes, self.refused = EagerRuntime(model), [], batch_bytes, refused
        self.sizes, self.batch_tokens, self.concurrency = self.inner.sizes, self.inner.batch_tokens, 2
        self.padded_length, self.bytes_for, self.session = (
            self.inner.padded_length,
            self.inner.bytes_for,
            self.inner.session,
        )

    before: Any = staticmethod(lambda: None)

    def begin(self, sources: Any, capacity: int, **settings: Any) -> Any:
        self.before()
        self.begun.append((len(sources), max(map(len, sources)), capacity, settings["rows"]))
        if self.refused in [source[0] for source in sources]:
            raise DecodingError("this one is refused")
        return self.inner.begin(sources, capacity, **settings)


def test_batches_keep_to_tokens_and_to_bytes(model: EncoderDecoder, sources: list[list[int]]) -> None:
    """40 of 4 beams are 10 source tokens; and of what a sentence's KV cache and logits take, three at most."""
    expected = tokens_of(translated(model, sources, OPTIONS))
    by_tokens = Counted(model)
    assert tokens_of(Engine(by_tokens, batch_tokens=80).translate(sources, OPTIONS)) == expected
    assert all(count == 1 or count * longest * rows <= 80 for count, longest, _, rows in by_tokens.begun)
    assert len(by_tokens.begun) > 3
    most = 3 * by_tokens.bytes_for(11, MAX_LENGTH, 4)
    by_bytes = Counted(model, batch_bytes=most)
    assert tokens_of(Engine(by_bytes, batch_tokens=10**6, workers=1).translate(sources, OPTIONS)) == expected
    for count, longest, capacity, rows in by_bytes.begun:
        assert count * by_bytes.bytes_for(longest, capacity, rows) <= most
    assert len(by_bytes.begun) < len(sources)


def test_a_batch_has_room_for_the_longest_of_its_targets(model: EncoderDecoder) -> None:
    """Which may stand between shorter ones: a third was let in by what it needs itself."""
    runtime = Counted(model)
    most = runtime.batch_bytes = 2 * runtime.bytes_for(4, MAX_LENGTH, 4)
    requests = [
        dataclasses.replace(one, max_length=length)
        for one, length in zip(
            requests_for(runtime.sizes, [[5, 6, 7, END]] * 3, OPTIONS), (2, MAX_LENGTH, 2), strict=True
        )
    ]
    assert len(list(Engine(runtime, batch_tokens=10**6, workers=1).results(requests))) == 3
    assert [count for count, *_ in runtime.begun] == [2, 1]
    assert all(count * runtime.bytes_for(source, target, 4) <= most for count, source, target, _ in runtime.begun)


def test_a_batch_that_fails_fails_alone(model: EncoderDecoder, sources: list[list[int]]) -> None:
    odd = [[3, END], *([4 + number, END] for number in range(5))]
    engine = Engine(Counted(model, refused=5), batch_tokens=4, workers=1)
    requests = requests_for(engine.runtime.sizes, odd, GREEDY)
    engine.submit(*requests)
    engine.compute(requests)
    failed = [request.source[0] for request in requests if request.found.exception() is not None]
    assert 5 in failed
    assert len(failed) <= 2
    with pytest.raises(DecodingError, match="this one is refused"):
        Engine(Counted(model, refused=5)).translate(odd, GREEDY)


def test_what_a_watch_raises_is_told_to_nobody_else(model: EncoderDecoder, sources: list[list[int]]) -> None:
    """Two callers, whose sentences are in one batch, one of which looks on and fails at its second step."""
    engine, steps = Engine(EagerRuntime(model)), []

    def failing(step: Step) -> None:
        steps.append(step)
        if len(steps) == 2:
            raise ZeroDivisionError("mine")

    expected = Engine(EagerRuntime(model)).translate(sources[:3], GREEDY)
    watched = requests_for(engine.runtime.sizes, sources[:1], GREEDY, watch=failing)
    others = requests_for(engine.runtime.sizes, sources[1:3], GREEDY)
    engine.submit(*watched, *others)
    engine.compute(others)
    assert [request.found.result() for request in others] == expected[1:]
    with pytest.raises(ZeroDivisionError, match="mine"):
        watched[0].found.result()
    assert len(steps) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_threads_share_an_engine(model: EncoderDecoder, sources: list[list[int]], workers: int) -> None:
    """Each gets its own results, whoever computed them."""
    expected = translated(model, sources, OPTIONS)
    engine, start = Engine(Counted(model), workers=workers), threading.Barrier(7)

    def ask(number: int) -> Any:
        start.wait(timeout=60)
        return engine.translate(sources[2 * number : 2 * number + 2], OPTIONS)

    with ThreadPoolExecutor(7) as pool:
        found = [one for part in pool.map(ask, range(7)) for one in part]
    assert tokens_of(found) == tokens_of(expected)


def test_what_others_wait_for_is_computed_with_ones_own(model: EncoderDecoder, sources: list[list[int]]) -> None:
    runtime = Counted(model)
    engine = Engine(runtime)
    theirs, mine = requests_for(runtime.sizes, sources[:3], GREEDY), requests_for(runtime.sizes, sources[3:5], GREEDY)
    engine.submit(*theirs)
    engine.submit(*mine)
    engine.compute(mine)
    assert [count for count, *_ in runtime.begun] == [5]
    assert tokens_of([one.found.result() for one in theirs]) == tokens_of(translated(model, sources[:3], GREEDY))


def test_what_is_cancelled_harms_nobody(model: EncoderDecoder, sources: list[list[int]]) -> None:
    engine = Engine(Counted(model))
    requests = requests_for(engine.runtime.sizes, sources, GREEDY)
    engine.submit(*requests)
    requests[3].found.cancel()
    engine.compute(requests)
    expected = translated(model, sources, GREEDY)
    assert requests[3].found.cancelled()
    found = [one.found.result() for one in requests if not one.found.cancelled()]
    assert tokens_of(found) == tokens_of(expected[:3] + expected[4:])


def test_an_interrupted_call_cancels_its_requests(model: EncoderDecoder, sources: list[list[int]]) -> None:
    engine = Engine(Counted(model), batch_tokens=20, workers=1)
    requests = requests_for(engine.runtime.sizes, sources, GREEDY)
    engine.submit(*requests)

    def interrupt(done: int, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.compute(requests, interrupt)
    assert any(one.found.cancelled() for one in requests)
    # It goes on to serve others.
    assert tokens_of(engine.translate(sources[:2], GREEDY)) == tokens_of(translated(model, sources[:2], GREEDY))


def test_progress_tells_of_what_another_thread_computes(model: EncoderDecoder) -> None:
    """The other begins first and ends last; then nothing was said of it, and the end was 1 of 2."""
    own, begun, said = threading.get_ident(), threading.Event(), threading.Event()
    seen: list[tuple[int, int]] = []

    def before() -> None:
        if threading.get_ident() == own:
            assert begun.wait(timeout=60)
        else:
            begun.set()
            assert said.wait(timeout=60)

    def progress(done: int, count: int) -> None:
        seen.append((done, count))
        said.set()

    runtime = Counted(model)
    runtime.before = before
    Engine(runtime, batch_tokens=2, workers=2).translate([[5, END], [6, END]], GREEDY, progress=progress)
    assert seen == [(1, 2), (2, 2)]


def in_a_thread(function: Callable[[], Any]) -> "Future[Any]":
    """What it gives or raises; a test that fails does not wait for its end."""
    found: Future[Any] = Future()

    def run() -> None:
        try:
            found.set_result(function())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return found


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("under_way", [False, True])
@pytest.mark.parametrize("cancelled", [(0,), (0, 2), (0, 1, 2)], ids=str)
def test_nobody_waits_for_what_is_cancelled(
    model: EncoderDecoder, cancelled: tuple[int, ...], under_way: bool, workers: int
) -> None:
    """Before it is begun or while it is: `concurrent.futures.wait` waits for a cancelled one for good."""
    words, runtime = [[5, END], [6, 7, END], [8, END]], Counted(model)
    engine = Engine(runtime, batch_tokens=2, workers=workers)
    requests = requests_for(runtime.sizes, words, GREEDY)

    def cancel() -> None:
        for number in cancelled:
            requests[number].found.cancel()

    engine.submit(*requests)
    if under_way:
        runtime.before = cancel
    else:
        cancel()
    in_a_thread(lambda: engine.compute(requests)).result(timeout=60)
    assert [number for number in range(3) if requests[number].found.cancelled()] == list(cancelled)
    found = [one.found.result() for one in requests if not one.found.cancelled()]
    wanted = [one for number, one in enumerate(words) if number not in cancelled]
    assert tokens_of(found) == tokens_of(translated(model, wanted, GREEDY))


def test_callers_that_ask_at_once_share_a_batch(model: EncoderDecoder) -> None:
    """Three ask while a fourth's batch is computed: what they want is one batch, whoever computes it.

    Each gets its own, and is told of all of it.
    """
    words = [[[5, END]], [[6, END], [7, 8, END]], [[9, END]], [[10, 11, END], [12, END]]]
    begun, waiting, submitted = threading.Event(), threading.Event(), threading.Semaphore(0)
    seen: list[list[tuple[int, int]]] = [[] for _ in words]
    runtime = Counted(model)

    def before() -> None:
        begun.set()
        assert waiting.wait(timeout=60)

    runtime.before = before
    engine = Engine(runtime, workers=1)
    submit = engine.submit

    def tell(*requests: Any) -> None:
        submit(*requests)
        submitted.release()

    engine.submit = tell  # type: ignore[method-assign]

    def ask(number: int) -> "Future[Any]":
        def progress(done: int, count: int) -> None:
            seen[number].append((done, count))

        found = in_a_thread(lambda: engine.translate(words[number], GREEDY, progress=progress))
        assert submitted.acquire(timeout=60)
        return found

    asked = [ask(0)]
    assert begun.wait(timeout=60)
    asked += map(ask, range(1, 4))
    waiting.set()
    found = [one.result(timeout=60) for one in asked]
    assert [count for count, *_ in runtime.begun] == [1, 5]
    assert list(map(tokens_of, found)) == [tokens_of(translated(model, each, GREEDY)) for each in words]
    assert [told[-1] for told in seen] == [(len(each), len(each)) for each in words]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_forked_while_a_batch_is_computed_translates(model: EncoderDecoder) -> None:
    """The thread that computes, and what waits behind it, are the parent's alone: the child would wait for good."""
    runtime, begun, forked = Counted(model), threading.Event(), threading.Event()

    def before() -> None:
        begun.set()
        assert forked.wait(timeout=60)

    runtime.before = before
    engine = Engine(runtime, workers=1)
    expected = tokens_of(translated(model, [[6, END]], GREEDY))
    under_way = in_a_thread(lambda: engine.translate([[5, END]], GREEDY))
    assert begun.wait(timeout=60)
    engine.submit(*requests_for(runtime.sizes, [[9, END]], GREEDY))
    number = os.fork()
    if not number:
        status = 1
        try:
            signal.alarm(60)
            # The event may be locked by the thread that is not here.
            runtime.before = lambda: None
            status = int(tokens_of(engine.translate([[6, END]], GREEDY)) != expected)
        finally:
            os._exit(status)
    forked.set()
    assert os.waitpid(number, 0)[1] == 0
    assert tokens_of(under_way.result(timeout=60)) == tokens_of(translated(model, [[5, END]], GREEDY))


def test_an_interrupt_before_a_batch_is_begun_harms_nobody(
    model: EncoderDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C may come anywhere; the batch was counted as under way for good, and the next caller waited for it."""

    def interrupt() -> int:
        monkeypatch.undo()
        raise KeyboardInterrupt

    engine = Engine(Counted(model), workers=1)
    monkeypatch.setattr(engine_module, "cores", interrupt)
    with pytest.raises(KeyboardInterrupt):
        engine.translate([[5, END]], GREEDY)
    found = in_a_thread(lambda: engine.translate([[6, END]], GREEDY)).result(timeout=10)
    assert tokens_of(found) == tokens_of(translated(model, [[6, END]], GREEDY))


def test_an_interrupt_as_a_turn_is_taken_harms_nobody(model: EncoderDecoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The turn was counted, and nobody was there yet who would give it back."""
    engine = Engine(Counted(model), workers=1)
    take = engine._next

    def interrupted(turn: object) -> bool:
        monkeypatch.undo()
        take(turn)
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "_next", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.translate([[5, END]], GREEDY)
    found = in_a_thread(lambda: engine.translate([[6, END]], GREEDY)).result(timeout=10)
    assert tokens_of(found) == tokens_of(translated(model, [[6, END]], GREEDY))


def test_an_interrupt_reaches_nobody_but_whom_it_meets(model: EncoderDecoder) -> None:
    """One computes what another waits for, and is interrupted: the other computes its own then."""
    runtime, waits = Counted(model), threading.Event()
    engine = Engine(runtime, workers=1)
    theirs, mine = requests_for(runtime.sizes, [[5, END]], GREEDY), requests_for(runtime.sizes, [[6, END]], GREEDY)
    engine.submit(*theirs, *mine)
    others: list[Future[Any]] = []
    wait = engine._changed.wait

    def tell(timeout: float | None = None) -> bool:
        waits.set()
        return wait(timeout)

    engine._changed.wait = tell  # type: ignore[method-assign]

    def interrupt() -> None:
        runtime.before = lambda: None
        others.append(in_a_thread(lambda: engine.compute(theirs)))
        assert waits.wait(timeout=60)
        raise KeyboardInterrupt

    runtime.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        engine.compute(mine)
    others[0].result(timeout=60)
    assert [count for count, *_ in runtime.begun] == [1]
    assert tokens_of([theirs[0].found.result()]) == tokens_of(translated(model, [[5, END]], GREEDY))
    assert mine[0].found.cancelled()


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_as_soon_as_they_are_there(model: EncoderDecoder, workers: int) -> None:
    """The longest is computed first: where it comes first, it comes before the others are begun."""
    words = [[5] * count + [END] for count in (6, 4, 3, 2)]
    runtime = Counted(model)
    engine = Engine(runtime, batch_tokens=1, workers=workers)
    requests = requests_for(runtime.sizes, words, GREEDY)
    results = engine.results(requests)
    first = next(results)
    if workers == 1:
        assert [longest for _, longest, *_ in runtime.begun] == [7]
    assert tokens_of([first, *results]) == tokens_of(translated(model, words, GREEDY))


@pytest.mark.parametrize("workers", [1, 2])
def test_who_ends_early_cancels_the_rest(model: EncoderDecoder, workers: int) -> None:
    words = [[5] * count + [END] for count in (7, 6, 5, 4, 3, 2)]
    runtime = Counted(model)
    engine = Engine(runtime, batch_tokens=1, workers=workers)
    requests = requests_for(runtime.sizes, words, GREEDY)
    results = engine.results(requests)
    next(results)
    results.close()
    # With two, the other thread may have gone on meanwhile.
    assert all(request.found.done() for request in requests)
    if workers == 1:
        assert [request.found.cancelled() for request in requests] == [False, *[True] * 5]
        assert len(runtime.begun) == 1
    assert tokens_of(engine.translate([[6, END]], GREEDY)) == tokens_of(translated(model, [[6, END]], GREEDY))


def test_what_fails_is_raised_in_its_turn(model: EncoderDecoder) -> None:
    engine = Engine(Counted(model, refused=6), batch_tokens=1, workers=1)
    requests = requests_for(engine.runtime.sizes, [[5, END], [6, END], [7, END]], GREEDY)
    results = engine.results(requests)
    next(results)
    with pytest.raises(DecodingError, match="this one is refused"):
        next(results)
    assert requests[2].found.cancelled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_goes_on_with_what_its_parent_began(model: EncoderDecoder) -> None:
    engine = Engine(Counted(model), batch_tokens=1, workers=1)
    words = [[5, 7, END], [6, END]]
    requests = requests_for(engine.runtime.sizes, words, GREEDY)
    results = engine.results(requests)
    found = [next(results)]
    number = os.fork()
    if not number:
        status = 1
        try:
            signal.alarm(60)
            status = int(tokens_of([*found, *results]) != tokens_of(translated(model, words, GREEDY)))
        finally:
            os._exit(status)
    assert os.waitpid(number, 0)[1] == 0
    assert tokens_of([*found, *results]) == tokens_of(translated(model, words, GREEDY))

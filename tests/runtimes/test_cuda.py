"""A model prepared for a GPU, on the CPU: it finds what the model finds, captured or not."""

import copy
import dataclasses
import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.decoding import Engine, Hypothesis, LengthLimit, LengthPenalty, Request, Sampling, SearchOptions
from clearhead.decoding.requests import translated as searched
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.runtimes import cuda
from clearhead.runtimes.cuda import ALIGNED, CudaRuntime, PreciseOutput, power_for, reach_of, size_for
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.runtime import Bans, Runtime
from clearhead.text.utf8 import Standing

PADDING, BEGIN, END, VOCABULARY = 0, 1, 2, 17
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=4, top_beams=3)
GREEDY = dataclasses.replace(OPTIONS, beam_size=1, top_beams=1)


def tiny(seed: int = 29, **changes: Any) -> EncoderDecoder:
    """Random, but sure enough of itself that translations differ from source to source and end at different times."""
    config = TransformerConfig(
        source_vocabulary=VOCABULARY,
        target_vocabulary=VOCABULARY,
        width=16,
        heads=2,
        inner_width=32,
        encoder_layers=1,
        decoder_layers=1,
        max_length=16,
        norm_placement="pre",
        share_embeddings="none",
    )
    model = EncoderDecoder(dataclasses.replace(config, **changes), seed=seed).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2)
    return model


def sources_of(count: int, seed: int = 1) -> list[list[int]]:
    draw = random.Random(seed)
    return [[*(draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(1, 11))), END] for _ in range(count)]


def translated(
    runtime: EncoderDecoder | Runtime,
    sources: list[list[int]],
    options: SearchOptions,
    *,
    batch_tokens: int | None = None,
    **settings: Any,
) -> list[list[Hypothesis]]:
    """By a runtime, or by the model itself."""
    if isinstance(runtime, EncoderDecoder):
        runtime = EagerRuntime(runtime)
    return Engine(runtime, batch_tokens=batch_tokens).translate(sources, options, **settings)


def requests(limits: list[int], options: SearchOptions, prefixes: Any = None, seed: int = 1) -> list[Request]:
    """One batch, whose sentences may grow to these lengths."""
    given = zip(sources_of(len(limits), seed), limits, prefixes or [()] * len(limits), strict=True)
    return [Request(source, options, limit, prefix) for source, limit, prefix in given]


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """How many sentences each step was computed for, and how far it looked back."""
    noted, move = [], cuda._Batch._move

    def noting(batch: Any, sentences: int, reach: int) -> None:
        noted.append((sentences, reach))
        move(batch, sentences, reach)

    monkeypatch.setattr(cuda._Batch, "_move", noting)
    return noted


@pytest.fixture(scope="module")
def model() -> EncoderDecoder:
    return tiny()


@pytest.mark.parametrize(
    ("beam_size", "penalty"),
    [(1, "none"), (2, "gnmt:0.6"), (3, "mean:1.0"), (4, "none"), (4, "gnmt:2"), (5, "mean:1.0")],
)
def test_it_finds_what_the_model_finds(model: EncoderDecoder, assert_same: Any, beam_size: int, penalty: str) -> None:
    chosen = LengthPenalty.parse(penalty)
    options = dataclasses.replace(OPTIONS, beam_size=beam_size, top_beams=min(beam_size, 3), length_penalty=chosen)
    expected = translated(model, sources_of(14), options)
    assert len({one.tokens for found in expected for one in found}) > 6
    assert_same(translated(CudaRuntime(model), sources_of(14), options), expected)


@pytest.mark.parametrize("kinds", [{"positions": "learned", "norm": "rms"}, {"positions": "rotary"}], ids=str)
@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
def test_whatever_the_model_is(assert_same: Any, kinds: dict[str, Any], options: SearchOptions) -> None:
    """Longer than one reach, too."""
    model, sources = tiny(2, max_length=40, **kinds), sources_of(7, seed=3)
    expected = translated(model, sources, options)
    assert max(len(best.tokens) for best, *_ in expected) > 17
    assert_same(translated(CudaRuntime(model), sources, options), expected)


@pytest.mark.parametrize("limit", [LengthLimit(0.0, 1), LengthLimit(1.0, 0)], ids=str)
@pytest.mark.parametrize("suppressed", [(), (PADDING, BEGIN, 5, 9)], ids=str)
def test_whatever_is_asked_for(
    model: EncoderDecoder, assert_same: Any, limit: LengthLimit, suppressed: tuple[int, ...]
) -> None:
    options = dataclasses.replace(OPTIONS, suppressed=suppressed)
    expected = translated(model, sources_of(5), options, length_limit=limit)
    assert_same(translated(CudaRuntime(model), sources_of(5), options, length_limit=limit), expected)


@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
def test_recorded_it_finds_the_same(
    monkeypatch: pytest.MonkeyPatch, assert_same: Any, tape: Any, options: SearchOptions
) -> None:
    """In batches of several shapes, of which sentences leave, twice: the second time nearly all is played."""
    monkeypatch.setattr("clearhead.runtimes.cuda.FEW_ROWS", 4)
    model = tiny(max_length=20)
    device = CudaRuntime(model, capturer=tape)
    sources = [*sources_of(13), *([*(source[:-1] * 9)[:17], END] for source in sources_of(8, seed=2))]
    expected = translated(model, sources, options)
    assert_same(translated(device, sources, options, batch_tokens=16 * options.beam_size * 6), expected)
    assert len(device._batches) > 1
    assert tape.captured > 4
    assert tape.replayed > 3 * tape.captured
    captured, replayed = tape.captured, tape.replayed
    assert_same(translated(device, sources, options, batch_tokens=16 * options.beam_size * 6), expected)
    # What is left to record was asked for once before.
    assert tape.captured - captured < (tape.replayed - replayed) / 6


def test_a_recording_serves_other_sentences(model: EncoderDecoder, assert_same: Any, tape: Any) -> None:
    device = CudaRuntime(model, capturer=tape)
    for seed in (1, 2, 3):
        sources = sources_of(3, seed)
        assert_same(translated(device, sources, GREEDY), translated(model, sources, GREEDY))
    # One of reading, one of a step.
    assert tape.captured == 2
    assert len(device._batches) == 1


@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
def test_translations_are_the_same_for_any_batch_size_and_order(model: EncoderDecoder, options: SearchOptions) -> None:
    device, sources = CudaRuntime(model), sources_of(5)
    together = [[one.tokens for one in found] for found in translated(device, sources, options)]
    for batch_tokens in (1, 80):
        found = translated(device, sources[::-1], options, batch_tokens=batch_tokens)
        assert [[one.tokens for one in each] for each in reversed(found)] == together


def test_batches_share_one_room_that_grows(model: EncoderDecoder, assert_same: Any, tape: Any) -> None:
    device, sizes = CudaRuntime(model, capturer=tape), []
    for count in (2, 9, 3, 12, 2):
        sources = sources_of(count, seed=count)
        assert_same(translated(device, sources, GREEDY), translated(model, sources, GREEDY))
        sizes.append(len(device._room))
    assert sizes[0] < sizes[1] == sizes[2] <= sizes[3] == sizes[4]
    assert len({batch.step.past.untyped_storage().data_ptr() for batch in device._batches.values()}) == 1


def test_only_so_many_shapes_are_kept(
    monkeypatch: pytest.MonkeyPatch, model: EncoderDecoder, assert_same: Any, tape: Any
) -> None:
    monkeypatch.setattr(cuda, "_MOST_BATCHES", 2)
    device = CudaRuntime(model, capturer=tape)
    for count in (5, 3, 2):
        sources = sources_of(count)
        assert_same(translated(device, sources, GREEDY), translated(model, sources, GREEDY))
        assert len(device._batches) <= 2


@pytest.mark.parametrize("few", [0, cuda.FEW_ROWS])
def test_sampling_and_prefixes_recorded(
    monkeypatch: pytest.MonkeyPatch, model: EncoderDecoder, assert_same: Any, tape: Any, few: int
) -> None:
    monkeypatch.setattr(cuda, "FEW_ROWS", few)
    device, sources = CudaRuntime(model, capturer=tape), sources_of(6)
    sample = dataclasses.replace(OPTIONS, sampling=Sampling(seed=5))
    prefixes = [[5, 6], [], [7], [], [], []]
    for options, forced in ((sample, None), (sample, prefixes), (OPTIONS, prefixes), (GREEDY, prefixes)):
        expected = translated(model, sources, options, prefixes=forced)
        assert_same(translated(device, sources, options, prefixes=forced), expected)
    assert tape.replayed > 10


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    limits=st.lists(st.integers(1, 15), min_size=1, max_size=14),
    penalty=st.sampled_from(["none", "mean:1.0", "mean:2", "gnmt:0.6", "gnmt:2.0"]),
    beam_size=st.integers(1, 5),
    suppressed=st.sampled_from([(), (BEGIN,), (BEGIN, 3)]),
    vocabulary=st.sampled_from([4, 6, 17]),
    few=st.sampled_from([0, 8, cuda.FEW_ROWS]),
    data=st.data(),
)
def test_whatever_leaves_when(
    assert_same: Any,
    seed: int,
    limits: list[int],
    penalty: str,
    beam_size: int,
    suppressed: tuple[int, ...],
    vocabulary: int,
    few: int,
    data: Any,
) -> None:
    """Sentences of different lengths and limits, more places than sentences, fewer words than a beam looks at.

    Those that are left move together, some more than once, and take all that is theirs along.
    """
    top = data.draw(st.integers(1, beam_size))
    options = dataclasses.replace(
        OPTIONS, beam_size=beam_size, top_beams=top, length_penalty=LengthPenalty.parse(penalty), suppressed=suppressed
    )
    model = tiny(seed % 97, target_vocabulary=vocabulary)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "FEW_ROWS", few)
        found = searched(CudaRuntime(model), requests(limits, options, seed=seed))
    assert_same(found, searched(EagerRuntime(model), requests(limits, options, seed=seed)))


# A prefix as long as its sentence may be: so it takes just so many steps, whatever the model says.
LIMITS = [2, 10, 3, 3, 12, 1, 4, 2, 2, 11, 1, 3]
PREFIXES = [[5] * limit for limit in LIMITS]


@pytest.mark.parametrize("captured", [False, True])
def test_sentences_move_together_when_half_are_done(
    monkeypatch: pytest.MonkeyPatch, moves: Any, tape: Any, assert_same: Any, captured: bool
) -> None:
    """Of twelve sentences 10, 7, 4, 3 are left after 1, 2, 3, 4 steps, two after ten and one after eleven."""
    monkeypatch.setattr(cuda, "FEW_ROWS", 0)
    model = tiny()
    device = CudaRuntime(model, capturer=tape if captured else None)
    found = searched(device, requests(LIMITS, GREEDY, PREFIXES))
    assert [best.tokens for [best] in found] == [tuple(prefix) for prefix in PREFIXES]
    assert_same(found, searched(EagerRuntime(model), requests(LIMITS, GREEDY, PREFIXES)))
    expected = [(12, 16)] * 3 + [(4, 16)] * 7 + [(2, 16), (1, 16)]
    # The first call of each shape runs, the second is captured, and those after it are played.
    called = [(12, 16)] * 2 + [(4, 16)] * 2 + [(2, 16), (1, 16)]
    assert moves == (called if captured else expected)


def test_few_rows_do_not_move(moves: Any, model: EncoderDecoder) -> None:
    searched(CudaRuntime(model), requests(LIMITS[:4], GREEDY, PREFIXES[:4]))
    assert moves == [(4, 16)] * 10


@pytest.mark.parametrize("limits", [[6, 3], [1]])
def test_no_step_goes_beyond_the_greatest_length(moves: Any, model: EncoderDecoder, limits: list[int]) -> None:
    found = searched(CudaRuntime(model), requests(limits, GREEDY, [[5] * limit for limit in limits]))
    assert [len(best.tokens) for [best] in found] == limits
    assert [best.finished for [best] in found] == [False] * len(limits)
    assert len(moves) == max(limits)


def test_no_step_is_taken_once_all_have_ended(moves: Any, model: EncoderDecoder) -> None:
    sources = sources_of(14)
    expected = translated(model, sources, GREEDY)
    ending = [source for source, [best] in zip(sources, expected, strict=True) if best.finished]
    assert len(ending) > 2
    found = translated(CudaRuntime(model), ending, GREEDY)
    assert len(moves) == max(len(best.tokens) for [best] in found) < 16


def test_no_sentences_give_no_hypotheses(model: EncoderDecoder) -> None:
    assert translated(CudaRuntime(model), [], OPTIONS) == []


def test_all_rows_may_go_on_as_they_are(model: EncoderDecoder) -> None:
    """As `State.advance` says: without parents each row goes on from itself, of several for a sentence too."""
    sources, found = sources_of(3), []
    for runtime in (CudaRuntime(model), EagerRuntime(model)):
        with runtime.session():
            state = runtime.begin(sources, 4, rows=2)
            state.advance(np.full((3, 1), BEGIN), None)
            state.advance(np.array([[3, 4], [5, 6], [7, 8]]), np.array([[0, 0], [1, 1], [2, 2]]))
            state.advance(np.array([[9, 10], [11, 12], [13, 14]]), None)
            found.append(state.log_probabilities())
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_sizes_go_up_by_a_quarter_at_most() -> None:
    assert [size_for(count) for count in (1, 2, 3, 5, 8, 9, 10, 11, 16, 17, 21, 32, 33, 129, 170, 256)] == [
        1, 2, 3, 5, 8, 10, 10, 12, 16, 20, 24, 32, 40, 160, 192, 256,
    ]  # fmt: skip
    assert all(count <= size_for(count) < count * 1.25 for count in range(1, 2000))
    assert [power_for(count) for count in (1, 2, 3, 4, 5, 64, 65)] == [1, 2, 4, 4, 8, 64, 128]


@pytest.mark.parametrize("capacity", [16, 48, 1024])
def test_a_reach_holds_its_position_and_fits(capacity: int) -> None:
    reaches = [reach_of(position, capacity) for position in range(capacity)]
    assert all(position < reach <= capacity for position, reach in enumerate(reaches))
    # Few different ones, of a length that attention takes as it is.
    assert len(set(reaches)) <= 7
    assert all(reach % ALIGNED == 0 for reach in reaches)


def test_bf16_is_near_and_its_scores_are_those_of_its_own_weights(model: EncoderDecoder) -> None:
    """Rounded weights give other log-probabilities, by some hundredths; most first words are the same."""
    sources = sources_of(30)
    exact, rounded = (translated(CudaRuntime(model, kind), sources, GREEDY) for kind in ("fp32", "bf16"))
    pairs = [(one[0], other[0]) for one, other in zip(exact, rounded, strict=True)]
    same = [(one, other) for one, other in pairs if one.tokens[0] == other.tokens[0]]
    assert len(same) > 24
    differences = [abs(one.token_log_probabilities[0] - other.token_log_probabilities[0]) for one, other in same]
    assert 0 < max(differences) < 0.3
    # Logits that had been rounded as well would be some of few numbers.
    values = torch.tensor([other.token_log_probabilities[0] for _, other in pairs])
    assert (values != values.bfloat16().float()).any()


def test_logits_of_bfloat16_are_summed_and_kept_in_float32() -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = torch.nn.Embedding(7, 64).bfloat16()
    vectors = torch.randn(2, 3, 64, generator=generator).bfloat16()
    found = PreciseOutput(matrix, None)(vectors)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), vectors.double() @ matrix.weight.double().t(), atol=1e-4, rtol=1e-5)
    # What a GPU is asked for exists, and has this shape and type.
    matrix.to("meta")
    meta = PreciseOutput(matrix, None)(vectors.to("meta"))
    assert (meta.shape, meta.dtype) == (found.shape, found.dtype)


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_step_and_its_choice_read_nothing(precision: str, rows: int) -> None:
    """On the meta device there is nothing to read, and tensors of the host do not mix with its own.

    Only what was chosen is read, once a step: the batch's log-probabilities stay where they are.
    """
    device = CudaRuntime(tiny(target_vocabulary=3000).to("meta"), precision)
    table = np.zeros((8, 3000), np.uint8)
    with device.session():
        state = device.begin([[5, END]] * 3, 9, rows=rows)
        state.advance(np.full((3, 1), BEGIN), None)
        state.advance(np.full((3, rows), 5), np.arange(3)[:, None].repeat(rows, 1))
        state.advance(np.full((1, rows), 5), np.full((1, rows), rows))
        standing = Standing(table, np.zeros((1, rows), np.int64), np.zeros(1, np.uint8))
        bans = Bans((PADDING, BEGIN), standing, np.array([-1]))
        found = device._chooser.best(state._found(), 2 * rows, bans)
    assert {one.device.type for one in found} == {"meta"}
    assert found.tokens.shape == (1, rows, 2 * rows)


def test_training_on_does_not_change_what_was_prepared(model: EncoderDecoder) -> None:
    trained = copy.deepcopy(model)
    device, sources = CudaRuntime(trained), sources_of(3)
    before = translated(device, sources, GREEDY)
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.mul_(-2)
    assert translated(device, sources, GREEDY) == before


def test_a_damaged_model_is_named_as_the_cause() -> None:
    model = tiny()
    with torch.no_grad():
        model.decoder.layers[0].self_attention.key.weight.fill_(float("nan"))  # type: ignore[union-attr, operator]
    for options in (OPTIONS, GREEDY):
        with pytest.raises(DecodingError, match="weights are damaged"):
            translated(CudaRuntime(model), sources_of(3), options)

"""The model in C against the model in Python: the same numbers, whatever the sizes and kinds."""

import copy
import ctypes
import dataclasses
import gc
import math
import pickle
import platform
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from clearhead.decoding import Engine, Hypothesis, Precision, Sampling, SearchOptions, Shortlist, score_ids
from clearhead.errors import DecodingError
from clearhead.model import DecoderOnly, DecoderOnlyConfig, EncoderDecoder, TransformerConfig
from clearhead.native import compiler, crossing
from clearhead.native import library as native
from clearhead.runtimes.compiled import CompiledRuntime, CompiledState
from clearhead.runtimes.eager import EagerRuntime, padded
from clearhead.runtimes.preparing import compiled, weights_of
from clearhead.runtimes.runtime import Lists, Runtime, log_softmax

pytestmark = pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")
BEGIN, END, VOCABULARY = 1, 2, 37
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(0, BEGIN), beam_size=4, top_beams=3)
KINDS: list[dict[str, Any]] = [
    {},
    {"norm_placement": "pre", "norm": "rms", "activation": "gelu"},
    {"positions": "learned", "activation": "gelu-tanh", "share_embeddings": "none"},
    {"positions": "rotary", "activation": "silu", "norm_placement": "pre"},
    {"positions": "sinusoidal-concatenated", "activation": "reglu"},
    {"activation": "geglu", "norm": "rms"},
    {"activation": "geglu-tanh", "share_embeddings": "target"},
    {"activation": "swiglu", "positions": "rotary"},
    {"positions": "sinusoidal-halves", "activation": "silu", "output_bias": True},
    {"share_embeddings": "inputs", "output_bias": True},
    {"width": 36, "heads": 3, "inner_width": 50},
    {"encoder_layers": 0, "decoder_layers": 1},
    {"heads": 4, "kv_heads": 2, "head_width": 6, "positions": "rotary", "eps": 0.1, "scale": 0.7},
    {"heads": 4, "kv_heads": 1, "head_width": 20, "bias": False},
    {"norm": "rms", "bias": False, "norm_placement": "pre", "eps": 1e-3, "activation": "swiglu"},
    {"positions": "relative", "relative_buckets": 8, "relative_distance": 10, "scale": 1.0, "norm_placement": "pre"},
    {"positions": "alibi", "heads": 4, "kv_heads": 2, "activation": "relu2", "embedding_norm": True},
    {"positions": "rotary-halves", "rotary_base": 500.0, "query_key_norm": True, "norm": "rms", "eps": 1e-2},
    {"bias": False, "query_key_value_bias": True, "norm": "rms", "heads": 4, "kv_heads": 2},
    {"query_key_norm": True, "embedding_norm": True, "heads": 4, "kv_heads": 2, "scale_embeddings": False},
]


def model_of(**changes: Any) -> EncoderDecoder:
    config = TransformerConfig(
        source_vocabulary=VOCABULARY,
        target_vocabulary=VOCABULARY,
        width=32,
        heads=2,
        inner_width=48,
        encoder_layers=2,
        decoder_layers=2,
        max_length=24,
    )
    model = EncoderDecoder(dataclasses.replace(config, **changes), seed=3).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            # Biases that are zero and gains that are one would hide a part that is left out.
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


def compiled_of(model: EncoderDecoder | DecoderOnly, precision: Precision = "fp32") -> CompiledRuntime:
    found = compiled(model, precision)
    assert found is not None
    return found


def both(model: EncoderDecoder) -> tuple[EagerRuntime, CompiledRuntime]:
    return EagerRuntime(model), compiled_of(model)


def translated(
    runtime: Runtime,
    sources: list[list[int]],
    options: SearchOptions,
    *,
    batch_tokens: int | None = None,
    workers: int | None = None,
    **settings: Any,
) -> list[list[Hypothesis]]:
    return Engine(runtime, batch_tokens=batch_tokens, workers=workers).translate(sources, options, **settings)


def sources(count: int = 5) -> list[list[int]]:
    draw = random.Random(1)
    return [[*(draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(12))), END] for _ in range(count)]


Pair = tuple[NDArray[np.float32], NDArray[np.float32]]


def followed(model: EncoderDecoder, fast: CompiledRuntime) -> list[Pair]:
    """The logits of both while sentences leave, beams widen, change places and are dropped."""
    given, device = sources(), torch.device("cpu")
    pairs = []
    with torch.inference_mode():
        source, mask = padded(given, device)
        cache, state = model.begin(model.encode(source, mask), mask), fast.begin(given, 12)

        def ask(tokens: list[list[int]], sentences: list[int] | None = None, beams: Any = None) -> None:
            parents = None
            if sentences is not None:
                parents = np.array(sentences)[:, None] * cache.beams + np.array(beams)
                cache.select(torch.tensor(sentences), torch.tensor(beams))
            state.advance(np.array(tokens), parents)
            pairs.append((state._logits.copy(), model.step(torch.tensor(tokens), cache).numpy()))

        ask([[BEGIN]] * 5)
        ask([[5, 6, 7], [8, 9, 10], [11, 12, 13], [14, 15, 16]], [0, 1, 3, 4], [[0, 0, 0]] * 4)
        swapped = [[2, 0, 1], [1, 1, 1], [0, 1, 2], [2, 2, 0]]
        ask([[17, 18, 19], [20, 21, 22], [23, 24, 25], [26, 27, 28]], [0, 1, 2, 3], swapped)
        ask([[29, 3], [4, 29]], [1, 3], [[0, 2], [1, 0]])
        for token in range(30, 36):
            ask([[token, 3], [4, token]])
    return pairs


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equal_to_the_model_in_float32(kinds: dict[str, Any]) -> None:
    model = model_of(**kinds)
    for fast, plain in followed(model, compiled_of(model)):
        np.testing.assert_allclose(fast, plain, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.03), ("int8", 0.1)])
@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_near_the_model_where_it_rounds(kinds: dict[str, Any], precision: Precision, tolerance: float) -> None:
    """In parts of the logits' spread: a part that is wrong shows as a whole one, not as a tenth."""
    model = model_of(**kinds)
    for fast, plain in followed(model, compiled_of(model, precision)):
        assert np.sqrt(np.square(fast - plain).mean()) < tolerance * plain.std()


def test_translations_and_scores_are_the_models() -> None:
    model = model_of()
    slow, fast = (translated(one, sources(30), OPTIONS) for one in both(model))
    for one, other in zip(slow, fast, strict=True):
        assert [hypothesis.tokens for hypothesis in one] == [hypothesis.tokens for hypothesis in other]
        assert [x.score for x in one] == pytest.approx([x.score for x in other], abs=1e-5)
    chosen = [list(hypotheses[0].tokens) for hypotheses in fast]
    ended = [tokens[-1] == END for tokens in chosen]
    targets = [tokens[:-1] if end else tokens for tokens, end in zip(chosen, ended, strict=True)]
    scored = score_ids(model, sources(30), targets, OPTIONS, ended=ended)
    assert [x.score for x in scored] == pytest.approx([x[0].score for x in fast], abs=1e-5)


def test_sampling_draws_the_same() -> None:
    model, options = model_of(), dataclasses.replace(OPTIONS, sampling=Sampling(seed=4))
    slow, fast = (translated(one, sources(), options) for one in both(model))
    assert [[x.tokens for x in one] for one in slow] == [[x.tokens for x in one] for one in fast]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
@pytest.mark.parametrize("beam_size", [1, 4])
def test_no_sentence_depends_on_its_neighbours(precision: Precision, beam_size: int) -> None:
    """To the last bit: in any order, in batches of any size, by any number of threads and workers."""
    fast = compiled_of(model_of(), precision)
    options = dataclasses.replace(OPTIONS, beam_size=beam_size, top_beams=1)
    given = sources(20)
    together = translated(fast, given, options)
    assert together == [translated(fast, [one], options)[0] for one in given]
    order = random.Random(2).sample(range(20), 20)
    shuffled = translated(fast, [given[n] for n in order], options, batch_tokens=50, workers=3)
    assert [together[n] for n in order] == shuffled


def test_threads_inside_a_product_change_nothing() -> None:
    fast, found = compiled_of(model_of(inner_width=4096)), []
    for threads in (1, 3):
        state = fast.begin(sources(20), 5, threads=threads)
        state.advance(np.full((20, 1), BEGIN), None)
        found.append(state._logits)
    assert (found[0] == found[1]).all()


def test_training_on_does_not_change_what_was_prepared() -> None:
    model = model_of()
    fast = compiled_of(model)
    before = translated(fast, sources(), OPTIONS)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(-2)
    assert translated(fast, sources(), OPTIONS) == before


def some_pieces(each: int = 4) -> Shortlist:
    """For each source token some targets that were drawn for it; three others may always be."""
    draw = random.Random(8)
    targets = np.array([sorted(draw.sample(range(3, VOCABULARY), each)) for _ in range(VOCABULARY)])
    return Shortlist(np.arange(VOCABULARY + 1) * each, targets.flatten(), np.array([3, 9, 30]), VOCABULARY)


def permitted(source: list[int]) -> set[int]:
    shortlist = some_pieces()
    own = [set(shortlist.targets[shortlist.offsets[s] : shortlist.offsets[s + 1]].tolist()) for s in source]
    return {END, 3, 9, 30}.union(*own)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
@pytest.mark.parametrize("sizes", [{}, {"width": 36, "heads": 3}], ids=str)
def test_the_logits_of_a_list_are_those_of_the_whole_vocabulary(precision: Precision, sizes: dict[str, int]) -> None:
    """To the last bit, while sentences leave and beams widen."""
    given, fast = sources(), compiled_of(model_of(**sizes), precision)
    lists = some_pieces().lists(given, [(END,)] * 5)
    assert len(set(lists.counts.tolist())) > 1
    limited, full = (fast.begin(given, 4, lists=each) for each in (lists, None))

    def compare(tokens: list[list[int]], parents: list[list[int]] | None, sentences: list[int]) -> None:
        for each in (limited, full):
            each.advance(np.array(tokens), None if parents is None else np.array(parents))
        current = lists.of_sentences(np.array(sentences))
        for row, (ids, count) in enumerate(zip(current.tokens, current.counts, strict=True)):
            assert (limited._logits[row, :, :count] == full._logits[row][:, ids[:count]]).all()
            assert (limited._logits[row, :, count:] == -math.inf).all()
        expected = log_softmax(np.where(current.mask()[:, None], full._logits, -math.inf))
        assert (limited.log_probabilities() == expected).all()

    compare([[BEGIN]] * 5, None, [0, 1, 2, 3, 4])
    compare([[5, 6], [7, 8], [9, 3]], [[0, 0], [2, 2], [4, 4]], [0, 2, 4])
    compare([[7, 8], [9, 3], [5, 6]], [[2, 3], [5, 4], [0, 0]], [2, 4, 0])
    compare([[30, 31], [7, 9], [9, 9]], [[5, 5], [0, 1], [4, 4]], [0, 2, 0])


@pytest.mark.parametrize("beam_size", [1, 4])
def test_translations_by_a_shortlist_are_those_of_the_masked_model(beam_size: int) -> None:
    model = model_of()
    options = dataclasses.replace(OPTIONS, beam_size=beam_size, top_beams=1)
    slow, fast, free = (
        translated(one, sources(30), options, shortlist=shortlist)
        for one, shortlist in zip(
            (*both(model), EagerRuntime(model)), (some_pieces(), some_pieces(), None), strict=True
        )
    )
    assert [one.tokens for [one] in slow] == [one.tokens for [one] in fast] != [one.tokens for [one] in free]
    assert [one.score for [one] in slow] == pytest.approx([one.score for [one] in fast], abs=1e-5)
    for source, [one] in zip(sources(30), fast, strict=True):
        assert set(one.tokens) <= permitted(source)


def test_probabilities_are_shared_out_among_the_list() -> None:
    """The first token's, as the softmax over the model's logits of these tokens alone."""
    model, given = model_of(), sources(1)
    [[found]] = translated(
        compiled_of(model), given, dataclasses.replace(OPTIONS, beam_size=1, top_beams=1), shortlist=some_pieces()
    )
    with torch.inference_mode():
        logits = model(torch.tensor(given), torch.tensor([[BEGIN]]))[0, 0].double()
    share = logits[found.tokens[0]] - logits[sorted(permitted(given[0]))].logsumexp(0)
    assert found.token_log_probabilities[0] == pytest.approx(float(share), abs=1e-5)


def test_sampling_by_a_shortlist_draws_the_same() -> None:
    model, options = model_of(), dataclasses.replace(OPTIONS, sampling=Sampling(seed=4))
    slow, fast = (translated(one, sources(), options, shortlist=some_pieces()) for one in both(model))
    assert [[x.tokens for x in one] for one in slow] == [[x.tokens for x in one] for one in fast]


@pytest.mark.parametrize("options", [OPTIONS, dataclasses.replace(OPTIONS, sampling=Sampling(seed=4))], ids=str)
def test_a_prefix_may_be_what_the_list_lacks(options: SearchOptions) -> None:
    given = sources(6)
    prefixes = [[min(set(range(3, VOCABULARY)) - permitted(source))] for source in given]
    for runtime in both(model_of()):
        found = translated(runtime, given, options, prefixes=prefixes, shortlist=some_pieces())
        assert [list(one.tokens[:1]) for [one, *_] in found] == prefixes


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
@pytest.mark.parametrize(
    "options",
    [
        dataclasses.replace(OPTIONS, beam_size=1, top_beams=1),
        OPTIONS,
        dataclasses.replace(OPTIONS, sampling=Sampling(seed=4)),
    ],
    ids=["greedy", "beam", "sample"],
)
def test_no_sentence_depends_on_its_neighbours_lists(precision: Precision, options: SearchOptions) -> None:
    """To the last bit, as without a shortlist."""
    fast, given, shortlist = compiled_of(model_of(), precision), sources(20), some_pieces()
    together = translated(fast, given, options, shortlist=shortlist)
    alone = [translated(fast, [one], options, shortlist=shortlist, numbers=[n])[0] for n, one in enumerate(given)]
    assert together == alone
    shuffled = translated(
        fast, given[::-1], options, shortlist=shortlist, numbers=range(19, -1, -1), batch_tokens=50, workers=3
    )
    assert together == shuffled[::-1]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_a_list_of_everything_changes_nothing(precision: Precision) -> None:
    fast, everything = compiled_of(model_of(), precision), np.arange(VOCABULARY)
    shortlist = Shortlist(np.zeros(VOCABULARY + 1, np.int64), everything[:0], everything, VOCABULARY)
    assert translated(fast, sources(), OPTIONS, shortlist=shortlist) == translated(fast, sources(), OPTIONS)


def test_threads_inside_a_listed_product_change_nothing() -> None:
    """Of 12 rows, 4096 inputs and 37 outputs: enough for a second thread."""
    fast, given = compiled_of(model_of(width=4096, heads=2, inner_width=8)), sources(2)
    lists, found = some_pieces(30).lists(given, [(END,)] * 2), []
    for threads in (1, 3):
        state = fast.begin(given, 5, rows=12, lists=lists, threads=threads)
        state.advance(np.full((2, 1), BEGIN), None)
        state.advance(np.full((2, 12), 9), np.array([[0] * 12, [1] * 12]))
        found.append(state._logits)
    assert (found[0] == found[1]).all()


def test_a_shortlist_of_another_vocabulary_is_refused() -> None:
    shortlist = Shortlist(np.zeros(12, np.int64), np.arange(0), np.arange(3), VOCABULARY)
    for runtime in both(model_of()):
        with pytest.raises(DecodingError, match="vocabularies of 11 and 37 ids but the model has 37 and 37; use the"):
            translated(runtime, sources(), OPTIONS, shortlist=shortlist)


def test_a_damaged_weight_is_not_hidden() -> None:
    """Not by a softmax, either, in which only the scores are no numbers."""
    model = model_of(encoder_layers=0)
    with torch.no_grad():
        model.decoder.layers[0].self_attention.key.weight.fill_(float("nan"))  # type: ignore[union-attr, operator]
    with pytest.raises(DecodingError, match="NaN"):
        translated(compiled_of(model), sources(), OPTIONS)


def test_a_model_in_c_is_not_pickled_and_its_copy_is_itself() -> None:
    """faults.md C14: what C points to is not copied, or it would be freed twice."""
    fast = compiled_of(model_of())
    state = fast.begin([[5, END]], 3)
    assert copy.deepcopy([fast, fast]) == [fast, fast]
    assert copy.copy(fast) is fast
    with pytest.raises(DecodingError, match="cannot be pickled; pickle the model"):
        pickle.dumps(fast)
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(DecodingError, match="cannot be copied or pickled; begin another"):
            copied(state)
    del fast
    gc.collect()
    state.advance(np.array([[BEGIN]]), None)
    assert np.isfinite(state._logits).all()


def test_what_the_garbage_collector_calls_draws_no_random_number() -> None:
    """It may call in the midst of anybody's draws: theirs would be others.

    The check of types draws where it is given a list (`make test-shapes`), and so may fail whichever test comes next.
    """
    fast = compiled_of(model_of())
    state = fast.begin([[5, END]], 3)
    state.advance(np.array([[BEGIN]]), None)
    gc.collect()
    before = random.getstate()
    del fast, state
    gc.collect()
    assert random.getstate() == before


def test_no_step_beyond_what_was_asked_for() -> None:
    state, tokens = compiled_of(model_of()).begin([[5, END]], 1), np.array([[BEGIN]])
    state.advance(tokens, None)
    with pytest.raises(DecodingError, match="more positions"):
        state.advance(tokens, None)


def test_there_is_none_where_there_is_no_library(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(native, "library", lambda: None)
    assert compiled(model_of(), "fp32") is None
    assert not caplog.text
    assert compiled(model_of(), "int8") is None
    assert "int8 needs a C compiler" in caplog.text


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_made_of_arrays_by_name_it_is_the_same(precision: Precision) -> None:
    """As from a file: no model is there to be asked, and what becomes of the arrays is not seen."""
    library, model = native.library(), model_of(positions="rotary", share_embeddings="none")
    assert library is not None
    arrays = {name: array.copy() for name, array in weights_of(model).items()}
    made = CompiledRuntime(library, model.config, arrays, precision)
    for array in arrays.values():
        array.fill(7)
    assert translated(made, sources(), OPTIONS) == translated(compiled_of(model, precision), sources(), OPTIONS)


@pytest.mark.parametrize("name", ["output.matrix.weight", "rotary.sine", "decoder.layers.1.self_attention.key.weight"])
def test_weights_of_other_shapes_are_refused(name: str) -> None:
    library, model = native.library(), model_of(positions="rotary")
    assert library is not None
    arrays = dict(weights_of(model))
    arrays[name] = arrays[name][:-1]
    with pytest.raises(DecodingError, match=r"cannot take float32 of shape .*expected float32 of shape"):
        CompiledRuntime(library, model.config, arrays, "fp32")


def advance(
    runtime: CompiledRuntime, state: CompiledState, tokens: NDArray[np.int64], sentences: int = 1
) -> NDArray[np.float32]:
    """The logits after these tokens ("rows positions") of the sentences' rows, all positions at once."""
    logits = np.empty((len(tokens), VOCABULARY), np.float32)
    code = state._library.advance(
        state._c_struct, state._state, tokens.ctypes.data, None, sentences, len(tokens) // sentences, tokens.shape[1],
        logits.ctypes.data, VOCABULARY, 1,
    )  # fmt: skip
    crossing.require_done(code, "some positions", tokens=tokens)
    return logits


@pytest.mark.parametrize("changes", KINDS)
@pytest.mark.parametrize("first", [1, 3])
def test_many_positions_at_once_are_those_one_by_one(changes: dict[str, Any], first: int) -> None:
    """To the last bit, and so are the positions that follow."""
    runtime = compiled_of(model_of(**changes))
    together, alone = (runtime.begin([[5, 6, 7]], 12) for _ in range(2))
    tokens = np.array([[1, 9, 4, 3, 8, 20, 11]])
    advance(runtime, together, tokens[:, :first])
    for place in range(first):
        advance(runtime, alone, tokens[:, place : place + 1])
    found = advance(runtime, together, tokens[:, first:6])
    expected = [advance(runtime, alone, tokens[:, place : place + 1]) for place in range(first, 6)][-1]
    assert np.array_equal(found, expected)
    assert np.array_equal(advance(runtime, together, tokens[:, 6:]), advance(runtime, alone, tokens[:, 6:]))
    with pytest.raises(DecodingError):
        advance(runtime, together, np.ones((1, 6), np.int64))
    with pytest.raises(DecodingError):
        advance(runtime, together, np.ones((1, 0), np.int64))


def test_a_stack_without_memory() -> None:
    """A cross-attention that adds nothing is left out: so are those of a model that has none."""
    model = model_of(norm_placement="pre")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "cross_attention.output" in name:
                parameter.zero_()
    whole, without = compiled_of(model), compiled_of(model)
    for layer in without._c_struct.decoder[: model.config.decoder_layers]:
        layer.cross_query.prepacked = None
    tokens = np.array([[1, 9, 4, 3]])
    found, expected = (advance(one, one.begin([[5, 6, 7]], 12), tokens) for one in (without, whole))
    assert np.array_equal(found, expected)
    other = advance(without, without.begin([[8, 30]], 12), tokens)
    assert np.array_equal(found, other)  # Nothing looks at the source.


@pytest.mark.parametrize("kinds", [{}, {"heads": 3, "kv_heads": 1, "head_width": 6, "positions": "rotary"}], ids=str)
def test_sources_of_all_lengths(kinds: dict[str, Any]) -> None:
    """What the encoder says of long sentences, whose queries are computed in groups; alone and together to the bit."""
    model = model_of(max_length=MOST, **kinds)
    fast, given = compiled_of(model), prompts(LENGTHS[1:])
    state = fast.begin(given, 1, threads=2)
    state.advance(np.full((len(given), 1), BEGIN), None)
    with torch.inference_mode():
        for source, found in zip(given, state._logits, strict=True):
            expected = model(torch.tensor([source]), torch.tensor([[BEGIN]]))[0].numpy()
            np.testing.assert_allclose(found, expected, atol=5e-5, rtol=1e-5)
            alone = fast.begin([source], 1)
            alone.advance(np.array([[BEGIN]]), None)
            assert np.array_equal(alone._logits[0], found)


MOST = 80
# Groups of queries, registers and blocks of positions end in their middles and at their ends.
LENGTHS = (0, 1, 2, 5, 11, 12, 13, 16, 24, 25, 31, 32, 33, 48, 64, 65, 70)


def prompts(lengths: tuple[int, ...] = LENGTHS) -> list[list[int]]:
    draw = random.Random(1)
    return [[draw.randrange(VOCABULARY) for _ in range(length)] for length in lengths]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the names are those of x86's instructions")
@pytest.mark.parametrize("flags", ["-mno-avx512f", "-mno-avx512f -mno-avx2", "-DCLEARHEAD_TILES_IN_C"])
@pytest.mark.parametrize("changes", [{"activation": "gelu"}, {"heads": 3, "head_width": 5, "activation": "swiglu"}])
def test_other_processors_read_the_same(
    flags: str, changes: dict[str, Any], compile_variant: Callable[[str], Path]
) -> None:
    model, given = model_of(max_length=MOST, **changes), prompts(LENGTHS[1:])
    runtime = CompiledRuntime(native.Library(str(compile_variant(flags))), model.config, weights_of(model), "fp32")
    state = runtime.begin(given, 1)
    state.advance(np.full((len(given), 1), BEGIN), None)
    with torch.inference_mode():
        for source, found in zip(given, state._logits, strict=True):
            expected = model(torch.tensor([source]), torch.tensor([[BEGIN]]))[0].numpy()
            np.testing.assert_allclose(found, expected, atol=5e-5, rtol=1e-5)


# ---------------------------------------------------------------- decoder-only models

GPT2 = {"positions": "learned", "norm_placement": "pre", "activation": "gelu-tanh"}
LLAMA = {"positions": "rotary", "norm_placement": "pre", "norm": "rms", "activation": "swiglu", "bias": False}
DECODERS: list[dict[str, Any]] = [
    {},
    {**GPT2, "scale_embeddings": False},
    {**LLAMA, "heads": 4, "kv_heads": 2, "share_embeddings": False},
    {"positions": "sinusoidal-concatenated", "activation": "gelu", "norm": "rms", "eps": 1e-3},
    {"heads": 4, "kv_heads": 1, "head_width": 20, "bias": False, "scale": 0.3},
    {"heads": 3, "head_width": 5, "width": 30, "inner_width": 50, "activation": "silu"},
    {"heads": 1, "head_width": 70, "activation": "geglu", "layers": 1},
    {"layers": 3, "positions": "rotary-halves", "rotary_base": 500.0, "heads": 2, "head_width": 34},
    {**LLAMA, "positions": "rotary-halves", "heads": 4, "kv_heads": 2, "query_key_norm": True},
    {"positions": "relative", "relative_buckets": 8, "relative_distance": 20, "heads": 4, "kv_heads": 2, "scale": 1.0},
    {"positions": "alibi", "heads": 6, "head_width": 8, "embedding_norm": True, "activation": "relu2"},
]  # fmt: skip


def decoder_of(**changes: Any) -> DecoderOnly:
    config = DecoderOnlyConfig(
        vocabulary=VOCABULARY, layers=2, width=32, heads=2, inner_width=48, max_length=MOST, dropout=0.0
    )
    model = DecoderOnly(dataclasses.replace(config, **changes), seed=3).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            # Biases that are zero and gains that are one would hide a part that is left out.
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


def steps(state: CompiledState, count: int = 3) -> list[NDArray[np.float32]]:
    """The logits of some steps, in which each sentence writes tokens of its own."""
    found = []
    for step in range(count):
        tokens = np.full((len(found[-1]) if found else state._shape[0], 1), 5 + step, np.int64)
        state.advance(tokens, None)
        found.append(state._logits.copy())
    return found


def expected_after(model: DecoderOnly, texts: list[list[int]]) -> NDArray[np.float32]:
    """The last logits of each text alone, all positions at once."""
    with torch.inference_mode():
        return np.stack([model(torch.tensor([text]))[0, -1].numpy() for text in texts])


@pytest.mark.parametrize("kinds", DECODERS, ids=str)
def test_ragged_prompts_are_gone_on_with_as_the_model_does(kinds: dict[str, Any]) -> None:
    model, given = decoder_of(**kinds), prompts()
    state = compiled_of(model).begin(given, 6)
    for step, found in enumerate(steps(state, 6)):
        expected = expected_after(model, [[*prompt, *range(5, 6 + step)] for prompt in given])
        np.testing.assert_allclose(found[:, 0], expected, atol=5e-5, rtol=1e-5)


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.03), ("int8", 0.1)])
@pytest.mark.parametrize("kinds", DECODERS, ids=str)
def test_a_decoder_near_the_model_where_it_rounds(
    kinds: dict[str, Any], precision: Precision, tolerance: float
) -> None:
    model, given = decoder_of(**kinds), prompts()
    [found] = steps(compiled_of(model, precision).begin(given, 1), 1)
    expected = expected_after(model, [[*prompt, 5] for prompt in given])
    assert np.sqrt(np.square(found[:, 0] - expected).mean()) < tolerance * expected.std()


@pytest.mark.parametrize("kinds", DECODERS[:3], ids=str)
def test_while_sentences_leave_and_beams_change_places(kinds: dict[str, Any]) -> None:
    """Each row's text is kept here; the model is asked for all of it at once."""
    model = decoder_of(**kinds)
    given = prompts((3, 0, 17, 33))
    state = compiled_of(model).begin(given, 8)
    texts = [[list(prompt)] for prompt in given]

    def ask(tokens: list[list[int]], parents: list[list[tuple[int, int]]] | None) -> None:
        nonlocal texts
        beams = len(texts[0])
        old, rows = texts, None
        if parents is None:
            parents = [[(sentence, beam) for beam in range(beams)] for sentence in range(len(texts))]
        else:
            rows = np.array([[sentence * beams + beam for sentence, beam in row] for row in parents])
        texts = [
            [[*old[sentence][beam], token] for (sentence, beam), token in zip(row, given_tokens, strict=True)]
            for row, given_tokens in zip(parents, tokens, strict=True)
        ]
        state.advance(np.array(tokens), rows)
        for found, row in zip(state._logits, texts, strict=True):
            np.testing.assert_allclose(found, expected_after(model, row), atol=5e-5, rtol=1e-5)

    ask([[1]] * 4, None)
    ask([[5, 6, 7], [8, 9, 10], [11, 12, 13]], [[(0, 0)] * 3, [(1, 0)] * 3, [(3, 0)] * 3])
    ask([[14, 15, 16], [17, 18, 19], [20, 21, 22]], [[(0, 2), (0, 0), (0, 1)], [(1, 1)] * 3, [(2, 0), (2, 1), (2, 2)]])
    ask([[23, 24], [25, 26]], [[(2, 2), (2, 0)], [(1, 0), (1, 2)]])
    ask([[27, 28], [29, 30]], None)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
@pytest.mark.parametrize("kinds", DECODERS[:4], ids=str)
def test_no_prompt_depends_on_its_neighbours(kinds: dict[str, Any], precision: Precision) -> None:
    """To the last bit: in any order, alone, and by any number of threads."""
    fast, given = compiled_of(decoder_of(**kinds), precision), prompts()
    together = steps(fast.begin(given, 3))
    for number, prompt in enumerate(given):
        for one, other in zip(steps(fast.begin([prompt], 3)), together, strict=True):
            assert np.array_equal(one[0], other[number])
    for one, other in zip(steps(fast.begin(given[::-1], 3, threads=3)), together, strict=True):
        assert np.array_equal(one[::-1], other)


@pytest.mark.parametrize("lengths", [(290,), (290, 0, 150, 17), (40,) * 40], ids=["one", "some", "many"])
@pytest.mark.parametrize("positions", ["rotary", "alibi"])
def test_threads_inside_attention_change_nothing(lengths: tuple[int, ...], positions: str) -> None:
    """So much of it that threads share it: heads of one prompt, or rows of many."""
    model = decoder_of(positions=positions, heads=8, kv_heads=4, head_width=64, max_length=300, layers=1)
    fast, given = compiled_of(model), prompts(lengths)
    expected = steps(fast.begin(given, 4), 4)
    for threads in (2, 3, 7):
        assert np.array_equal(steps(fast.begin(given, 4, threads=threads), 4), expected)


@pytest.mark.parametrize("kinds", DECODERS, ids=str)
def test_a_prompt_read_at_once_is_one_read_step_by_step(kinds: dict[str, Any]) -> None:
    """They add in another order: equal but for rounding."""
    fast, [prompt] = compiled_of(decoder_of(**kinds)), prompts((40,))
    alone = fast.begin([[]], 41)
    for token in prompt:
        alone.advance(np.array([[token]]), None)
    [expected] = steps(alone, 1)
    [found] = steps(fast.begin([prompt], 1), 1)
    np.testing.assert_allclose(found, expected, atol=5e-5, rtol=1e-5)


@pytest.mark.parametrize("kinds", DECODERS, ids=str)
def test_many_positions_after_a_prompt_are_those_one_by_one(kinds: dict[str, Any]) -> None:
    """To the last bit, and so are the positions that follow."""
    runtime, given = compiled_of(decoder_of(**kinds)), prompts((7, 0, 20))
    together, alone = (runtime.begin(given, 12) for _ in range(2))
    tokens = np.random.default_rng(1).integers(0, VOCABULARY, (3, 7))
    found = advance(runtime, together, tokens[:, :6].copy(), sentences=3)
    expected = [advance(runtime, alone, tokens[:, place : place + 1].copy(), sentences=3) for place in range(6)][-1]
    assert np.array_equal(found, expected)
    assert np.array_equal(*(advance(runtime, one, tokens[:, 6:].copy(), sentences=3) for one in (together, alone)))


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_a_decoders_logits_of_a_list_are_those_of_the_whole_vocabulary(precision: Precision) -> None:
    fast, given = compiled_of(decoder_of(), precision), prompts((4, 0))
    lists = Lists(np.array([[3, 9, 30], [5, 6, VOCABULARY]], np.int32), np.array([3, 2], np.int32), VOCABULARY)
    limited, full = fast.begin(given, 2, lists=lists), fast.begin(given, 2)
    for one, other in zip(steps(limited, 2), steps(full, 2), strict=True):
        assert np.array_equal(one[0, 0], other[0, 0, [3, 9, 30]])
        assert np.array_equal(one[1, 0, :2], other[1, 0, [5, 6]])


@pytest.mark.parametrize(
    ("given", "capacity", "message"),
    [
        ([[5, VOCABULARY]], 3, "outside of the vocabulary"),
        ([[5, -1]], 3, "outside of the vocabulary"),
        ([[5] * MOST], 1, "more positions"),
        ([[5] * (MOST - 3)], 4, "more positions"),
        ([[], [5] * (MOST - 3)], 4, "more positions"),
        ([[]], MOST + 1, "more positions"),
        ([[]], 2**31 - 1, "more positions"),
        ([[]], 0, "capacity=0 is not a whole number"),
        ([], 3, "a size or a number"),
        ([[2**40]], 3, "one is too large"),
    ],
)
def test_what_cannot_be_read_is_refused(given: Any, capacity: int, message: str) -> None:
    with pytest.raises(DecodingError, match=message) as caught:
        compiled_of(decoder_of()).begin(given, capacity)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("signatures_unchecked")
def test_what_are_no_ids_is_refused() -> None:
    given: Any = [["a"]]
    with pytest.raises(DecodingError, match="give whole numbers"):
        compiled_of(decoder_of()).begin(given, 3)


def test_the_last_position_may_be_used_and_none_after_it() -> None:
    model, [prompt] = decoder_of(), prompts((MOST - 2,))
    state = compiled_of(model).begin([prompt], 2)
    found = steps(state, 2)[-1]
    np.testing.assert_allclose(found[:, 0], expected_after(model, [[*prompt, 5, 6]]), atol=5e-5, rtol=1e-5)
    with pytest.raises(DecodingError, match="more positions"):
        state.advance(np.array([[7]]), None)


@pytest.mark.parametrize(
    ("ids", "lengths", "code"),
    [
        ([5, 6, 7], [2], -5), ([5, 6], [3], -5), ([5, 6], [4, -2], -3), ([5], [1, 2**30], -3),
        ([5], [-(2**31), 1], -3), ([VOCABULARY], [1], -2), ([-(2**31)], [1], -2),
    ],
)  # fmt: skip
def test_c_itself_refuses_what_does_not_fit_together(ids: list[int], lengths: list[int], code: int) -> None:
    """Whatever a Python above it might have passed over."""
    library, runtime = native.library(), compiled_of(decoder_of())
    assert library is not None
    numbers, sizes, state = np.array(ids, np.int32), np.array(lengths, np.int32), ctypes.c_void_p()
    given = numbers.ctypes.data, len(ids), sizes.ctypes.data, len(lengths)
    assert library.state_new(runtime._c_struct, *given, 1, 3, 1, state) == code
    assert state.value is None


@pytest.mark.parametrize(
    ("tokens", "parents", "message"),
    [
        ([[VOCABULARY], [1]], None, "outside of the vocabulary"), ([[-1], [1]], None, "outside of the vocabulary"),
        ([[1], [1]], [[0], [2]], "no such row"), ([[1], [1]], [[0], [-1]], "no such row"),
        ([[1]], None, "no such row"), ([[1, 2]], [[0, 1]], "no such row"),
    ],
)  # fmt: skip
def test_steps_that_are_refused_change_nothing(tokens: Any, parents: Any, message: str) -> None:
    fast, given = compiled_of(decoder_of()), prompts((3, 8))
    state = fast.begin(given, 3)
    with pytest.raises(DecodingError, match=message):
        state.advance(np.array(tokens), None if parents is None else np.array(parents))
    assert np.array_equal(steps(state), steps(fast.begin(given, 3)))


@pytest.mark.parametrize("name", ["output.matrix.weight", "rotary.sine", "decoder.layers.1.self_attention.key.weight"])
def test_a_decoders_weights_of_other_shapes_are_refused(name: str) -> None:
    library, model = native.library(), decoder_of(positions="rotary")
    assert library is not None
    arrays = dict(weights_of(model))
    arrays[name] = arrays[name][:-1]
    with pytest.raises(DecodingError, match=r"cannot take float32 of shape .*expected float32 of shape"):
        CompiledRuntime(library, model.config, arrays, "fp32")

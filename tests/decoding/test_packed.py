"""The model in C against the model in Python: the same numbers, whatever the sizes and kinds."""

import copy
import dataclasses
import gc
import math
import pickle
import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from clearhead.decoding import Precision
from clearhead.decoding.engine import padded, score_ids, translate_ids
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.packed import PackedModel, packed
from clearhead.decoding.shortlist import Listed, Shortlist
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig, padding_mask
from clearhead.native import compiler
from clearhead.native import library as native

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
    {"width": 36, "heads": 3, "inner_width": 50},
    {"encoder_layers": 0, "decoder_layers": 1},
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


def packed_of(model: EncoderDecoder, precision: Precision = "fp32") -> PackedModel:
    found = packed(model, precision)
    assert found is not None
    return found


def sources(count: int = 5) -> list[list[int]]:
    draw = random.Random(1)
    return [[*(draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(12))), END] for _ in range(count)]


def followed(model: EncoderDecoder, fast: PackedModel) -> list[tuple[Tensor, Tensor]]:
    """The logits of both while sentences leave, beams widen, change places and are dropped."""
    given = sources()
    source = padded(given, 0, torch.device("cpu"))
    mask = padding_mask(source)
    pairs = []
    with torch.inference_mode():
        cache, step = model.begin(model.encode(source, mask), mask), fast.begin(given, 1, 12)

        def ask(tokens: list[list[int]]) -> None:
            ids = torch.tensor(tokens)
            pairs.append((step(ids), model.step(ids, cache)))

        def select(sentences: list[int], beams: list[list[int]]) -> None:
            for each in (cache, step):
                each.select(torch.tensor(sentences), torch.tensor(beams))

        ask([[BEGIN]] * 5)
        select([0, 1, 3, 4], [[0, 0, 0]] * 4)
        ask([[5, 6, 7], [8, 9, 10], [11, 12, 13], [14, 15, 16]])
        select([0, 1, 2, 3], [[2, 0, 1], [1, 1, 1], [0, 1, 2], [2, 2, 0]])
        ask([[17, 18, 19], [20, 21, 22], [23, 24, 25], [26, 27, 28]])
        select([1, 3], [[0, 2], [1, 0]])
        for token in range(29, 36):
            ask([[token, 3], [4, token]])
    return pairs


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equal_to_the_model_in_float32(kinds: dict[str, Any]) -> None:
    model = model_of(**kinds)
    for fast, plain in followed(model, packed_of(model)):
        torch.testing.assert_close(fast, plain, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.03), ("int8", 0.1)])
@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_near_the_model_where_it_rounds(kinds: dict[str, Any], precision: Precision, tolerance: float) -> None:
    """In parts of the logits' spread: a part that is wrong shows as a whole one, not as a tenth."""
    model = model_of(**kinds)
    for fast, plain in followed(model, packed_of(model, precision)):
        assert (fast - plain).square().mean().sqrt() < tolerance * plain.std()


def test_translations_and_scores_are_the_models() -> None:
    model = model_of()
    slow = translate_ids(model, sources(30), OPTIONS)
    fast = translate_ids(packed_of(model), sources(30), OPTIONS)
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
    slow, fast = (translate_ids(one, sources(), options) for one in (model, packed_of(model)))
    assert [[x.tokens for x in one] for one in slow] == [[x.tokens for x in one] for one in fast]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
@pytest.mark.parametrize("beam_size", [1, 4])
def test_no_sentence_depends_on_its_neighbours(precision: Precision, beam_size: int) -> None:
    """To the last bit: in any order, in batches of any size, by any number of threads and workers."""
    fast = packed_of(model_of(), precision)
    options = dataclasses.replace(OPTIONS, beam_size=beam_size, top_beams=1)
    given = sources(20)
    together = translate_ids(fast, given, options)
    assert together == [translate_ids(fast, [one], options)[0] for one in given]
    order = random.Random(2).sample(range(20), 20)
    shuffled = translate_ids(fast, [given[n] for n in order], options, batch_tokens=50, workers=3)
    assert [together[n] for n in order] == shuffled


def test_threads_inside_a_product_change_nothing() -> None:
    fast, tokens = packed_of(model_of(inner_width=4096)), torch.full((20, 1), BEGIN)
    first, second = (fast.begin(sources(20), 1, 5, threads)(tokens) for threads in (1, 3))
    assert torch.equal(first, second)


def test_training_on_does_not_change_what_was_packed() -> None:
    model = model_of()
    fast = packed_of(model)
    before = translate_ids(fast, sources(), OPTIONS)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(-2)
    assert translate_ids(fast, sources(), OPTIONS) == before


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
    given, fast = sources(), packed_of(model_of(**sizes), precision)
    lists = some_pieces().lists(given, [(END,)] * 5)
    assert len(set(lists.counts.tolist())) > 1
    limited, full = (fast.begin(given, 1, 3, lists=each) for each in (lists, None))
    kept, beams = torch.tensor([0, 2, 4]), torch.tensor([[0, 0]] * 3)
    steps = [(torch.full((5, 1), BEGIN), lists), (torch.tensor([[5, 6], [7, 8], [9, 3]]), lists.of_sentences(kept))]
    for tokens, current in steps:
        found, expected = limited(tokens), full(tokens)
        assert isinstance(found, Listed)
        assert torch.equal(found.whole(), expected.masked_fill(~current.mask()[:, None], -math.inf))
        for each in (limited, full):
            if len(tokens) == 5:
                each.select(kept, beams)


@pytest.mark.parametrize("beam_size", [1, 4])
def test_translations_by_a_shortlist_are_those_of_the_masked_model(beam_size: int) -> None:
    model = model_of()
    options = dataclasses.replace(OPTIONS, beam_size=beam_size, top_beams=1)
    slow, fast, free = (
        translate_ids(one, sources(30), options, shortlist=shortlist)
        for one, shortlist in ((model, some_pieces()), (packed_of(model), some_pieces()), (model, None))
    )
    assert [one.tokens for [one] in slow] == [one.tokens for [one] in fast] != [one.tokens for [one] in free]
    assert [one.score for [one] in slow] == pytest.approx([one.score for [one] in fast], abs=1e-5)
    for source, [one] in zip(sources(30), fast, strict=True):
        assert set(one.tokens) <= permitted(source)


def test_probabilities_are_shared_out_among_the_list() -> None:
    """The first token's, as the softmax over the model's logits of these tokens alone."""
    model, given = model_of(), sources(1)
    [[found]] = translate_ids(
        packed_of(model), given, dataclasses.replace(OPTIONS, beam_size=1, top_beams=1), shortlist=some_pieces()
    )
    with torch.inference_mode():
        logits = model(torch.tensor(given), torch.tensor([[BEGIN]]))[0, 0].double()
    share = logits[found.tokens[0]] - logits[sorted(permitted(given[0]))].logsumexp(0)
    assert found.token_log_probabilities[0] == pytest.approx(float(share), abs=1e-5)


def test_sampling_by_a_shortlist_draws_the_same() -> None:
    model, options = model_of(), dataclasses.replace(OPTIONS, sampling=Sampling(seed=4))
    slow, fast = (translate_ids(one, sources(), options, shortlist=some_pieces()) for one in (model, packed_of(model)))
    assert [[x.tokens for x in one] for one in slow] == [[x.tokens for x in one] for one in fast]


@pytest.mark.parametrize("options", [OPTIONS, dataclasses.replace(OPTIONS, sampling=Sampling(seed=4))], ids=str)
def test_a_prefix_may_be_what_the_list_lacks(options: SearchOptions) -> None:
    given = sources(6)
    prefixes = [[min(set(range(3, VOCABULARY)) - permitted(source))] for source in given]
    for model in (model_of(), packed_of(model_of())):
        found = translate_ids(model, given, options, prefixes=prefixes, shortlist=some_pieces())
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
    fast, given, shortlist = packed_of(model_of(), precision), sources(20), some_pieces()
    together = translate_ids(fast, given, options, shortlist=shortlist)
    alone = [translate_ids(fast, [one], options, shortlist=shortlist, numbers=[n])[0] for n, one in enumerate(given)]
    assert together == alone
    shuffled = translate_ids(
        fast, given[::-1], options, shortlist=shortlist, numbers=range(19, -1, -1), batch_tokens=50, workers=3
    )
    assert together == shuffled[::-1]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_a_list_of_everything_changes_nothing(precision: Precision) -> None:
    fast, everything = packed_of(model_of(), precision), np.arange(VOCABULARY)
    shortlist = Shortlist(np.zeros(VOCABULARY + 1, np.int64), everything[:0], everything, VOCABULARY)
    assert translate_ids(fast, sources(), OPTIONS, shortlist=shortlist) == translate_ids(fast, sources(), OPTIONS)


def test_threads_inside_a_listed_product_change_nothing() -> None:
    """Of 12 rows, 4096 inputs and 37 outputs: enough for a second thread."""
    fast, given = packed_of(model_of(width=4096, heads=2, inner_width=8)), sources(2)
    lists = some_pieces(30).lists(given, [(END,)] * 2)
    first, second = (fast.begin(given, 12, 5, threads, lists)(torch.full((2, 12), BEGIN)) for threads in (1, 3))
    assert torch.equal(first.logits, second.logits)


def test_a_shortlist_of_another_vocabulary_is_refused() -> None:
    shortlist = Shortlist(np.zeros(12, np.int64), np.arange(0), np.arange(3), VOCABULARY)
    for model in (model_of(), packed_of(model_of())):
        with pytest.raises(DecodingError, match="vocabularies of 11 and 37 ids but the model has 37 and 37; use the"):
            translate_ids(model, sources(), OPTIONS, shortlist=shortlist)


def test_a_damaged_weight_is_not_hidden() -> None:
    """Not by a softmax, either, in which only the scores are no numbers."""
    model = model_of(encoder_layers=0)
    with torch.no_grad():
        model.decoder.layers[0].self_attention.key.weight.fill_(float("nan"))  # type: ignore[union-attr, operator]
    with pytest.raises(DecodingError, match="NaN"):
        translate_ids(packed_of(model), sources(), OPTIONS)


def test_a_packed_model_is_not_pickled_and_its_copy_is_itself() -> None:
    """faults.md C14: what C points to is not copied, or it would be freed twice."""
    fast = packed_of(model_of())
    step = fast.begin([[5, END]], 1, 3)
    assert copy.deepcopy([fast, fast]) == [fast, fast]
    assert copy.copy(fast) is fast
    with pytest.raises(DecodingError, match="cannot be pickled; pickle the model"):
        pickle.dumps(fast)
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(DecodingError, match="cannot be copied or pickled; begin another"):
            copied(step)
    del fast
    gc.collect()
    assert step(torch.tensor([[BEGIN]])).isfinite().all()


def test_no_step_beyond_what_was_asked_for() -> None:
    step, tokens = packed_of(model_of()).begin([[5, END]], 1, 1), torch.tensor([[BEGIN]])
    step(tokens)
    with pytest.raises(DecodingError, match="more positions"):
        step(tokens)


def test_the_model_itself_serves_where_there_is_no_library(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(native, "library", lambda: None)
    assert packed(model_of(), "fp32") is None
    assert not caplog.text
    assert packed(model_of(), "int8") is None
    assert "int8 needs a C compiler" in caplog.text

"""The model in C against the model in Python: the same numbers, whatever the sizes and kinds."""

import dataclasses
import random
from typing import Any

import pytest
import torch
from torch import Tensor

from clearhead.decoding import Precision
from clearhead.decoding.engine import padded, score_ids, translate_ids
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.packed import PackedModel, packed
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig, padding_mask
from clearhead.native import library as native

pytestmark = pytest.mark.skipif(native.library() is None, reason="this machine has no C compiler")
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


def test_a_damaged_weight_is_not_hidden() -> None:
    """Not by a softmax, either, in which only the scores are no numbers."""
    model = model_of(encoder_layers=0)
    with torch.no_grad():
        model.decoder.layers[0].self_attention.key.weight.fill_(float("nan"))  # type: ignore[union-attr, operator]
    with pytest.raises(DecodingError, match="NaN"):
        translate_ids(packed_of(model), sources(), OPTIONS)


def test_no_step_beyond_what_was_asked_for() -> None:
    step, tokens = packed_of(model_of()).begin([[5, END]], 1, 1), torch.tensor([[BEGIN]])
    step(tokens)
    with pytest.raises(MemoryError):
        step(tokens)


def test_the_model_itself_serves_where_there_is_no_library(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(native, "library", lambda: None)
    assert packed(model_of(), "fp32") is None
    assert not caplog.text
    assert packed(model_of(), "int8") is None
    assert "int8 needs a C compiler" in caplog.text

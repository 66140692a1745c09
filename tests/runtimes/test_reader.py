"""Whole texts in one pass: C and PyTorch give what the model gives for a text alone, whatever is read beside it."""

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from clearhead.decoding import Precision
from clearhead.errors import ClearheadError, DecodingError
from clearhead.model import (
    DecoderOnly,
    DecoderOnlyConfig,
    EncoderDecoder,
    EncoderOnly,
    EncoderOnlyConfig,
    TransformerConfig,
    bert_tiny,
    causal_mask,
)
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.preparing import compiled
from clearhead.runtimes.reader import Reader
from clearhead.runtimes.runtime import Runtime

VOCABULARY, MOST = 53, 24
Model = EncoderOnly | DecoderOnly
# Each kind of positions, norms, activations and heads; and what C treats apart: widths that no register divides.
KINDS: list[dict[str, Any]] = [
    {"positions": "learned", "activation": "gelu", "eps": 1e-12, "segments": 2, "embedding_norm": True, "pooler": True},
    {"pooling": "mean", "pooler": True, "segments": 3, "activation": "gelu-tanh", "share_embeddings": False},
    {"masked_head": "plain", "pooling": "mean", "bias": False, "norm_placement": "pre", "activation": "silu"},
    {"positions": "rotary", "norm": "rms", "norm_placement": "pre", "activation": "swiglu", "bias": False},
    {"positions": "rotary-halves", "query_key_norm": True, "kv_heads": 2, "head_width": 10, "activation": "relu2"},
    {"positions": "relative", "relative_buckets": 8, "relative_distance": 10, "activation": "geglu", "pooler": True},
    {"positions": "alibi", "scale": 0.5, "scale_embeddings": False, "activation": "reglu"},
    {"positions": "sinusoidal-concatenated", "activation": "geglu-tanh", "norm": "rms", "kv_heads": 1},
    {"width": 36, "heads": 3, "inner_width": 50, "norm_placement": "pre"},
    {"layers": 0},
    {"bias": False, "query_key_value_bias": True, "norm": "rms", "kv_heads": 2, "pooler": True},
    {"query_key_value_bias": False, "pooler": True, "pooler_activation": "relu"},
    {
        "embedding_width": 20,
        "positions": "learned",
        "scale_embeddings": False,
        "embedding_norm": True,
        "segments": 2,
        "pooler": True,
        "pooler_activation": "gelu",
    },
]
# Of these a decoder alone has none.
HEADS = {"segments", "masked_head", "pooling", "pooler", "pooler_activation", "embedding_width"}


def randomized(model: Any) -> Any:
    """Biases that are zero and gains that are one would hide a part that is left out."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model.eval()


SIZES: dict[str, Any] = {"vocabulary": VOCABULARY, "layers": 2, "width": 32, "heads": 4, "inner_width": 48}


def encoder_of(**changes: Any) -> EncoderOnly:
    config = EncoderOnlyConfig(**{**SIZES, "max_length": MOST, "classes": 5, "dropout": 0.5, **changes})
    return randomized(EncoderOnly(config, seed=3))  # type: ignore[no-any-return]


def decoder_of(**changes: Any) -> DecoderOnly:
    own = {name: value for name, value in changes.items() if name not in HEADS}
    return randomized(DecoderOnly(DecoderOnlyConfig(**{**SIZES, "max_length": MOST, **own}), seed=3))  # type: ignore[no-any-return]


def in_c(model: Any, precision: Precision = "fp32") -> Reader:
    found = compiled(model, precision)
    if found is None:
        pytest.skip("this machine has no C compiler")
    return found


READERS: dict[str, Callable[[Any], Reader]] = {"C": in_c, "PyTorch": EagerRuntime}


def texts() -> list[list[int]]:
    """Of all lengths from one token to as many as the model takes, in no order."""
    draw = random.Random(1)
    lengths = draw.sample(range(1, MOST + 1), MOST)
    return [[draw.randrange(VOCABULARY) for _ in range(length)] for length in lengths]


def alone(model: Model, text: list[int], causal: bool = False) -> NDArray[np.float32]:
    """The vectors of a text without padding, by the model itself."""
    with torch.inference_mode():
        mask = causal_mask(len(text)) if causal else torch.ones(1, 1, 1, len(text), dtype=torch.bool)
        found: NDArray[np.float32] = model.hidden_states(torch.tensor([text]), mask)[0].numpy()
    return found


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("changes", KINDS, ids=str)
class TestEqualToTheModel:
    def test_an_encoders_vectors_and_heads(self, reader: str, changes: dict[str, Any]) -> None:
        model = encoder_of(**changes)
        read = READERS[reader](model)
        with read.session():
            found = read.read(texts())
            for text, vectors in zip(texts(), found, strict=True):
                np.testing.assert_allclose(vectors, alone(model, text), atol=2e-5, rtol=1e-5)
            classes = read.class_log_probabilities(found)
            tokens = read.token_log_probabilities(np.concatenate(found), threads=2)
        with torch.inference_mode():
            expected = [model(torch.tensor([text])) for text in texts()]
            logits = torch.cat([one.logits[0] for one in expected])
            np.testing.assert_allclose(tokens, logits.log_softmax(-1), atol=5e-5, rtol=1e-5)
            chosen = torch.cat([one.classes for one in expected])
            np.testing.assert_allclose(classes, chosen.log_softmax(-1), atol=2e-5, rtol=1e-5)

    @pytest.mark.parametrize("causal", [False, True])
    def test_a_decoders_under_either_mask(self, reader: str, changes: dict[str, Any], causal: bool) -> None:
        model = decoder_of(**changes)
        read = READERS[reader](model)
        with read.session():
            found = read.read(texts(), causal=causal)
            tokens = read.token_log_probabilities(np.concatenate(found))
        for text, vectors in zip(texts(), found, strict=True):
            np.testing.assert_allclose(vectors, alone(model, text, causal), atol=2e-5, rtol=1e-5)
        if causal:
            with torch.inference_mode():
                logits = torch.cat([model(torch.tensor([text]))[0] for text in texts()])
            np.testing.assert_allclose(tokens, logits.log_softmax(-1), atol=5e-5, rtol=1e-5)


def test_a_whole_text_is_another_thing_than_what_came_before() -> None:
    model, [text] = decoder_of(), [[5, 6, 7, 8]]
    whole, causal = (in_c(model).read([text], causal=causal)[0] for causal in (False, True))
    assert np.abs(whole - causal)[:-1].max(axis=1).min() > 1e-3  # The last one sees all either way.


@pytest.mark.parametrize("changes", KINDS, ids=str)
@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_in_c_nothing_depends_on_what_is_read_beside_it(changes: dict[str, Any], precision: Precision) -> None:
    """To the last bit: not on other texts, their order, or how many cores compute."""
    read = in_c(encoder_of(**changes), precision)
    together = read.read(texts(), threads=3)
    again = read.read(texts()[::-1])[::-1]
    chosen = np.concatenate([vectors[:1] for vectors in together])
    tokens, classes = read.token_log_probabilities(chosen, threads=2), read.class_log_probabilities(together)
    for number, (text, vectors) in enumerate(zip(texts(), together, strict=True)):
        [by_itself] = read.read([text])
        assert np.array_equal(vectors, by_itself)
        assert np.array_equal(vectors, again[number])
        assert np.array_equal(read.token_log_probabilities(by_itself[:1])[0], tokens[number])
        assert np.array_equal(read.class_log_probabilities([by_itself])[0], classes[number])


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.03), ("int8", 0.1)])
@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_near_the_model_where_it_rounds(changes: dict[str, Any], precision: Precision, tolerance: float) -> None:
    """In parts of the spread: a part that is wrong shows as a whole one, not as a tenth."""
    exact, rough = in_c(encoder_of(**changes)), in_c(encoder_of(**changes), precision)

    def told(reader: Reader) -> list[NDArray[np.float32]]:
        vectors = reader.read(texts())
        heads = reader.token_log_probabilities(np.concatenate(vectors)), reader.class_log_probabilities(vectors)
        return [np.concatenate(vectors), *heads]

    for found, expected in zip(told(rough), told(exact), strict=True):
        assert np.sqrt(np.square(found - expected).mean()) < tolerance * expected.std()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[5, VOCABULARY]], "vocabulary|knows 0 to"),
        ([[5, -1]], "vocabulary|knows 0 to"),
        ([[5] * (MOST + 1)], "more positions|expected 1 to 24"),
        ([[5], []], "more positions|expected 1 to 24"),
        ([], "a size or|no ids"),
        ([[2**70]], "whole numbers"),
    ],
)
def test_what_cannot_be_read_is_refused(reader: str, given: Any, message: str) -> None:
    read = READERS[reader](encoder_of())
    with read.session(), pytest.raises(DecodingError, match=message) as caught:
        read.read(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reader", READERS)
def test_a_head_that_is_not_there(reader: str) -> None:
    read = READERS[reader](encoder_of(masked_head="none", classes=0))
    with read.session():
        vectors = read.read([[5, 6]])
        with pytest.raises(ClearheadError):
            read.token_log_probabilities(vectors[0])
        with pytest.raises(ClearheadError):
            read.class_log_probabilities(vectors)


def test_what_are_no_vectors_is_refused_before_c() -> None:
    read = in_c(encoder_of())
    for given in (np.zeros((2, 31), np.float32), np.zeros((0, 32), np.float32), np.zeros((2, 32), np.float64)):
        with pytest.raises(DecodingError):
            read.token_log_probabilities(given)  # type: ignore[arg-type]


def test_an_encoder_alone_writes_nothing() -> None:
    read = in_c(encoder_of())
    assert isinstance(read, Runtime)  # By its methods.
    with pytest.raises(DecodingError, match="an encoder-only model writes nothing"):
        read.begin([[5]], 1)


def test_a_pair_of_stacks_reads_with_its_encoder() -> None:
    config = TransformerConfig(
        source_vocabulary=VOCABULARY, target_vocabulary=VOCABULARY, width=32, heads=4, inner_width=48,
        encoder_layers=2, decoder_layers=1, max_length=MOST,
    )  # fmt: skip
    model = randomized(EncoderDecoder(config, seed=3))
    with torch.inference_mode():
        for text, vectors in zip(texts(), in_c(model).read(texts()), strict=True):
            memory = model.encode(torch.tensor([text]), torch.ones(1, 1, 1, len(text), dtype=torch.bool))
            np.testing.assert_allclose(vectors, memory[0], atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_pytorch_reads_in_the_models_own_numbers(kind: torch.dtype) -> None:
    read, plain = EagerRuntime(encoder_of().to(kind)), EagerRuntime(encoder_of())
    with read.session(), plain.session():
        vectors, expected = read.read(texts()), plain.read(texts())
        assert vectors[0].dtype == (np.float64 if kind == torch.float64 else np.float32)
        classes = read.class_log_probabilities(vectors), plain.class_log_probabilities(expected)
        np.testing.assert_allclose(*classes, atol=0.1 if kind == torch.bfloat16 else 1e-5)


def test_what_is_done_to_a_model_is_done_to_what_it_reads() -> None:
    """A hook on the pooler is heard, and what it returns counts."""
    model = encoder_of(pooler=True)
    assert isinstance(model.pooler, nn.Module)
    model.pooler.register_forward_hook(lambda *given: torch.zeros_like(given[-1]))
    read = EagerRuntime(model)
    with read.session():
        found = read.class_log_probabilities(read.read([[5, 6], [7]]))
    assert np.array_equal(found[0], found[1])


def test_published_sizes_are_read() -> None:
    model = randomized(EncoderOnly(dataclasses.replace(bert_tiny(300), classes=2), seed=1))
    [found] = in_c(model).read([[*range(300)]])
    np.testing.assert_allclose(found, alone(model, [*range(300)]), atol=2e-5, rtol=1e-5)

"""What a caller hands to a model by mistake is said in one line, and what is empty is no mistake."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jaxtyping
import numpy as np
import pytest
import torch

from clearhead import attention
from clearhead.errors import ConfigError
from clearhead.model import EncoderDecoder, TransformerConfig, masks_for
from clearhead.model.attention import Attention

CONFIG = TransformerConfig(
    source_vocabulary=20, target_vocabulary=30, width=16, heads=4, inner_width=32, encoder_layers=1, decoder_layers=1,
    max_length=16, share_embeddings="target",
)  # fmt: skip
QUERY, KEY, VALUE = torch.ones(4, 8), torch.ones(6, 8), torch.ones(6, 5)
SOURCE, TARGET = torch.tensor([[3, 4, 5, 6], [7, 8, 9, 2]]), torch.tensor([[1, 3, 4, 5, 6], [1, 7, 8, 9, 2]])


@pytest.fixture(autouse=True)
def _as_outside_of_tests() -> Iterator[None]:
    """No shape is checked at the door, so this is what a user sees."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((QUERY, KEY, VALUE, torch.ones(4, 6, dtype=torch.long)), r"mask is int64 of shape \(4, 6\); give booleans"),
        ((QUERY, KEY, VALUE, torch.zeros(4, 6)), "mask is float32 .* give booleans"),
        ((QUERY, KEY, VALUE, [[True] * 6] * 4), "mask is of type list; give booleans"),
        ((QUERY, KEY, VALUE, torch.ones(4, 5, dtype=torch.bool)), r"scores and mask do not fit .*\(4, 6\), \(4, 5\)"),
        ((QUERY, KEY, VALUE, torch.ones(3, 4, 6, dtype=torch.bool)), "mask has shape .* leave dimensions out"),
        ((QUERY.double(), KEY, VALUE), r"dtypes differ \(query torch.float64, key torch.float32"),
        ((QUERY, KEY.to("meta"), VALUE), r"devices differ \(query cpu, key meta"),
        ((QUERY.long(), KEY, VALUE), "query is int64 of shape .*floating-point"),
        ((QUERY[0], KEY, VALUE), r"query is float32 of shape \(8,\); give"),
        ((np.ones((4, 8)), KEY, VALUE), "query is of type ndarray; give a tensor"),
        ((QUERY.expand(2, 4, 8), KEY.expand(3, 6, 8), VALUE), r"query, key and value do not fit .*\(2,\), \(3,\)"),
        ((QUERY[:, :0], KEY[:, :0], VALUE), "width 0"),
    ],
)
def test_attention_names_what_does_not_fit(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        attention(*given)
    assert "\n" not in str(refused.value)


def test_attention_takes_what_broadcasts() -> None:
    context, weights = attention(QUERY.expand(2, 3, 4, 8), KEY, VALUE, torch.ones(1, 6, dtype=torch.bool))
    assert (context.shape, weights.shape) == ((2, 3, 4, 5), (2, 3, 4, 6))
    assert attention(QUERY[:0], KEY, VALUE)[0].shape == (0, 5)


MISTAKES: dict[str, tuple[Callable[[EncoderDecoder], Any], str]] = {
    "id": (lambda model: model(SOURCE + 17, TARGET), "id 26 is outside of the vocabulary, which has 0 to 19"),
    "negative": (lambda model: model(SOURCE, TARGET - 4), "id -3 is outside of the vocabulary, which has 0 to 29"),
    "kind": (lambda model: model(SOURCE.float(), TARGET), "source is float32 of shape .* whole numbers"),
    "one sentence": (
        lambda model: model(SOURCE, TARGET[0]),
        r"target is int64 of shape \(5,\); .* a row for each",
    ),
    "lists": (lambda model: model([[1]], TARGET), "source is of type list"),
    "no source": (lambda model: model(None, TARGET), "source is None"),
    "as many": (lambda model: model(SOURCE, TARGET[:1]), "source has 2 sentences and target 1"),
    "one mask": (lambda model: model(SOURCE, TARGET, SOURCE > 0), "masks is a Tensor; give Masks"),
    "whole masks": (lambda model: model(SOURCE, TARGET, numbers(torch.long)), "mask is int64 .* give booleans"),
    "added masks": (lambda model: model(SOURCE, TARGET, numbers(torch.float32)), "mask is float32 .* give booleans"),
    "one short": (lambda model: model.encode(SOURCE[:, :2], torch.ones(2, 1, 1, 2)), "mask is float32"),
}


def numbers(kind: torch.dtype) -> Any:
    masks = masks_for(SOURCE, TARGET, 0)
    return type(masks)(*(one.to(kind) for one in masks))


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("mode", [torch.enable_grad, torch.inference_mode])
def test_a_model_names_what_it_cannot_read(mistake: str, mode: Any) -> None:
    call, message = MISTAKES[mistake]
    with mode(), pytest.raises(ConfigError, match=message) as refused:
        call(EncoderDecoder(CONFIG))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("sentences", [0, 2])
@pytest.mark.parametrize("length", [0, 4])
@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_an_empty_batch_gives_empty_logits(sentences: int, length: int, positions: Any) -> None:
    model = EncoderDecoder(dataclasses.replace(CONFIG, positions=positions))
    logits = model(SOURCE[:sentences, :length], TARGET[:sentences])
    assert logits.shape == (sentences, 5, 30)
    assert logits.isfinite().all()
    logits.sum().backward()
    assert model(SOURCE[:sentences], TARGET[:sentences, :0]).shape == (sentences, 0, 30)


def test_a_part_on_its_own_has_no_numbers_yet() -> None:
    """What torch.empty gives may be anything, a working model's weights too."""
    assert Attention(CONFIG.block).query.weight.isnan().all()
    assert all(one.isfinite().all() for one in EncoderDecoder(CONFIG).parameters())

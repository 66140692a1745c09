"""Which class a model of ours is nearest to, and whether its layers compute the same, as the classes are documented."""

import dataclasses
from typing import Any

import pytest

from clearhead.interop.classes import CLASSES
from clearhead.interop.nearest_class import NEAR_CLASSES, near_classes, nearest_class
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig, TransformerConfig

from .own_models import MODELS

SIZES: dict[str, Any] = {"width": 8, "heads": 2, "inner_width": 8, "max_length": 9}
PAIR = TransformerConfig(source_vocabulary=9, target_vocabulary=9, encoder_layers=1, decoder_layers=1, **SIZES)
CAUSAL = DecoderOnlyConfig(vocabulary=9, layers=1, **SIZES)
WHOLE = EncoderOnlyConfig(vocabulary=9, layers=1, **SIZES)
T5 = {"norm": "rms", "positions": "relative", "scale": 1.0, "norm_placement": "pre"}


@pytest.mark.parametrize(
    ("config", "changes", "kind", "has_same_layers"),
    [
        (PAIR, {"positions": "learned"}, "bart", True),
        (PAIR, {"positions": "sinusoidal-halves"}, "bart", True),
        # The paper's own, whose sines and cosines alternate: another order of the width.
        (PAIR, {"positions": "sinusoidal"}, "bart", False),
        (PAIR, T5, "t5", True),
        # T5's scores are not divided by √d_k.
        (PAIR, {**T5, "scale": None}, "t5", False),
        (PAIR, {**T5, "norm": "layer"}, "t5", False),
        (PAIR, {**T5, "positions": "learned"}, "t5", False),
        (CAUSAL, {"norm": "rms", "positions": "rotary-halves"}, "llama", True),
        (CAUSAL, {"norm": "rms", "positions": "rotary"}, "llama", False),
        (CAUSAL, {"positions": "learned", "norm_placement": "pre"}, "gpt2", True),
        # Its queries, keys and values are one matrix, and as many.
        (CAUSAL, {"positions": "learned", "norm_placement": "pre", "kv_heads": 1}, "gpt2", False),
        (CAUSAL, {"positions": "learned", "norm_placement": "pre", "head_width": 2}, "gpt2", False),
        (CAUSAL, {"positions": "learned", "norm_placement": "pre", "activation": "swiglu"}, "gpt2", False),
        (CAUSAL, {"positions": "learned", "norm_placement": "post"}, "gpt2", False),
        (WHOLE, {"positions": "learned"}, "bert", True),
        (WHOLE, {"positions": "learned", "norm_placement": "pre"}, "bert", False),
    ],
)
def test_by_what_a_config_has(config: Any, changes: dict[str, Any], kind: str, has_same_layers: bool) -> None:
    changed = dataclasses.replace(config, **changes)
    found = nearest_class(changed)
    assert (found.kind, found.has_same_layers(changed)) == (kind, has_same_layers)


@pytest.mark.parametrize("name", MODELS)
def test_an_architecture_is_that_of_the_nearest_class_or_its_kin(name: str) -> None:
    """Marian, Pegasus and mBART have BART's layers; Qwen's are Llama's."""
    kin = {"Marian": "BART", "Pegasus": "BART", "MBart": "BART", "Qwen2": "LLAMA", "Qwen3": "LLAMA"}
    architecture, config = MODELS[name]
    base = next((own for theirs, own in kin.items() if architecture.startswith(theirs)), architecture.upper())
    assert base.startswith(nearest_class(config).kind.upper())


@pytest.mark.parametrize("family", NEAR_CLASSES, ids=lambda family: family.__name__)
def test_each_is_a_class_that_is_imported(family: type[FamilyConfig]) -> None:
    config = {TransformerConfig: PAIR, DecoderOnlyConfig: CAUSAL, EncoderOnlyConfig: WHOLE}[family]
    assert [one.kind for one in near_classes(config)] == [one.kind for one in NEAR_CLASSES[family]]
    assert {one.kind for one in NEAR_CLASSES[family]} <= CLASSES.keys()

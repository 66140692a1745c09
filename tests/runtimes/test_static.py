"""A model in fixed shapes, its keys and values in place, against its own cached steps."""

import dataclasses
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from clearhead.model import DecoderCache, DecoderOnlyConfig, EncoderDecoder, TransformerConfig
from clearhead.runtimes.eager import padded
from clearhead.runtimes.static import Joined, Shape, StaticStep, numbers_for, unknown_to_steps

BEGIN, END, VOCABULARY = 1, 2, 37
SOURCES = [[5, 9, 12, 4, 30, END], [7, END], [36, 3, 3, END], [8, 19, END]]
KINDS: list[dict[str, Any]] = [
    {},
    {"norm_placement": "pre", "norm": "rms", "activation": "gelu"},
    {"positions": "learned", "share_embeddings": "none"},
    {"positions": "rotary", "activation": "swiglu", "norm_placement": "pre"},
    {"positions": "sinusoidal-concatenated", "width": 36, "heads": 3, "inner_width": 50},
    {"encoder_layers": 0, "decoder_layers": 1, "max_length": 13},
    {"heads": 4, "kv_heads": 2, "head_width": 6, "bias": False, "eps": 1e-3, "scale": 0.5, "positions": "rotary"},
    {"positions": "rotary-halves", "rotary_base": 300.0, "activation": "relu2"},
    {"embedding_norm": True, "scale_embeddings": False},
    {"positions": "sinusoidal-halves", "output_bias": True},
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
    model = EncoderDecoder(dataclasses.replace(config, **changes), seed=3).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        # Biases that are zero and gains that are one would hide a part that is left out.
        parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


def joined_of(model: EncoderDecoder) -> list[Joined]:
    attentions = [layer.self_attention for layer in model.decoder.layers]
    return [Joined.of(one.query, one.key, one.value) for one in attentions]  # type: ignore[union-attr, arg-type]


def step_of(
    model: EncoderDecoder, beams: int, sentences: int = 4, capacity: int = 16, room: Tensor | None = None
) -> StaticStep:
    shape = Shape(sentences, min(16, model.config.max_length), capacity, beams)
    weight = next(model.parameters())
    room = torch.zeros(numbers_for(model, shape), dtype=weight.dtype, device=weight.device) if room is None else room
    return StaticStep(model, joined_of(model), shape, room)


def begin(step: StaticStep, sources: list[list[int]]) -> None:
    step.begin(sources)
    step.read()


class PlainStep:
    """The model's own cached steps."""

    def __init__(self, model: EncoderDecoder, cache: DecoderCache) -> None:
        self.model, self.cache = model, cache

    def __call__(self, tokens: Tensor) -> Tensor:
        return self.model.step(tokens, self.cache)

    def select(self, sentences: Tensor, beams: Tensor) -> None:
        self.cache.select(sentences, beams)


def plain_step(model: EncoderDecoder, sources: list[list[int]], beams: int) -> PlainStep:
    source, mask = padded(sources, torch.device("cpu"))
    return PlainStep(model, model.begin(model.encode(source, mask), mask, beams))


def at(position: int) -> Tensor:
    return torch.tensor([position])


class Follower:
    """Asks both step functions the same, with tokens and parents drawn at random, and compares what they say."""

    def __init__(self, step: StaticStep, plain: PlainStep, sentences: int, beams: int) -> None:
        self.step, self.plain, self.position = step, plain, 0
        self.sentences, self.beams = sentences, beams
        self.generator = torch.Generator().manual_seed(4)

    def draw(self, low: int, high: int) -> Tensor:
        return torch.randint(low, high, (self.sentences, self.beams), generator=self.generator)

    def go(self, steps: int, reach: int = 16) -> None:
        for _ in range(steps):
            tokens, parents = self.draw(0, VOCABULARY), self.draw(0, self.beams)
            found = self.step(tokens, at(self.position), reach)
            torch.testing.assert_close(found, self.plain(tokens), atol=2e-5, rtol=1e-5)
            self.step.select(parents)
            self.plain.select(torch.arange(self.sentences), parents)
            self.position += 1


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("beams", [1, 4])
def test_equal_to_the_models_own_steps(kinds: dict[str, Any], beams: int) -> None:
    """While hypotheses branch, change places and die out."""
    model = model_of(**kinds)
    step = step_of(model, beams)
    begin(step, SOURCES)
    Follower(step, plain_step(model, SOURCES, beams), 4, beams).go(7)


@pytest.mark.parametrize("changes", [{"positions": "relative"}, {"positions": "alibi"}, {"query_key_norm": True}])
def test_what_it_does_not_know_is_named(changes: dict[str, Any]) -> None:
    [(name, value)] = changes.items()
    assert unknown_to_steps(model_of(**changes).config) == f"{name}={value!r}"


def test_what_has_no_encoder_is_named() -> None:
    assert unknown_to_steps(DecoderOnlyConfig(vocabulary=9)) == "models without an encoder"


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_what_it_knows_is_not(kinds: dict[str, Any]) -> None:
    assert unknown_to_steps(model_of(**kinds).config) is None


def test_a_reach_only_says_how_far_to_look() -> None:
    model = model_of()
    step = step_of(model, 3)
    begin(step, SOURCES)
    follower = Follower(step, plain_step(model, SOURCES, 3), 4, 3)
    for reach in (1, 2, 3, 16, 8, 6, 7):
        follower.go(1, reach)


def test_sentences_that_are_kept_take_all_that_is_theirs_along() -> None:
    model = model_of(positions="rotary")
    step, plain = step_of(model, 3), plain_step(model, SOURCES, 3)
    begin(step, SOURCES)
    follower = Follower(step, plain, 4, 3)
    follower.go(4)
    step.keep(torch.tensor([1, 3]))
    plain.select(torch.tensor([1, 3]), torch.arange(3).expand(2, 3))
    follower.sentences = 2
    follower.go(4)


def test_what_was_in_the_room_before_changes_nothing() -> None:
    """Not even NaN, which 0 times is NaN; and the places that sources leave are numbers as well."""
    model, shape = model_of(), Shape(4, 16, 16, 3)
    room = torch.full((numbers_for(model, shape),), math.nan)
    step = StaticStep(model, joined_of(model), shape, room)
    begin(step, SOURCES[:2])
    assert step(torch.full((4, 3), BEGIN), at(0), 16).isfinite().all()
    begin(step, SOURCES[:2])
    Follower(step, plain_step(model, SOURCES[:2], 3), 2, 3).go(5)


def test_it_can_begin_again() -> None:
    model = model_of()
    step = step_of(model, 3)
    for sources in (SOURCES, SOURCES[::-1]):
        begin(step, sources)
        Follower(step, plain_step(model, sources, 3), 4, 3).go(6)


def test_more_places_than_sentences_and_ids_of_nothing_in_particular() -> None:
    """Id 0, which fills sources up, is a token like others where it stands in one."""
    model, sources = model_of(), [[0, 9, 0, 4, 0, END], [0, END], [35, 0, 0, END], [0]]
    step = step_of(model, 2, sentences=6)
    begin(step, sources)
    Follower(step, plain_step(model, sources, 2), 4, 2).go(3)


def test_the_room_is_just_large_enough() -> None:
    """By hand: 4 sentences × 2 layers × (16 positions × 3 beams + 16 source positions) × key and value of 32."""
    model, shape = model_of(), Shape(4, 16, 16, 3)
    assert numbers_for(model, shape) == 4 * 2 * (16 * 3 + 16) * 2 * 32
    step = step_of(model, 3)
    assert step.past.numel() + step.memory.numel() == numbers_for(model, shape)
    assert step.memory.data_ptr() == step.past.data_ptr() + step.past.numel() * 4


@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_a_step_reads_nothing(positions: Any, kind: torch.dtype) -> None:
    """On the meta device there is nothing to read, and tensors of the host do not mix with its own."""
    model = model_of(positions=positions).to(device="meta", dtype=kind)
    step = step_of(model, 4)
    begin(step, SOURCES[:3])
    tokens = torch.zeros(3, 4, dtype=torch.long, device="meta")
    logits = step(tokens, torch.zeros(1, dtype=torch.long, device="meta"), 16)
    step.select(tokens)
    assert logits.shape == (3, 4, VOCABULARY)

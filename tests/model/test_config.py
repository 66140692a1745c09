"""What a configuration refuses, and that it says so in one line with a remedy."""

import dataclasses

import jaxtyping
import pytest

from clearhead.errors import ConfigError
from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig, TransformerConfig
from clearhead.model.config import BlockConfig, BlockFields

GOOD = {"source_vocabulary": 100, "target_vocabulary": 100}


def test_the_defaults_are_the_paper_s_base_model() -> None:
    config = TransformerConfig(**GOOD)
    assert (config.width, config.heads, config.inner_width, config.block.head_width) == (512, 8, 2048, 64)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 100, "heads": 8}, "width=100 is not divisible by heads=8; choose a width such as 96 or 104"),
        ({"width": 5, "heads": 8}, "width=5 is not divisible by heads=8; choose a width such as 8"),
        ({"width": 0}, "width=0 is not a whole number from 1 to "),
        ({"width": True}, "width=True is not a whole number from 1 to "),
        ({"heads": 2.0}, "heads=2.0 is not a whole number from 1 to "),
        ({"encoder_layers": 10**9}, "encoder_layers=1000000000 is not a whole number from 0 to 1,024"),
        ({"width": 10**5000}, "width=a number of many digits is not a whole number"),
        ({"dropout": float("nan")}, "dropout=nan is not a rate"),
        ({"encoder_layers": -1}, "encoder_layers=-1 is not a whole number from 0 to 1,024"),
        ({"dropout": 1.0}, "dropout=1.0 is not a rate from 0 to below 1"),
        ({"dropout": float("nan")}, "dropout=nan is not a rate from 0 to below 1"),
        ({"activation": "tanh"}, "activation='tanh' is not known; choose one of relu, gelu, "),
        ({"relative_buckets": 3}, "relative_buckets=3 is not a whole number from 4 to 4,096"),
        ({"relative_buckets": 7}, "relative_buckets=7 with relative_distance=128 cannot be: .* such as 32 and 128"),
        ({"relative_distance": 16}, "relative_buckets=32 with relative_distance=16 cannot be: "),
        ({"position_shift": -1}, "position_shift=-1 is not a whole number from 0 to "),
        (
            {"position_shift": 1024},
            "position_shift=1024 is for added positions .* max_length=1024; set position_shift=0",
        ),
        ({"position_shift": 8, "positions": "relative"}, "not positions=relative with max_length=1024"),
        ({"rotary_scaling": "yarn"}, "rotary_scaling='yarn' is not known; choose one of none, linear, llama3"),
        ({"rotary_low_turns": 4.0}, "rotary_low_turns=4.0 is not below rotary_high_turns=4.0"),
        ({"rotary_base": 0}, "rotary_base=0 is not a finite number above 0"),
        ({"query_key_norm": None}, "query_key_norm=None is not known; choose one of True, False"),
        ({"embedding_norm": 1}, "embedding_norm=1 is not known; choose one of True, False"),
        ({"initialization": "zero"}, "initialization='zero' is not known; choose one of paper, gpt2, bert"),
        ({"width": 12, "heads": 4, "positions": "rotary-halves"}, "head width 3 .* is odd, but rotary positions turn"),
        ({"positions": "absolute"}, "positions='absolute' is not known; choose one of sinusoidal, "),
        ({"norm_placement": "both"}, "norm_placement='both' is not known; choose one of post, pre"),
        ({"width": 9, "heads": 3}, "width=9 is odd, but sinusoidal positions pair a sine with a cosine"),
        ({"width": 12, "heads": 4, "positions": "rotary"}, "head width 3 .* is odd, but rotary positions turn pairs"),
        ({"kv_heads": 0}, "kv_heads=0 is not a whole number from 1 to "),
        ({"kv_heads": 3}, "heads=8 is not divisible by kv_heads=3, .* choose kv_heads such as 2"),
        ({"kv_heads": 16}, "heads=8 is not divisible by kv_heads=16, .* choose kv_heads such as 8"),
        ({"head_width": 0}, "head_width=0 is not a whole number from 1 to "),
        ({"eps": 0.0}, "eps=0.0 is not a finite number above 0; set one, such as eps=1e-05"),
        ({"eps": float("inf")}, "eps=inf is not a finite number above 0"),
        ({"scale": float("nan")}, "scale=nan is not a finite number above 0"),
        ({"scale": 10**400}, "scale=a number of many digits is not a finite number above 0"),
        ({"eps": 1e39}, r"eps=1e\+39 is not a finite number above 0"),
        ({"scale_embeddings": "yes"}, "scale_embeddings='yes' is not known; choose one of True, False"),
        ({"bias": 1}, "bias=1 is not known; choose one of True, False"),
        ({"output_bias": 1}, "output_bias=1 is not known; choose one of True, False"),
        ({"target_vocabulary": 90, "share_embeddings": "inputs"}, "share_embeddings=inputs needs one vocabulary"),
        ({"target_vocabulary": 90}, "share_embeddings=all needs one vocabulary, but source_vocabulary=100"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(changes: dict[str, object], message: str) -> None:
    # Outside of tests no type is checked at the door, so this is what a user sees.
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ConfigError, match=message) as error:
            TransformerConfig(**{**GOOD, **changes})
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    assert "\n" not in str(error.value)


FAMILIES = [
    (TransformerConfig, GOOD),
    (DecoderOnlyConfig, {"vocabulary": 100}),
    (EncoderOnlyConfig, {"vocabulary": 100}),
]
every_family = pytest.mark.parametrize(("kind", "vocabularies"), FAMILIES)


@every_family
def test_blocks_have_what_the_family_has(kind: type[FamilyConfig], vocabularies: dict[str, int]) -> None:
    fields = {one.name: one.default for one in dataclasses.fields(BlockFields)}
    assert {one.name: one.default for one in dataclasses.fields(BlockConfig)} == fields
    changes = {"width": 64, "heads": 4, "norm": "rms", "eps": 1e-6, "bias": False, "scale": 1.0, "dropout": 0.2}
    config = kind(**vocabularies, **changes)
    assert {name: getattr(config.block, name) for name in changes} == changes
    assert {name: getattr(config, name) for name in fields} == fields | changes


def test_what_is_derived_follows_what_is_replaced() -> None:
    config = TransformerConfig(**GOOD)
    assert (config.block.head_width, config.block.kv_heads) == (64, 8)
    other = dataclasses.replace(config, width=1024, heads=16).block
    assert (other.head_width, other.kv_heads) == (64, 16)
    # T5's d_kv: the heads together are not as wide as the model.
    given = TransformerConfig(**GOOD, width=100, heads=8, head_width=64, kv_heads=2).block
    assert (given.head_width, given.kv_heads) == (64, 2)


def test_files_tell_what_is_new_only_where_it_is_not_as_it_was() -> None:
    """So that version 0.1 opens what it could have made."""
    config = TransformerConfig(**GOOD)
    assert list(config.as_plain()) == [
        "source_vocabulary", "target_vocabulary", "width", "heads", "inner_width", "encoder_layers", "decoder_layers",
        "dropout", "attention_dropout", "activation_dropout", "positions", "max_length", "norm_placement", "norm",
        "activation", "share_embeddings",
    ]  # fmt: skip
    changed = dataclasses.replace(config, kv_heads=2, eps=1e-6, output_bias=True)
    assert changed.as_plain() == config.as_plain() | {"kv_heads": 2, "eps": 1e-6, "output_bias": True}
    for one in (config, changed):
        assert TransformerConfig(**one.as_plain()) == one


def test_files_tell_what_a_decoder_only_is() -> None:
    config = DecoderOnlyConfig(vocabulary=100, layers=2)
    plain = config.as_plain()
    assert (plain["vocabulary"], plain["layers"], plain["share_embeddings"], plain["width"]) == (100, 2, True, 512)
    assert "eps" not in plain
    assert dataclasses.replace(config, eps=1e-6).as_plain() == plain | {"eps": 1e-6}
    assert DecoderOnlyConfig(**plain) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabulary": 0}, "vocabulary=0 is not a whole number from 1 to "),
        ({"layers": -1}, "layers=-1 is not a whole number from 0 to 1,024"),
        ({"share_embeddings": "all"}, "share_embeddings='all' is not known; choose one of True, False"),
        ({"width": 100, "heads": 8}, "width=100 is not divisible by heads=8; choose a width such as 96 or 104"),
    ],
)
def test_a_decoder_only_that_cannot_be_is_refused_in_one_line(changes: dict[str, object], message: str) -> None:
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ConfigError, match=message) as error:
            DecoderOnlyConfig(**{"vocabulary": 100, **changes})
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    assert "\n" not in str(error.value)


def test_files_tell_what_an_encoder_only_is() -> None:
    config = EncoderOnlyConfig(vocabulary=100, segments=2, pooling="mean", classes=3)
    plain = config.as_plain()
    assert (plain["segments"], plain["pooling"], plain["classes"], plain["pooler"]) == (2, "mean", 3, False)
    assert EncoderOnlyConfig(**plain) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabulary": 0}, "vocabulary=0 is not a whole number from 1 to "),
        ({"layers": 1.5}, "layers=1.5 is not a whole number from 0 to 1,024"),
        ({"segments": -1}, "segments=-1 is not a whole number from 0 to "),
        ({"pooler": 1}, "pooler=1 is not known; choose one of True, False"),
        ({"pooling": "last"}, "pooling='last' is not known; choose one of first, mean"),
        ({"masked_head": True}, "masked_head=True is not known; choose one of transform, plain, none"),
        ({"classes": 1}, "classes=1 leaves nothing to choose; set 2 or more, or 0 for no classification head"),
        ({"masked_head": "none", "share_embeddings": False}, "but masked_head=none; set share_embeddings=True or"),
        ({"embedding_norm": "layer"}, "embedding_norm='layer' is not known; choose one of True, False"),
    ],
)
def test_an_encoder_only_that_cannot_be_is_refused_in_one_line(changes: dict[str, object], message: str) -> None:
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ConfigError, match=message) as error:
            EncoderOnlyConfig(**{"vocabulary": 100, **changes})
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    assert "\n" not in str(error.value)


def test_a_configuration_cannot_be_changed_only_replaced() -> None:
    config = TransformerConfig(**GOOD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.width = 64  # type: ignore[misc]
    assert dataclasses.replace(config, width=64).width == 64

"""What a configuration refuses, and that it says so in one line with a remedy."""

import dataclasses

import jaxtyping
import pytest

from clearhead.errors import ConfigError
from clearhead.model import TransformerConfig

GOOD = {"source_vocabulary": 100, "target_vocabulary": 100}


def test_the_defaults_are_the_paper_s_base_model() -> None:
    config = TransformerConfig(**GOOD)
    assert (config.width, config.heads, config.inner_width, config.head_width) == (512, 8, 2048, 64)


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
        ({"positions": "absolute"}, "positions='absolute' is not known; choose one of sinusoidal, "),
        ({"norm_placement": "both"}, "norm_placement='both' is not known; choose one of post, pre"),
        ({"width": 9, "heads": 3}, "width=9 is odd, but sinusoidal positions pair a sine with a cosine"),
        ({"width": 12, "heads": 4, "positions": "rotary"}, "head width 3 .* is odd, but rotary positions turn pairs"),
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


def test_a_configuration_cannot_be_changed_only_replaced() -> None:
    config = TransformerConfig(**GOOD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.width = 64  # type: ignore[misc]
    assert dataclasses.replace(config, width=64).width == 64

"""Sizes that have a name. Each is a plain function of the vocabularies; `dataclasses.replace` changes what differs."""

from collections.abc import Callable

from clearhead.model.config import TransformerConfig


def paper_base(source_vocabulary: int, target_vocabulary: int) -> TransformerConfig:
    """The paper's base model: table 3, first row (65 million parameters at 37,000 shared pieces)."""
    return TransformerConfig(source_vocabulary=source_vocabulary, target_vocabulary=target_vocabulary)


def paper_big(source_vocabulary: int, target_vocabulary: int) -> TransformerConfig:
    """The paper's big model: table 3, last row (213 million parameters at 37,000 shared pieces)."""
    return TransformerConfig(
        source_vocabulary=source_vocabulary,
        target_vocabulary=target_vocabulary,
        width=1024,
        heads=16,
        inner_width=4096,
        dropout=0.3,
    )


def multi30k_tiny(source_vocabulary: int, target_vocabulary: int) -> TransformerConfig:
    """The sizes with which the best published text-only result on Multi30k was reached (Wu et al. 2021, "tiny").

    Pre-norm here, which holds at the higher learning rate of our recipe.
    """
    return TransformerConfig(
        source_vocabulary=source_vocabulary,
        target_vocabulary=target_vocabulary,
        width=128,
        heads=4,
        inner_width=256,
        encoder_layers=4,
        decoder_layers=4,
        dropout=0.3,
        norm_placement="pre",
    )


def street(source_vocabulary: int, target_vocabulary: int) -> TransformerConfig:
    """The model of the embedded corpus: small enough to train in minutes and to read number by number."""
    return TransformerConfig(
        source_vocabulary=source_vocabulary,
        target_vocabulary=target_vocabulary,
        width=128,
        heads=4,
        inner_width=256,
        encoder_layers=2,
        decoder_layers=2,
        dropout=0.0,
        norm_placement="pre",
        max_length=256,
    )


PRESETS: dict[str, Callable[[int, int], TransformerConfig]] = {
    "paper_base": paper_base,
    "paper_big": paper_big,
    "multi30k_tiny": multi30k_tiny,
    "street": street,
}

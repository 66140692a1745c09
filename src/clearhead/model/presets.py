"""Sizes that have a name. Each is a plain function of the vocabularies; `dataclasses.replace` changes what differs."""

from collections.abc import Callable
from typing import Any

from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig


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


def gpt_tiny(vocabulary: int) -> DecoderOnlyConfig:
    """nanoGPT's sizes for Shakespeare's characters on a CPU (0.80 million parameters at 65, its positions aside).

    Source: the readme of karpathy/nanoGPT, "I only have a macbook"; GPT-2's block without biases.
    """
    return DecoderOnlyConfig(
        vocabulary=vocabulary,
        layers=4,
        width=128,
        heads=4,
        inner_width=512,
        max_length=64,
        dropout=0.0,
        bias=False,
        **{**_GPT2, "activation": "gelu"},
    )


def gpt2_small(vocabulary: int) -> DecoderOnlyConfig:
    """GPT-2's smallest model: 124,439,808 parameters at 50,257 pieces (Radford et al. 2019)."""
    return DecoderOnlyConfig(
        vocabulary=vocabulary, layers=12, width=768, heads=12, inner_width=3072, max_length=1024, dropout=0.1,
        attention_dropout=0.1, **_GPT2,
    )  # fmt: skip


def llama_tiny(vocabulary: int) -> DecoderOnlyConfig:
    """Llama's block (Touvron et al. 2023) in the sizes of stories15M: 15,191,712 parameters at 32,000 pieces.

    Source: the readme of karpathy/llama2.c.
    """
    return DecoderOnlyConfig(
        vocabulary=vocabulary,
        layers=6,
        width=288,
        heads=6,
        inner_width=768,
        max_length=256,
        dropout=0.0,
        positions="rotary",
        norm="rms",
        eps=1e-5,
        norm_placement="pre",
        activation="swiglu",
        bias=False,
        scale_embeddings=False,
        initialization="gpt2",
    )


def bert_tiny(vocabulary: int) -> EncoderOnlyConfig:
    """The smallest published BERT: 4,385,920 parameters at 30,522 pieces, the masked head not counted.

    Source: Turc et al. 2019, "Well-Read Students Learn Better", table 1.
    """
    return EncoderOnlyConfig(vocabulary=vocabulary, layers=2, width=128, heads=2, inner_width=512, **_BERT)


def bert_base(vocabulary: int) -> EncoderOnlyConfig:
    """BERT's base model (Devlin et al. 2019): 109,482,240 parameters at 30,522 pieces, the masked head not counted."""
    return EncoderOnlyConfig(vocabulary=vocabulary, layers=12, width=768, heads=12, inner_width=3072, **_BERT)


# What GPT-2's block has that the paper's has not (Radford et al. 2019, section 2.3).
_GPT2: dict[str, Any] = {
    "positions": "learned", "norm_placement": "pre", "activation": "gelu-tanh", "scale_embeddings": False,
    "initialization": "gpt2",
}  # fmt: skip

# What BERT has that the paper's encoder has not.
_BERT: dict[str, Any] = {
    "positions": "learned", "max_length": 512, "segments": 2, "activation": "gelu", "eps": 1e-12, "pooler": True,
    "attention_dropout": 0.1, "scale_embeddings": False, "embedding_norm": True, "initialization": "bert",
}  # fmt: skip

PRESETS: dict[str, Callable[[int, int], TransformerConfig]] = {
    "paper_base": paper_base,
    "paper_big": paper_big,
    "multi30k_tiny": multi30k_tiny,
    "street": street,
}

CAUSAL_PRESETS: dict[str, Callable[[int], DecoderOnlyConfig]] = {
    "gpt_tiny": gpt_tiny,
    "gpt2_small": gpt2_small,
    "llama_tiny": llama_tiny,
}

MASKED_PRESETS: dict[str, Callable[[int], EncoderOnlyConfig]] = {"bert_tiny": bert_tiny, "bert_base": bert_base}

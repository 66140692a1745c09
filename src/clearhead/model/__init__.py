"""The Transformer: section 3 of "Attention Is All You Need", in PyTorch. Configs and presets need no torch."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.model.cache import DecoderCache, StackCache
    from clearhead.model.causal import DecoderOnly
    from clearhead.model.config import (
        AutoregressiveConfig,
        DecoderOnlyConfig,
        EncoderOnlyConfig,
        FamilyConfig,
        TransformerConfig,
    )
    from clearhead.model.encoder_decoder import EncoderDecoder
    from clearhead.model.kernels import explicit_attention, fused_attention
    from clearhead.model.masked import EncoderOnly
    from clearhead.model.masks import (
        Masks,
        Segments,
        causal_mask,
        masks_for,
        packed_masks,
        padding_mask,
        unpadded_masks,
    )
    from clearhead.model.observed import Observed, See, unseen
    from clearhead.model.presets import (
        CAUSAL_PRESETS,
        MASKED_PRESETS,
        PRESETS,
        bert_base,
        bert_tiny,
        gpt2_small,
        gpt_tiny,
        llama_tiny,
        multi30k_tiny,
        paper_base,
        paper_big,
        street,
    )

__all__ = [
    "CAUSAL_PRESETS",
    "MASKED_PRESETS",
    "PRESETS",
    "AutoregressiveConfig",
    "DecoderCache",
    "DecoderOnly",
    "DecoderOnlyConfig",
    "EncoderDecoder",
    "EncoderOnly",
    "EncoderOnlyConfig",
    "FamilyConfig",
    "Masks",
    "Observed",
    "See",
    "Segments",
    "StackCache",
    "TransformerConfig",
    "bert_base",
    "bert_tiny",
    "causal_mask",
    "explicit_attention",
    "fused_attention",
    "gpt2_small",
    "gpt_tiny",
    "llama_tiny",
    "masks_for",
    "multi30k_tiny",
    "packed_masks",
    "padding_mask",
    "paper_base",
    "paper_big",
    "street",
    "unpadded_masks",
    "unseen",
]

# `attention` is the name of a module here; the function is `clearhead.attention`.
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "cache": ("DecoderCache", "StackCache"),
        "causal": ("DecoderOnly",),
        "config": (
            "AutoregressiveConfig",
            "DecoderOnlyConfig",
            "EncoderOnlyConfig",
            "FamilyConfig",
            "TransformerConfig",
        ),
        "encoder_decoder": ("EncoderDecoder",),
        "kernels": ("explicit_attention", "fused_attention"),
        "masked": ("EncoderOnly",),
        "masks": ("Masks", "Segments", "causal_mask", "masks_for", "packed_masks", "padding_mask", "unpadded_masks"),
        "observed": ("Observed", "See", "unseen"),
        "presets": (
            "CAUSAL_PRESETS",
            "MASKED_PRESETS",
            "PRESETS",
            "bert_base",
            "bert_tiny",
            "gpt2_small",
            "gpt_tiny",
            "llama_tiny",
            "multi30k_tiny",
            "paper_base",
            "paper_big",
            "street",
        ),
    },
)

"""Models of ours of every kind that is exported, with random weights."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from clearhead.bundle.foreign import write_arrays
from clearhead.bundle.settings import Settings
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig, TransformerConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.text import CharacterTokenizer

LINES = ["the animal did not cross the street", "나는 길을 건너지 않았다"]
TOKENIZER = CharacterTokenizer.learn(LINES, symbols=["mask"])
BLOCK: dict[str, Any] = {"width": 16, "heads": 4, "inner_width": 24, "max_length": 40, "dropout": 0.1}
PAIR: dict[str, Any] = {
    **BLOCK, "source_vocabulary": TOKENIZER.size, "target_vocabulary": TOKENIZER.size, "encoder_layers": 2,
    "decoder_layers": 3,
}  # fmt: skip
STACK: dict[str, Any] = {**BLOCK, "vocabulary": TOKENIZER.size, "layers": 2}
T5: dict[str, Any] = {
    **PAIR,
    "decoder_layers": 2,
    "positions": "relative",
    "norm": "rms",
    "norm_placement": "pre",
    "bias": False,
}
LLAMA: dict[str, Any] = {
    **STACK, "positions": "rotary-halves", "norm": "rms", "norm_placement": "pre", "bias": False,
    "activation": "swiglu", "kv_heads": 2, "head_width": 6, "rotary_base": 500.0,
}  # fmt: skip
GPT: dict[str, Any] = {**STACK, "positions": "learned", "norm_placement": "pre", "activation": "gelu-tanh"}
BERT: dict[str, Any] = {**STACK, "positions": "learned", "embedding_norm": True, "activation": "gelu", "eps": 1e-12}
# Of each the class that it becomes.
MODELS: dict[str, tuple[str, FamilyConfig]] = {
    "paper": ("MarianMTModel", TransformerConfig(**PAIR)),
    "post-norm, no biases, shared keys": (
        "MarianMTModel", TransformerConfig(**PAIR, bias=False, kv_heads=2, positions="sinusoidal-halves", scale=0.3),
    ),
    "output of its own": ("MarianMTModel", TransformerConfig(**PAIR, share_embeddings="none", activation="silu")),
    "inputs shared": ("MarianMTModel", TransformerConfig(**PAIR, share_embeddings="inputs", output_bias=True)),
    "two vocabularies": (
        "MarianMTModel",
        TransformerConfig(**{**PAIR, "share_embeddings": "target", "source_vocabulary": TOKENIZER.size + 3}),
    ),
    "pre-norm": (
        "PegasusForConditionalGeneration", TransformerConfig(**PAIR, norm_placement="pre", scale_embeddings=False),
    ),
    "embeddings normalised": (
        "BartForConditionalGeneration",
        TransformerConfig(**PAIR, embedding_norm=True, positions="sinusoidal-concatenated", activation="gelu"),
    ),
    "embeddings normalised, pre-norm": (
        "MBartForConditionalGeneration",
        TransformerConfig(**PAIR, embedding_norm=True, positions="learned", norm_placement="pre"),
    ),
    "relative": ("T5ForConditionalGeneration", TransformerConfig(**T5)),
    "relative, gated, two outputs": (
        "T5ForConditionalGeneration",
        TransformerConfig(**T5, activation="geglu-tanh", share_embeddings="inputs", head_width=6, scale=1.0),
    ),
    "llama": ("LlamaForCausalLM", DecoderOnlyConfig(**LLAMA)),
    "llama, neighbours, unscaled": (
        "LlamaForCausalLM",
        DecoderOnlyConfig(**{**LLAMA, "positions": "rotary", "scale_embeddings": False, "share_embeddings": False}),
    ),
    "llama, scaled, all biases": (
        "LlamaForCausalLM",
        DecoderOnlyConfig(
            **{**LLAMA, "bias": True}, rotary_scaling="llama3", rotary_factor=4.0, rotary_trained_length=8,
        ),
    ),
    "llama, all angles divided, biases of outputs": (
        "LlamaForCausalLM",
        DecoderOnlyConfig(**LLAMA, attention_output_bias=True, rotary_scaling="linear", rotary_factor=4.0),
    ),
    "biases of queries": ("Qwen2ForCausalLM", DecoderOnlyConfig(**LLAMA, query_key_value_bias=True)),
    "queries normalised": (
        "Qwen3ForCausalLM", DecoderOnlyConfig(**{**LLAMA, "positions": "rotary"}, query_key_norm=True, scale=0.3),
    ),
    "gpt": ("GPT2LMHeadModel", DecoderOnlyConfig(**GPT)),
    "gpt, sinusoids, no biases": (
        "GPT2LMHeadModel",
        DecoderOnlyConfig(**{**GPT, "positions": "sinusoidal"}, bias=False, kv_heads=1, share_embeddings=False),
    ),
    "masked": ("BertForMaskedLM", EncoderOnlyConfig(**BERT)),
    "masked, segments, own matrix": (
        "BertForMaskedLM",
        EncoderOnlyConfig(**BERT, segments=2, share_embeddings=False, scale_embeddings=False, pooler=True),
    ),
    "classes": ("BertForSequenceClassification", EncoderOnlyConfig(**BERT, masked_head="none", pooler=True, classes=3)),
    "vectors": ("BertModel", EncoderOnlyConfig(**BERT, masked_head="none", scale_embeddings=False)),
}  # fmt: skip


def task_of(config: FamilyConfig) -> str:
    if isinstance(config, TransformerConfig):
        return "translation"
    if isinstance(config, DecoderOnlyConfig):
        return "language-modelling"
    return "classification" if config.classes else "masked-language-modelling"


def write_bundle(place: Path, config: FamilyConfig, **settings: Any) -> Path:
    """Writes a bundle of random weights to `place`, and returns it."""
    draw = np.random.default_rng(1)
    weights = {
        name: draw.normal(1.0 if "normalization.weight" in name else 0.0, 0.3, shape).astype(np.float32)
        for name, shape in parameter_shapes(config).items()
    }
    task = task_of(config)
    labels = ("a", "b", "c") if task == "classification" else ()
    documents = "line" if task == "language-modelling" else None
    own = Settings("random", (), 1, "mean:1.0", 1, task, documents, labels)
    tokenizers = TOKENIZER, TOKENIZER
    if getattr(config, "source_vocabulary", TOKENIZER.size) != TOKENIZER.size:
        tokenizers = CharacterTokenizer.learn([*LINES, "xyz"], symbols=["mask"]), TOKENIZER
    write_arrays(place, config, weights, tokenizers, dataclasses.replace(own, **settings), "")
    return place

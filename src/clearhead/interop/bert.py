"""BERT, RoBERTa, XLM-R, DistilBERT and ELECTRA: encoders with a head. Source: transformers, models of these names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clearhead.interop.activations import ACTIVATIONS, first_names
from clearhead.interop.foreign import Foreign, Numbers, Plan, Source, linear
from clearhead.model.config import EncoderOnlyConfig, PoolerActivation

_IGNORED: Final = {
    r"(embeddings\.)?position_ids": "numbers in a row",
    r"cls\.seq_relationship\..*": "a head that tells whether sentences follow each other, which clearhead has not",
    r"embeddings\.token_type_ids": "numbers that are all 0",
}


@dataclass(frozen=True)
class Names:
    """How one class calls the parts of an encoder with heads; each value may be missing.

    layer: what precedes a layer's number. parts: a layer's, by ours. pooler: of a classifier, with its function.
    padding: whether the table of positions begins with so many rows and one more as padding's id says.
    """

    layer: str
    parts: Mapping[str, str]
    dense: str
    norm: str
    matrix: str
    bias: str
    pooler: str
    pooled: PoolerActivation
    classifier: str
    embedding_norm: str = "embeddings.LayerNorm"
    skips: bool = False


_LAYER: Final = {
    "self_attention.query": "attention.self.query", "self_attention.key": "attention.self.key",
    "self_attention.value": "attention.self.value", "self_attention.output": "attention.output.dense",
    "self_attention_residual.normalization": "attention.output.LayerNorm", "feed_forward.inner": "intermediate.dense",
    "feed_forward.outer": "output.dense", "feed_forward_residual.normalization": "output.LayerNorm",
}  # fmt: skip
BERT: Final = Names(
    "encoder.layer", _LAYER, "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
    "cls.predictions.decoder.weight", "cls.predictions.bias", "pooler.dense", "tanh", "classifier",
)  # fmt: skip
ROBERTA: Final = Names(
    "encoder.layer", _LAYER, "lm_head.dense", "lm_head.layer_norm", "lm_head.decoder.weight", "lm_head.bias",
    "classifier.dense", "tanh", "classifier.out_proj", skips=True,
)  # fmt: skip
DISTILBERT: Final = Names(
    "transformer.layer",
    {
        "self_attention.query": "attention.q_lin", "self_attention.key": "attention.k_lin",
        "self_attention.value": "attention.v_lin", "self_attention.output": "attention.out_lin",
        "self_attention_residual.normalization": "sa_layer_norm", "feed_forward.inner": "ffn.lin1",
        "feed_forward.outer": "ffn.lin2", "feed_forward_residual.normalization": "output_layer_norm",
    },
    "vocab_transform", "vocab_layer_norm", "vocab_projector.weight", "vocab_projector.bias", "pre_classifier", "relu",
    "classifier",
)  # fmt: skip
ELECTRA: Final = Names(
    "encoder.layer", _LAYER, "generator_predictions.dense", "generator_predictions.LayerNorm",
    "generator_lm_head.weight", "generator_lm_head.bias", "classifier.dense", "gelu", "classifier.out_proj",
)  # fmt: skip
NAMES: Final = {"bert": BERT, "roberta": ROBERTA, "distilbert": DISTILBERT, "electra": ELECTRA}
# Of a discriminator, which tells whether a token was replaced.
_ELECTRA_IGNORED: Final = {r"discriminator_predictions\..*": "a head for replaced tokens, which clearhead has not"}
WORDS: Final = "embeddings.word_embeddings.weight"


def bert(foreign: Foreign) -> Plan:
    return _plan(foreign, BERT, _sizes(foreign))


def roberta(foreign: Foreign) -> Plan:
    """Its masked head computes GELU whatever the layers do."""
    if ROBERTA.bias in foreign:
        foreign.settings.require("hidden_act", "gelu", None)
    return _plan(foreign, ROBERTA, _sizes(foreign))


def electra(foreign: Foreign) -> Plan:
    if ELECTRA.bias in foreign:
        foreign.settings.require("hidden_act", "gelu", None)
    width = foreign.settings.whole("embedding_size", 128)
    own = {} if width == foreign.settings.whole("hidden_size", 256) else {"embedding_width": width}
    sizes = _sizes(foreign, width=256, heads=4, inner=1024) | own
    return _plan(foreign, ELECTRA, sizes, _ELECTRA_IGNORED)


def distilbert(foreign: Foreign) -> Plan:
    settings = foreign.settings
    sizes = {
        "vocabulary": settings.whole("vocab_size", 30522), "layers": settings.whole("n_layers", 6),
        "width": settings.whole("dim", 768), "heads": settings.whole("n_heads", 12),
        "inner_width": settings.whole("hidden_dim", 3072), "max_length": settings.whole("max_position_embeddings", 512),
        "activation": settings.choice("activation", ACTIVATIONS, "gelu"), "eps": 1e-12,
        "dropout": settings.number("dropout", 0.1), "attention_dropout": settings.number("attention_dropout", 0.1),
    }  # fmt: skip
    return _plan(foreign, DISTILBERT, sizes)


def _sizes(foreign: Foreign, width: int = 768, heads: int = 12, inner: int = 3072) -> dict[str, Any]:
    settings = foreign.settings
    settings.require("position_embedding_type", "absolute", None)
    settings.require("is_decoder", False, None)
    return {
        "vocabulary": settings.whole("vocab_size", 30522), "layers": settings.whole("num_hidden_layers", 12),
        "width": settings.whole("hidden_size", width), "heads": settings.whole("num_attention_heads", heads),
        "inner_width": settings.whole("intermediate_size", inner),
        "max_length": settings.whole("max_position_embeddings", 512), "segments": settings.whole("type_vocab_size", 2),
        "activation": settings.choice("hidden_act", ACTIVATIONS, "gelu"),
        "eps": settings.number("layer_norm_eps", 1e-12), "dropout": settings.number("hidden_dropout_prob", 0.1),
        "attention_dropout": settings.number("attention_probs_dropout_prob", 0.1),
    }  # fmt: skip


def settings_of(config: EncoderOnlyConfig) -> dict[str, Any]:
    """What BERT's config.json says of a model of ours; `_sizes` reads it again."""
    return {
        "vocab_size": config.vocabulary, "num_hidden_layers": config.layers, "hidden_size": config.width,
        "num_attention_heads": config.heads, "intermediate_size": config.inner_width,
        "max_position_embeddings": config.max_length, "type_vocab_size": config.segments,
        "hidden_act": first_names(ACTIVATIONS)[config.activation], "layer_norm_eps": config.eps,
        "hidden_dropout_prob": config.dropout, "attention_probs_dropout_prob": config.attention_dropout,
        "position_embedding_type": "absolute", "tie_word_embeddings": config.share_embeddings,
    }  # fmt: skip


def _plan(foreign: Foreign, names: Names, sizes: dict[str, Any], ignored: Mapping[str, str] | None = None) -> Plan:
    # A bias may be stored once more beside the matrix, by either name.
    bias = foreign.first_of(names.bias, names.matrix.replace(".weight", ".bias"))
    has_head, classes = bias in foreign, foreign.shapes.get(f"{names.classifier}.weight", (0,))[0]
    has_pooler = bool(classes) or (not names.skips and f"{names.pooler}.weight" in foreign)
    skipped = foreign.settings.whole("pad_token_id", 1) + 1 if names.skips else 0
    config = EncoderOnlyConfig(
        **{**sizes, "max_length": sizes["max_length"] - skipped}, positions="learned", embedding_norm=True,
        scale_embeddings=False, initialization="bert", masked_head="transform" if has_head else "none",
        share_embeddings=not has_head or foreign.are_one(WORDS, names.matrix), pooler=has_pooler,
        pooler_activation=names.pooled, classes=classes,
    )  # fmt: skip
    task = "classification" if classes else "masked-language-modelling"
    own = {re.escape(one): "stored twice" for one in (names.matrix, names.bias, f"{names.matrix[:-7]}.bias")}
    return Plan(
        config, dict(_names(config, names, bias, skipped)), task, _IGNORED | own | dict(ignored or {}),
        labels_of(foreign, classes),
    )  # fmt: skip


def labels_of(foreign: Foreign, classes: int) -> tuple[str, ...]:
    """A classifier's labels: id2label's where there are as many as the tensor has, else LABEL_0, LABEL_1, …"""
    named = foreign.settings.values.get("id2label")
    found = tuple(str(one) for one in named.values()) if isinstance(named, dict) else ()
    is_whole = len(set(found)) == classes and all(found)
    return found if is_whole else tuple(f"LABEL_{number}" for number in range(classes))


def _names(config: EncoderOnlyConfig, names: Names, bias: str, skipped: int) -> Iterator[tuple[str, Source]]:
    def unskipped(rows: Numbers) -> Numbers:
        return rows[skipped:]

    yield "embedding.matrix.weight", Source(WORDS)
    yield "embedding.segments.weight", Source("embeddings.token_type_embeddings.weight")
    yield "embedding.positions.table", Source("embeddings.position_embeddings.weight", unskipped)
    yield from linear("embedding.normalization", names.embedding_norm)
    yield from linear("embedding.projection", "embeddings_project")
    for number in range(config.layers):
        for ours, theirs in names.parts.items():
            yield from linear(f"encoder.layers.{number}.{ours}", f"{names.layer}.{number}.{theirs}")
    yield from linear("transform.dense", names.dense)
    yield from linear("transform.normalization", names.norm)
    yield "output.matrix.weight", Source(names.matrix)
    yield "output.bias", Source(bias)
    yield from linear("pooler.dense", names.pooler)
    yield from linear("classifier.output", names.classifier)

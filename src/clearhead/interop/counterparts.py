"""Which class of transformers computes what a model of ours computes, and the model as that class has it.

What a class computes one way only, a model is first written so (`interop/equivalent.py`); the rest is refused by name.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from clearhead.errors import InteropError
from clearhead.interop import bart, bert, equivalent, gpt2, llama, t5
from clearhead.interop.activations import ACTIVATIONS
from clearhead.interop.equivalent import Weighted
from clearhead.interop.nearest_class import nearest_class
from clearhead.model.config import ADDED, EPS, DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig

_PLAIN: Final = tuple(dict.fromkeys(ACTIVATIONS.values()))
_SINUSOIDS: Final = ("sinusoidal", "sinusoidal-halves")


class Counterpart(NamedTuple):
    """A model of ours as a class of transformers has it.

    kind: its model_type. values: of its config.json, but for ids of tokens. asked: tensors of its by which an import
    decides what the model is, as ours. notes: in which ways it was written otherwise, which changes no output.
    """

    kind: str
    architecture: str
    model: Weighted
    values: Mapping[str, Any]
    asked: Mapping[str, str]
    notes: tuple[str, ...]


class _Writing:
    """A model on its way to a class: what is required of it, and what is written otherwise."""

    def __init__(self, model: Weighted, architecture: str) -> None:
        self.model, self.architecture = model, architecture
        self.notes: list[str] = []

    def require(self, **wanted: Any) -> None:
        """Refuse a model whose config has another value, of which each is one or a tuple of several."""
        for name, one in wanted.items():
            allowed = one if isinstance(one, tuple) else (one,)
            block = self.model.config.block
            value = getattr(block if hasattr(block, name) else self.model.config, name)
            if value not in allowed:
                raise InteropError(
                    f"{name}={value} has no counterpart in {self.architecture}, the class of transformers that is "
                    f"nearest to this model; expected {' or '.join(map(str, allowed))}; train a model with that"
                )

    def write(self, note: str, change: Callable[..., Weighted], *given: Any, **changes: Any) -> None:
        self.model = change(self.model, *given, **changes)
        self.notes.append(note)

    def usual_attention(self, scale: float | None = None) -> None:
        """Every head with keys of its own, and scores multiplied as the class does."""
        block = self.model.config.block
        self.require(query_key_norm=False)
        if block.kv_heads != block.heads:
            self.write("shared keys and values are repeated", equivalent.with_own_keys)
        self.scaled_scores(scale)

    def scaled_scores(self, scale: float | None = None) -> None:
        if self.model.config.scale != scale:
            self.write("the factor of scores is in the queries", equivalent.with_scale, scale)

    def biases(self) -> None:
        config = self.model.config
        if not (config.bias and config.block.has_query_bias and config.block.has_output_bias):
            none = {"query_key_value_bias": None, "attention_output_bias": None}
            self.write("biases are 0", equivalent.with_zeros, bias=True, **none)

    def table(self) -> None:
        self.require(positions=ADDED)
        if self.model.config.positions != "learned":
            self.write("sinusoids are a table", equivalent.with_position_table)

    def unscaled(self) -> None:
        if self.model.config.scale_embeddings:
            self.write("the factor √width of embeddings is in the matrix", equivalent.with_scaled_tables)

    def done(self, kind: str, values: Mapping[str, Any], asked: Mapping[str, str]) -> Counterpart:
        there = {theirs: ours for theirs, ours in asked.items() if ours in self.model.weights}
        return Counterpart(kind, self.architecture, self.model, values, there, tuple(self.notes))


def counterpart(model: Weighted) -> Counterpart:
    """Raises InteropError in one line for a model that no class computes, by the value that none has."""
    return _WRITERS[nearest_class(model.config).kind](model)


# By whether embeddings are normalised, and where layers are.
_BARTS: Final = {
    (False, "post"): ("marian", "MarianMTModel"), (False, "pre"): ("pegasus", "PegasusForConditionalGeneration"),
    (True, "post"): ("bart", "BartForConditionalGeneration"), (True, "pre"): ("mbart", "MBartForConditionalGeneration"),
}  # fmt: skip


def _bart(model: Weighted) -> Counterpart:
    config = model.config
    assert isinstance(config, TransformerConfig)
    kind, architecture = _BARTS[config.embedding_norm, config.norm_placement]
    writing = _Writing(model, architecture)
    writing.require(norm="layer", eps=EPS, activation=_PLAIN, head_width=config.width // config.heads)
    if kind != "marian":
        writing.require(share_embeddings="all")
    writing.usual_attention()
    writing.biases()
    if config.embedding_norm:
        writing.table()
    else:
        writing.require(positions=_SINUSOIDS)
        if config.positions == "sinusoidal":
            writing.write("sines stand before cosines, in another order of the width", equivalent.with_sines_first)
    written = writing.model.config
    assert isinstance(written, TransformerConfig)
    values = bart.settings_of(written)
    values |= {"tie_word_embeddings": config.share_embeddings in ("all", "target")}
    if kind == "marian":
        values |= {
            "decoder_vocab_size": config.target_vocabulary,
            "share_encoder_decoder_embeddings": config.share_embeddings == "all",
        }
    return writing.done(kind, values, {**_tables(config), "final_logits_bias": "output.bias"})


def _tables(config: TransformerConfig) -> dict[str, str]:
    """The matrices of tokens by the names that they are stored under."""
    if config.share_embeddings == "all":
        return {"shared.weight": "source_embedding.matrix.weight"}
    target = "source" if config.share_embeddings == "inputs" else "target"
    found = {
        "encoder.embed_tokens.weight": "source_embedding.matrix.weight",
        "decoder.embed_tokens.weight": f"{target}_embedding.matrix.weight",
    }
    own = {} if config.share_embeddings == "target" else {"lm_head.weight": "output.matrix.weight"}
    return found | own


def _t5(model: Weighted) -> Counterpart:
    writing = _Writing(model, "T5ForConditionalGeneration")
    writing.require(
        norm="rms", positions="relative", norm_placement="pre", bias=False, query_key_value_bias=(None, False),
        attention_output_bias=(None, False), embedding_norm=False, output_bias=False,
        share_embeddings=("all", "inputs"), activation=tuple(dict.fromkeys(t5.FORWARDS.values())),
    )  # fmt: skip
    writing.usual_attention(scale=1.0)
    writing.unscaled()
    config = writing.model.config
    assert isinstance(config, TransformerConfig)
    asked = {"shared.weight": "source_embedding.matrix.weight", "lm_head.weight": "output.matrix.weight"}
    return writing.done("t5", t5.settings_of(config), asked)


def _gpt2(model: Weighted) -> Counterpart:
    writing = _Writing(model, "GPT2LMHeadModel")
    config = model.config
    writing.require(
        norm="layer", norm_placement="pre", activation=_PLAIN, embedding_norm=False,
        head_width=config.width // config.heads,
    )  # fmt: skip
    writing.table()
    writing.usual_attention()
    writing.biases()
    writing.unscaled()
    written = writing.model.config
    assert isinstance(written, DecoderOnlyConfig)
    asked = {"wte.weight": "embedding.matrix.weight", "lm_head.weight": "output.matrix.weight"}
    return writing.done("gpt2", gpt2.settings_of(written), asked)


def _llama(model: Weighted) -> Counterpart:
    config = model.config
    biases = config.block.has_query_bias, config.block.has_output_bias, config.bias
    kind = "qwen3" if config.query_key_norm else "qwen2" if biases == (True, False, False) else "llama"
    names = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}
    writing = _Writing(model, names[kind])
    writing.require(
        positions=("rotary", "rotary-halves"), norm_placement="pre", embedding_norm=False,
        activation=tuple(dict.fromkeys(llama.GATES.values())),
    )  # fmt: skip
    if kind == "qwen3":
        writing.require(bias=False)
    if kind != "qwen2" and biases[0] != biases[1]:
        both = {"query_key_value_bias": True, "attention_output_bias": True}
        writing.write("biases of attention are 0", equivalent.with_zeros, **both)
    if config.positions == "rotary":
        writing.write("what is turned together stands half a head apart", equivalent.with_halves_turned)
    writing.scaled_scores()
    writing.unscaled()
    written = writing.model.config
    assert isinstance(written, DecoderOnlyConfig)
    asked = {"embed_tokens.weight": "embedding.matrix.weight", "lm_head.weight": "output.matrix.weight"}
    asked |= {"layers.0.self_attn.q_norm.weight": "decoder.layers.0.self_attention.query_normalization.weight"}
    return writing.done(kind, llama.settings_of(written), asked)


def _bert(model: Weighted) -> Counterpart:
    config = model.config
    assert isinstance(config, EncoderOnlyConfig)
    kind = "ForSequenceClassification" if config.classes else "ForMaskedLM" if config.masked_head != "none" else "Model"
    writing = _Writing(model, f"Bert{kind}")
    writing.require(
        norm="layer", norm_placement="post", activation=_PLAIN, embedding_norm=True, embedding_width=None,
        head_width=config.width // config.heads,
    )  # fmt: skip
    if config.classes:
        writing.require(masked_head="none", pooler=True)
    if config.pooler:
        writing.require(pooling="first", pooler_activation="tanh")
    if config.masked_head != "none":
        writing.require(masked_head="transform")
    writing.table()
    writing.usual_attention()
    writing.biases()
    writing.unscaled()
    if not config.segments:
        writing.write("what tells segments apart is 0", equivalent.with_zeros, segments=1)
    written = writing.model.config
    assert isinstance(written, EncoderOnlyConfig)
    asked = {
        bert.WORDS: "embedding.matrix.weight", bert.BERT.bias: "output.bias", bert.BERT.matrix: "output.matrix.weight",
        f"{bert.BERT.classifier}.weight": "classifier.output.weight",
        f"{bert.BERT.pooler}.weight": "pooler.dense.weight",
    }  # fmt: skip
    if not config.share_embeddings:
        # With a matrix of its own the bias is not found by its other name.
        asked["cls.predictions.decoder.bias"] = "output.bias"
    return writing.done("bert", bert.settings_of(written), asked)


# Of each class that a model is written as, by `nearest_class`.
_WRITERS: Final[Mapping[str, Callable[[Weighted], Counterpart]]] = {
    "bart": _bart, "bert": _bert, "gpt2": _gpt2, "llama": _llama, "t5": _t5,
}  # fmt: skip

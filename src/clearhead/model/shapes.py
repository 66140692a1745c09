"""The names and shapes of a model's parameters and tables, from its config alone: nothing is built."""

from collections.abc import Iterator

from clearhead.model.config import (
    GATED,
    BlockConfig,
    DecoderOnlyConfig,
    EncoderOnlyConfig,
    FamilyConfig,
    TransformerConfig,
)

Shape = tuple[int, ...]
Named = Iterator[tuple[str, Shape]]


def parameter_shapes(config: FamilyConfig, shared: bool = False) -> dict[str, Shape]:
    """What the `named_parameters()` of this config's model name, with its shape; a test holds the two equal.

    shared: a matrix that stands in several places is listed under each of its names.
    """
    if isinstance(config, TransformerConfig):
        found = dict(_encoder_decoder(config))
    else:
        found = dict(_decoder_only(config) if isinstance(config, DecoderOnlyConfig) else _encoder_only(config))
    if not shared:
        for name in shared_names(config):
            del found[name]
    return found


def shared_names(config: FamilyConfig) -> dict[str, str]:
    """The names of matrices that stand in several places, and under which other name they are listed once."""
    output, target, source = (f"{part}.matrix.weight" for part in ("output", "target_embedding", "source_embedding"))
    if not isinstance(config, TransformerConfig):
        has_output = isinstance(config, DecoderOnlyConfig) or config.masked_head != "none"
        return {output: "embedding.matrix.weight"} if config.share_embeddings and has_output else {}
    inputs, outputs = {target: source}, {output: target}
    shared = {"all": {**inputs, output: source}, "target": outputs, "inputs": inputs, "none": {}}
    return shared[config.share_embeddings]


def table_numbers(config: FamilyConfig) -> int:
    """How many numbers the tables of positions hold that a formula gives, so that no file has them."""
    if isinstance(config, TransformerConfig):
        layers, tables = config.encoder_layers + config.decoder_layers, 2
    else:
        layers, tables = config.layers, 1
    if config.positions.startswith("rotary"):
        # A sine and a cosine of each pair of a head's numbers, in each self-attention.
        return layers * config.max_length * config.block.head_width
    if config.positions == "alibi":  # A slope for each head of a stack.
        return tables * config.heads
    return tables * config.max_length * config.width if config.positions.startswith("sinusoidal") else 0


def _encoder_decoder(config: TransformerConfig) -> Named:
    block = config.block
    yield from _embedding("source_embedding", block, config.source_vocabulary)
    yield from _stack("encoder", block, config.encoder_layers, ("self_attention",))
    yield from _stack("decoder", block, config.decoder_layers, ("self_attention", "cross_attention"))
    yield from _embedding("target_embedding", block, config.target_vocabulary)
    yield "output.matrix.weight", (config.target_vocabulary, config.width)
    if config.output_bias:
        yield "output.bias", (config.target_vocabulary,)


def _decoder_only(config: DecoderOnlyConfig) -> Named:
    yield from _embedding("embedding", config.block, config.vocabulary)
    yield from _stack("decoder", config.block, config.layers, ("self_attention",))
    yield "output.matrix.weight", (config.vocabulary, config.width)


def _encoder_only(config: EncoderOnlyConfig) -> Named:
    width, bias = config.width, config.bias
    narrow = config.embedding_width or width
    yield from _embedding("embedding", config.block, config.vocabulary, narrow)
    if config.segments:
        yield "embedding.segments.weight", (config.segments, narrow)
    if config.has_projection:
        yield from _linear("embedding.projection", narrow, width, bias)
    yield from _stack("encoder", config.block, config.layers, ("self_attention",))
    if config.masked_head == "transform":
        yield from _linear("transform.dense", width, narrow, bias)
        yield from _normalization("transform.normalization", config.block, narrow)
    if config.masked_head != "none":
        yield "output.matrix.weight", (config.vocabulary, narrow)
        if bias:
            yield "output.bias", (config.vocabulary,)
    if config.pooler:
        yield from _linear("pooler.dense", width, width, bias)
    if config.classes:
        yield from _linear("classifier.output", width, config.classes, bias)


def _stack(stack: str, config: BlockConfig, layers: int, attentions: tuple[str, ...]) -> Named:
    if config.positions == "relative":
        yield f"{stack}.position_bias.table", (config.relative_buckets, config.heads)
    for number in range(layers):
        yield from _layer(f"{stack}.layers.{number}", config, attentions)
    if config.norm_placement == "pre":
        yield from _normalization(f"{stack}.normalization", config)


def _embedding(part: str, config: BlockConfig, vocabulary: int, width: int | None = None) -> Named:
    width = config.width if width is None else width
    yield f"{part}.matrix.weight", (vocabulary, width)
    if config.positions == "learned":
        yield f"{part}.positions.table", (config.max_length, width)
    if config.embedding_norm:
        yield from _normalization(f"{part}.normalization", config, width)


def _layer(layer: str, config: BlockConfig, attentions: tuple[str, ...]) -> Named:
    width, inner, bias = config.width, config.inner_width, config.bias
    all_heads, kv_heads = config.heads * config.head_width, config.kv_heads * config.head_width
    for attention in attentions:
        for name, outputs in (("query", all_heads), ("key", kv_heads), ("value", kv_heads)):
            yield from _linear(f"{layer}.{attention}.{name}", width, outputs, config.has_query_bias)
        yield from _linear(f"{layer}.{attention}.output", all_heads, width, config.has_output_bias)
        for name in ("query", "key") if config.query_key_norm else ():
            yield from _normalization(f"{layer}.{attention}.{name}_normalization", config, config.head_width)
    yield from _linear(f"{layer}.feed_forward.inner", width, inner, bias)
    if config.activation in GATED:
        yield from _linear(f"{layer}.feed_forward.gate", width, inner, bias)
    yield from _linear(f"{layer}.feed_forward.outer", inner, width, bias)
    for part in (*attentions, "feed_forward"):
        yield from _normalization(f"{layer}.{part}_residual.normalization", config)


def _linear(name: str, inputs: int, outputs: int, bias: bool) -> Named:
    yield f"{name}.weight", (outputs, inputs)
    if bias:
        yield f"{name}.bias", (outputs,)


def _normalization(name: str, config: BlockConfig, width: int | None = None) -> Named:
    width = config.width if width is None else width
    yield f"{name}.weight", (width,)
    if config.norm == "layer" and config.bias:
        yield f"{name}.bias", (width,)

"""The names and shapes of a Transformer's parameters and tables, from its config alone: nothing is built."""

from collections.abc import Iterator

from clearhead.model.config import GATED, BlockConfig, TransformerConfig

Shape = tuple[int, ...]
Named = Iterator[tuple[str, Shape]]


def parameter_shapes(config: TransformerConfig, shared: bool = False) -> dict[str, Shape]:
    """What `EncoderDecoder(config).named_parameters()` names, with its shape; a test holds the two equal.

    shared: a matrix that stands in several places is listed under each of its names.
    """
    block = config.block
    found = dict(_embedding("source_embedding", block, config.source_vocabulary))
    for number in range(config.encoder_layers):
        found |= dict(_layer(f"encoder.layers.{number}", block, ("self_attention",)))
    for number in range(config.decoder_layers):
        found |= dict(_layer(f"decoder.layers.{number}", block, ("self_attention", "cross_attention")))
    if config.norm_placement == "pre":
        for stack in ("encoder", "decoder"):
            found |= dict(_normalization(f"{stack}.normalization", block))
    found |= dict(_embedding("target_embedding", block, config.target_vocabulary))
    found["output.matrix.weight"] = (config.target_vocabulary, config.width)
    if not shared:
        for name in shared_names(config):
            del found[name]
    return found


def shared_names(config: TransformerConfig) -> dict[str, str]:
    """The names of matrices that stand in several places, and under which other name they are listed once."""
    output, target, source = (f"{part}.matrix.weight" for part in ("output", "target_embedding", "source_embedding"))
    return {"all": {target: source, output: source}, "target": {output: target}, "none": {}}[config.share_embeddings]


def table_numbers(config: TransformerConfig) -> int:
    """How many numbers the tables of positions hold that a formula gives, so that no file has them."""
    if config.positions == "rotary":
        # A sine and a cosine of each pair of a head's numbers, in each self-attention.
        return (config.encoder_layers + config.decoder_layers) * config.max_length * config.block.head_width
    return 0 if config.positions == "learned" else 2 * config.max_length * config.width


def _embedding(part: str, config: BlockConfig, vocabulary: int) -> Named:
    yield f"{part}.matrix.weight", (vocabulary, config.width)
    if config.positions == "learned":
        yield f"{part}.positions.table", (config.max_length, config.width)


def _layer(layer: str, config: BlockConfig, attentions: tuple[str, ...]) -> Named:
    width, inner, bias = config.width, config.inner_width, config.bias
    all_heads, kv_heads = config.heads * config.head_width, config.kv_heads * config.head_width
    for attention in attentions:
        for name, outputs in (("query", all_heads), ("key", kv_heads), ("value", kv_heads)):
            yield from _linear(f"{layer}.{attention}.{name}", width, outputs, bias)
        yield from _linear(f"{layer}.{attention}.output", all_heads, width, bias)
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


def _normalization(name: str, config: BlockConfig) -> Named:
    yield f"{name}.weight", (config.width,)
    if config.norm == "layer" and config.bias:
        yield f"{name}.bias", (config.width,)

"""The graphs of each family, with the inputs and outputs that transformers.js and optimum know them by.

Source: @huggingface/transformers 4.3.1, src/models/modeling_utils.js and src/configs.js; optimum-onnx, exporters/onnx.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from clearhead.errors import InteropError
from clearhead.interop.equivalent import Weighted
from clearhead.interop.onnx_graph import Axes, Graph
from clearhead.interop.onnx_network import KeysValues, Network, Places
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig

_LAST: Final = np.iinfo(np.int64).max
_BATCH: Final = "batch_size"
_IDS: Final = (_BATCH, "sequence_length")
_MEMORY: Final = (_BATCH, "encoder_sequence_length")
_TARGET: Final = (_BATCH, "decoder_sequence_length")


def graphs_of(model: Weighted) -> Mapping[str, Graph]:
    """The graphs of a model that a class of transformers computes, by the names of their files."""
    if isinstance(model.config, EncoderOnlyConfig):
        return {"model": _encoder_only(model, model.config)}
    if isinstance(model.config, DecoderOnlyConfig):
        return {"model": _causal(model, model.config)}
    return {
        "encoder_model": _encoder(model, model.config),
        "decoder_model_merged": _decoder(model, model.config),
    }


def _encoder_only(model: Weighted, config: EncoderOnlyConfig) -> Graph:
    graph = Graph()
    network = Network(graph, model)
    ids, places = _read(graph)
    # What tells segments apart where there is more than one kind.
    kinds = graph.input("token_type_ids", "int64", _IDS) if config.segments > 1 else None
    vectors, _ = network.stack("encoder", config.layers, network.embed("embedding", ids, places.queries, kinds), places)
    if config.classes:
        first = graph.op("Gather", vectors, 0, axis=1)
        pooled = network.activate(network.linear(first, "pooler.dense"), config.pooler_activation)
        graph.output("logits", network.linear(pooled, "classifier.output"), (_BATCH, config.classes))
    elif config.masked_head == "none":
        graph.output("last_hidden_state", vectors, (*_IDS, config.width))
    else:
        dense = network.activate(network.linear(vectors, "transform.dense"), config.activation)
        logits = network.output(network.norm(dense, "transform.normalization"))
        graph.output("logits", logits, (*_IDS, config.vocabulary))
    return graph


def _encoder(model: Weighted, config: TransformerConfig) -> Graph:
    graph = Graph()
    network = Network(graph, model)
    ids, places = _read(graph)
    if config.positions == "relative":
        bias = network.relative("encoder", places.queries, places.queries, looks_both_ways=True)
        places = places._replace(bias=bias)
    vectors = network.embed("source_embedding", ids, places.queries)
    memory, _ = network.stack("encoder", config.encoder_layers, vectors, places)
    graph.output("last_hidden_state", memory, (*_IDS, config.width))
    return graph


def _causal(model: Weighted, config: DecoderOnlyConfig) -> Graph:
    """Positions count the tokens that the mask has, so that a text is the same after padding."""
    graph = Graph()
    network, op = Network(graph, model), graph.op
    ids = graph.input("input_ids", "int64", _IDS)
    mask = graph.input("attention_mask", "int64", (_BATCH, "total_sequence_length"))
    pasts = _pasts(network, config.layers, "", "past_sequence_length")
    before, queries, keys = _counted(graph, ids, pasts)
    counted = op("Max", op("Sub", op("CumSum", mask, 1), 1), 0)
    own = op("Slice", counted, before, [_LAST], [1])
    allowed = op("And", _earlier(graph, queries, keys), _real(graph, mask))
    turns = network.turns(own) if config.positions == "rotary-halves" else None
    places = Places(own, allowed, turns=turns)
    vectors, seen = network.stack("decoder", config.layers, network.embed("embedding", ids, own), places, pasts)
    graph.output("logits", network.output(vectors), (*_IDS, config.vocabulary))
    _presents(network, seen, "", "total_sequence_length")
    return graph


def _decoder(model: Weighted, config: TransformerConfig) -> Graph:
    """One graph for the first step and for those after it, which `use_cache_branch` tells apart.

    Only what it decides is computed on a condition: the memory's keys and values, in the first step. Later ones are
    given these again, and give back empty ones, as optimum's graphs do and their readers expect.
    """
    graph = Graph()
    network = Network(graph, model)
    ids = graph.input("input_ids", "int64", _TARGET)
    mask = graph.input("encoder_attention_mask", "int64", _MEMORY)
    memory = graph.input("encoder_hidden_states", "float32", (*_MEMORY, config.width))
    pasts = _pasts(network, config.decoder_layers, ".decoder", "past_decoder_sequence_length")
    kept = _pasts(network, config.decoder_layers, ".encoder", "past_encoder_sequence_length")
    memories, given = _memories(network, memory, kept, graph.input("use_cache_branch", "bool", (1,)))
    _, queries, keys = _counted(graph, ids, pasts)
    places = Places(queries, _earlier(graph, queries, keys))
    if config.positions == "relative":
        places = places._replace(bias=network.relative("decoder", queries, keys, looks_both_ways=False))
    vectors = network.embed("target_embedding", ids, queries)
    real = _real(graph, mask)
    vectors, seen = network.stack("decoder", config.decoder_layers, vectors, places, pasts, memories, real)
    graph.output("logits", network.output(vectors), (*_TARGET, config.target_vocabulary))
    _presents(network, seen, ".decoder", "present_decoder_sequence_length")
    _presents(network, given, ".encoder", "present_encoder_sequence_length")
    return graph


def _memories(
    network: Network, memory: str, kept: Sequence[KeysValues], is_later: str
) -> tuple[list[KeysValues], list[KeysValues]]:
    """What each layer attends to of the memory, and what is given back of it."""

    def first(graph: Graph) -> list[str]:
        part = Network(graph, network.model)
        made = [
            one
            for number in range(len(kept))
            for one in part.keys_and_values(memory, f"decoder.layers.{number}.cross_attention")
        ]
        return [*made, *(graph.op("Identity", one) for one in made)]

    def later(graph: Graph) -> list[str]:
        flat = [one for pair in kept for one in pair]
        empty = [graph.op("Slice", one, [0], [0], [2]) for one in flat]
        return [*(graph.op("Identity", one) for one in flat), *empty]

    found = network.graph.either(is_later, later, first)
    pairs = [KeysValues(*found[place : place + 2]) for place in range(0, len(found), 2)]
    return pairs[: len(kept)], pairs[len(kept) :]


def _read(graph: Graph) -> tuple[str, Places]:
    """A text that is read whole: its ids, and places of which each sees all that are no padding."""
    ids = graph.input("input_ids", "int64", _IDS)
    mask = graph.input("attention_mask", "int64", _IDS)
    length = graph.op("Squeeze", graph.op("Shape", ids, start=1, end=2))
    return ids, Places(graph.op("Range", 0, length, 1), _real(graph, mask))


def _real(graph: Graph, mask: str) -> str:
    return graph.op("Unsqueeze", graph.op("Cast", mask, to=graph.onnx.TensorProto.BOOL), [1, 2])


def _counted(graph: Graph, ids: str, pasts: Sequence[KeysValues]) -> tuple[str, str, str]:
    """How many keys there were before, and the numbers of the queries and of all keys."""
    op = graph.op
    before = op("Shape", pasts[0].key, start=2, end=3)
    start, end = op("Squeeze", before), op("Squeeze", op("Add", before, op("Shape", ids, start=1, end=2)))
    return before, op("Range", start, end, 1), op("Range", 0, end, 1)


def _earlier(graph: Graph, queries: str, keys: str) -> str:
    """Each query may attend to itself and to what is before it."""
    return graph.op("LessOrEqual", keys, graph.op("Unsqueeze", queries, [1]))


def _pasts(network: Network, layers: int, part: str, length: str) -> list[KeysValues]:
    if not layers:
        raise InteropError("layers=0 has no KV cache, which --to onnx is written with; train a model with layers")
    axes = _axes(network, length)
    return [
        KeysValues(*(
            network.graph.input(f"past_key_values.{number}{part}.{name}", "float32", axes)
            for name in KeysValues._fields
        ))
        for number in range(layers)
    ]  # fmt: skip


def _presents(network: Network, seen: Sequence[KeysValues], part: str, length: str) -> None:
    for number, pair in enumerate(seen):
        for name, one in pair._asdict().items():
            network.graph.output(f"present.{number}{part}.{name}", one, _axes(network, length))


def _axes(network: Network, length: str) -> Axes:
    return _BATCH, network.block.kv_heads, length, network.block.head_width

"""The same sheets with the numbers of a trained model, rounded so that they can be worked out."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from clearhead.byhand import searched
from clearhead.byhand.making import find_topic, finished
from clearhead.byhand.modelled import require_possible
from clearhead.byhand.numbers import rounded
from clearhead.byhand.sheet import Rows, Section, Sheet
from clearhead.byhand.texts import Texts
from clearhead.byhand.topic import Start
from clearhead.errors import UsageError
from clearhead.text import visible
from clearhead.tracing import Side, Trace

ATTENTIONS = ("self-attention", "masked", "cross-attention")
# The stacks of a family, and which sequence each reads.
STACKS = {
    "encoder-decoder": {"encoder": "source", "decoder": "target"},
    "decoder-only": {"decoder": "text"},
    "encoder-only": {"encoder": "text"},
}
# More rows, or more columns of the values, are more than fits two pages.
MOST_TOKENS = 7
VALUE_COLUMNS, FEATURES, INNER, COLUMNS, ROWS, VOCABULARY = 3, 3, 4, 4, 4, 6
# Of two heads at once there is room for fewer.
HEAD_ROWS, HEAD_COLUMNS, MIXED_COLUMNS = 3, 2, 3


@dataclasses.dataclass(frozen=True)
class Taken:
    """What a topic takes of a trace.

    part: where it comes from in the trace; None for all of a search. rows, labels, sizes, places: as in `Start`. notes:
    for each text of the catalogue that says how the numbers are rounded, what stands in its places. introduction: the
    text of the catalogue, where what the topic's own says of its numbers is not true of a model's. sections: the sheet
    itself, where the topic's own steps do not fit a model.
    """

    part: str | None
    rows: Mapping[str, Rows]
    labels: Mapping[str, tuple[str, ...]]
    notes: Mapping[str, Mapping[str, Any]]
    sizes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    head: int | None = None
    places: int | None = None
    introduction: str | None = None
    sections: Callable[[Texts], tuple[Section, ...]] | None = None


def sheet_from(
    trace: Trace, topic: str, layer: int | None = None, head: int | None = None, language: str = "en"
) -> Sheet:
    """A sheet whose numbers are a model's, rounded.

    layer, head: from 0, as in the trace's names; None for the first. What a person reads counts from 1, errors too.
    Raises UsageError for a topic that a model has no numbers for, for a layer or head that it does not have, and for a
    text too long for a sheet.
    """
    require_possible(topic, layer, head)
    kind, say = find_topic(topic), Texts(language)
    taken = TAKERS[topic](trace, topic, layer or 0, head or 0)
    start = Start(taken.rows, {**kind.usual, **taken.sizes}, say, taken.labels, taken.places)
    sections = taken.sections(say) if taken.sections else kind.build(start)
    part = _named(say, taken.part) if taken.part else say("searched.part")
    part = part if taken.head is None else say("source.head", part=part, head=taken.head + 1)
    source = say("source.model", model=trace.settings.get("model", ""), text=visible(_read(trace)), part=part)
    sheet = finished(kind, say, sections, source)
    rounding = " ".join(say(key, **values) for key, values in taken.notes.items())
    introduction = say(taken.introduction) if taken.introduction else sheet.introduction
    return dataclasses.replace(sheet, introduction=introduction, rounding=rounding)


def _attention(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    stack, part = _stack_of(trace, topic), "cross_attention" if topic == "cross-attention" else "self_attention"
    queries = STACKS[trace.family][stack]
    keys = "source" if topic == "cross-attention" else queries
    path = _path(trace, stack, part, layer, head)
    width, scaled = _head_width(trace, path), trace.operation(f"{path}.scaled")
    if (by := scaled.settings["by"]) != math.sqrt(width):
        raise UsageError(f"{topic} cannot be made from this model: it divides scores by {by:g}, not by √{width}")
    if _into_softmax(trace, path) != scaled.name:
        kind = trace.config["positions"]
        raise UsageError(f"{topic} cannot be made from this model: its positions, {kind}, are added to scores")
    scores = trace[scaled.inputs[0]][head]
    shown = slice(ROWS) if topic == "masked" else _shown(trace, ROWS)
    rows = {"S": _rounded(scores[shown], 1), "V": _rounded(_value(trace, path, head, VALUE_COLUMNS), 1)}
    labels = {"queries": _pieces(trace, queries)[shown], "keys": _pieces(trace, keys)}
    counts = {"count": len(scores), "rows": len(rows["S"]), "width": width, "kept": min(width, VALUE_COLUMNS)}
    notes = {_of_last("rounding.model", shown): counts}
    return Taken(path, rows, labels, notes, {"head_width": width}, head)


def _stack_of(trace: Trace, topic: str) -> str:
    """The stack in which a topic finds its attention: the first, but for what only a decoder has."""
    first, *others = STACKS[trace.family]
    if topic == "cross-attention" and not others:
        raise UsageError(f"{topic} cannot be made from this model: it reads one text, and looks at no other")
    if topic == "masked" and "decoder" not in STACKS[trace.family]:
        raise UsageError(f"{topic} cannot be made from this model: each of its places sees the whole text")
    return others[0] if others and topic in ("masked", "cross-attention") else first


def _shown(trace: Trace, count: int) -> slice:
    """The first positions; under a causal mask the last one, which alone may look at all others."""
    is_causal = "mask" in trace and not bool(trace["mask"][0, -1])
    return slice(-1, None) if is_causal else slice(count)


def _of_last(key: str, shown: slice) -> str:
    """The text of the catalogue that says which positions these are."""
    return f"{key}.last" if shown.start else key


def _into_softmax(trace: Trace, path: str) -> str:
    """What is masked and then put into the softmax: the scaled scores, or these and what tells positions."""
    return trace.operation(f"{path}.masked").inputs[0]


def _multi_head(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    """The first two heads, some columns of each, and the rows of W_O that these meet."""
    path, count = _path(trace, _first(trace), "self_attention", layer), int(trace.config["heads"])
    if count < 2:
        raise UsageError(f"{topic} cannot be made from this model: it has one head; make self-attention instead")
    width, pieces, shown = _head_width(trace, path), _pieces(trace), _shown(trace, HEAD_ROWS)
    kept = min(HEAD_COLUMNS, width)
    columns = [head * width + column for head in (0, 1) for column in range(kept)]
    rows = {"WO": _rounded(_parameter(trace, f"{path}.output.weight")[:MIXED_COLUMNS, columns].T, 2)}
    for number in (1, 2):
        rows[f"S{number}"] = _rounded(trace[_into_softmax(trace, path)][number - 1, shown], 1)
        rows[f"V{number}"] = _rounded(_value(trace, path, number - 1, kept), 1)
    rows["Y"] = _rounded(trace[f"{path}.output"][shown, :MIXED_COLUMNS], 2)
    counts = {"heads": count, "rows": len(rows["Y"]), "width": width, "kept": kept}
    notes = {_of_last("rounding.multi-head", shown): counts}
    labels = {"queries": pieces[shown], "keys": pieces}
    return Taken(path, rows, labels, notes, introduction="multi-head.model")


def _weighting(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    """A column for each position, so that both matrices are the trace's, turned."""
    path = _path(trace, _first(trace), "self_attention", layer, head)
    value, weights = _value(trace, path, head, FEATURES), trace[f"{path}.weights"][head]
    rows = {"X": _rounded(value.T, 1), "A": _rounded(weights.T, 2)}
    notes = {"rounding.weighting": {"width": _head_width(trace, path), "kept": value.shape[1]}}
    sizes = {"positions": len(value), "features": value.shape[1]}
    labels = {"columns": _pieces(trace)}
    return Taken(path, rows, labels, notes, sizes, head, introduction="attention-weighting.model")


def _feed_forward(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    """Three features and four inner numbers; what the others add to each sum stands there with the bias."""
    path = _path(trace, _first(trace), "feed_forward", layer)
    if trace.config["activation"] != "relu":
        raise UsageError(
            f"{topic} cannot be made from this model: it has {trace.config['activation']} in place of ReLU"
        )
    entering = trace[trace.operation(f"{path}.inner").inputs[0]].double().T
    inner, out = trace[f"{path}.inner"].double().T, trace[f"{path}.output"].double().T
    chosen = _cut_somewhere(inner)
    first = _parameter(trace, f"{path}.inner.weight")[chosen][:, :FEATURES]
    second = _parameter(trace, f"{path}.outer.weight")[:FEATURES][:, chosen]
    kept, first, second = (
        _as_written(one, places) for one, places in ((entering[:FEATURES], 1), (first, 2), (second, 2))
    )
    inner = inner[chosen]
    rest = _as_written(inner - first @ kept, 2)
    hidden = _as_written(first @ kept + rest, 2).clamp(min=0)
    matrices = {
        "Z": kept,
        "W1": first,
        "b1": rest,
        "W2": second,
        "b2": _as_written(out[:FEATURES] - second @ hidden, 2),
    }
    rows = {name: _rounded(one, 2) for name, one in matrices.items()}
    sizes = {"positions": kept.shape[1], "features": len(kept), "inner": len(chosen)}
    counts = {"width": len(entering), "kept": len(kept), "kept_inner": len(chosen)}
    notes = {"rounding.feed-forward": {**counts, "inner": trace.config["inner_width"]}}
    return Taken(path, rows, {"columns": _pieces(trace)}, notes, sizes, places=2)


def _block(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    """Attention of one head, and the feed-forward layer of the same block, whose inputs are given."""
    above, below = _weighting(trace, topic, layer, head), _feed_forward(trace, topic, layer, head)
    others = {name: rows for name, rows in below.rows.items() if name != "Z"}
    rows = {**above.rows, **others, "N": below.rows["Z"]}
    notes = {"rounding.block": {}, **below.notes}
    return dataclasses.replace(below, part=f"{_first(trace)}.layers.{layer}", rows=rows, notes=notes, head=head)


def _layer_norm(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    path = f"{_path(trace, _first(trace), 'self_attention', layer)}_residual"
    if trace.config["norm"] != "layer":
        raise UsageError(f"{topic} cannot be made from this model: its norm is {trace.config['norm']}")
    normalized = trace.operation(f"{path}.normalized")
    entering = trace[normalized.inputs[0]]
    rows = {"x": _rounded(entering[:ROWS, :COLUMNS], 2)}
    rows |= {name: _rounded(trace[f"{path}.{name}"][:ROWS], 2) for name in ("mean", "variance")}
    weight, *bias = (_parameter(trace, one) for one in normalized.parameters)
    for name, own in (("gamma", weight), ("beta", bias[0] if bias else torch.zeros_like(weight))):
        rows[name] = _rounded(own[None, :COLUMNS], 2)
    notes = {"rounding.layer-norm": {"width": entering.shape[1], "kept": len(rows["x"][0])}}
    labels = _pieces(trace)[:ROWS]
    return Taken(path, rows, {"queries": labels}, notes, {"rows": len(labels), "width": len(rows["x"][0])})


def _softmax(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    path = _path(trace, _first(trace), "self_attention", layer, head)
    scores, shown = trace[_into_softmax(trace, path)][head], _shown(trace, ROWS)
    pieces = _pieces(trace)
    labels = {"queries": pieces[shown], "keys": pieces}
    notes = {_of_last("rounding.softmax", shown): {"kept": min(ROWS, len(scores)), "count": len(scores)}}
    return Taken(path, {"x": _rounded(scores[shown], 1)}, labels, notes, {"rows": len(labels["queries"])}, head)


def _positions(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    if trace.config["positions"] != "sinusoidal":
        kind = trace.config["positions"]
        raise UsageError(f"{topic} cannot be made from this model: its positions are {kind}, not the paper's waves")
    part = "embedding" if "text" in trace.sequences else "source_embedding"
    embeddings = trace[f"{part}.tokens"]
    rows = {"E": _rounded(embeddings[:, :COLUMNS], 1)}
    sizes = {"positions": len(embeddings), "width": embeddings.shape[1]}
    notes = {"rounding.positions": {"width": embeddings.shape[1], "kept": len(rows["E"][0])}}
    return Taken(part, rows, {"queries": _pieces(trace)}, notes, sizes)


def _cross_entropy(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    """The position where the model's choice was the least probable, and the six words most probable there."""
    if "predicted" not in trace.sequences:
        raise UsageError(f"{topic} cannot be made from this model: its places predict no next token")
    probabilities = trace["output.probabilities"]
    written = torch.tensor(trace.predicted.ids)
    place = int(probabilities[torch.arange(len(written)), written].argmin())
    likeliest = probabilities[place].topk(min(VOCABULARY, probabilities.shape[1])).indices.tolist()
    right = trace.predicted.ids[place]
    ids = likeliest if right in likeliest else [*likeliest[:-1], right]
    pieces = trace.settings.get("pieces", {})
    words = tuple(trace.predicted.pieces[place] if one == right else pieces.get(str(one), f"#{one}") for one in ids)
    rows = {
        "z": _rounded(trace["output.logits"][place, ids][None], 1),
        "t": _rounded(torch.tensor([[float(one == right) for one in ids]]), 0),
    }
    told = {"vocabulary": probabilities.shape[1], "piece": _writing(trace).pieces[place]}
    return Taken("output.logits", rows, {"words": words}, {"rounding.cross-entropy": told})


def _beam_search(trace: Trace, topic: str, layer: int, head: int) -> Taken:
    if "source" not in trace.sequences:
        raise UsageError(f"{topic} cannot be made from this model: its trace holds no search; give one that translates")
    notes = {"rounding.beam-search": {"penalty": trace.settings.get("length_penalty", "")}}
    sections = functools.partial(searched.sections, trace.tree)
    return Taken(None, {}, {}, notes, introduction="beam-search.model", sections=sections)


TAKERS: Mapping[str, Callable[[Trace, str, int, int], Taken]] = {
    **dict.fromkeys(ATTENTIONS, _attention),
    "attention-weighting": _weighting, "feed-forward": _feed_forward, "block": _block, "layer-norm": _layer_norm,
    "softmax": _softmax, "positions": _positions, "cross-entropy": _cross_entropy, "multi-head": _multi_head,
    "beam-search": _beam_search,
}  # fmt: skip


def _parameter(trace: Trace, name: str) -> Tensor:
    if name not in trace.parameters:
        raise UsageError(f"the trace was read without its model's weights, such as {name}; save it with weights=True")
    return trace.parameters[name].detach().double()


def _rounded(numbers: Tensor, places: int) -> Rows:
    return [[rounded(one, places) for one in row] for row in numbers.double().tolist()]


def _as_written(numbers: Tensor, places: int) -> Tensor:
    """The numbers as the sheet will have them, to compute with."""
    rows = [[float(one) for one in row] for row in _rounded(numbers, places)]
    return torch.tensor(rows, dtype=torch.float64)


def _cut_somewhere(inner: Tensor) -> list[int]:
    """Some inner numbers that the ReLU cuts at some positions but not at all, where there are so many."""
    mixed = ((inner < 0).any(1) & (inner > 0).any(1)).int()
    return sorted(mixed.argsort(descending=True, stable=True)[:INNER].tolist())


def _head_width(trace: Trace, path: str) -> int:
    return trace[f"{path}.query"].shape[-1]


def _value(trace: Trace, path: str, head: int, columns: int) -> Tensor:
    """The first columns of a head's values, which heads next to each other may share."""
    values = trace[f"{path}.value"]
    return values[head * len(values) // int(trace.config["heads"]), :, :columns]


def _first(trace: Trace) -> str:
    """The first stack."""
    return next(iter(STACKS[trace.family]))


def _writing(trace: Trace) -> Side:
    """What stands before each predicted token."""
    return trace.sequences["target" if "target" in trace.sequences else "text"]


def _read(trace: Trace) -> str:
    """The text of the first stack."""
    return trace.sequences[STACKS[trace.family][_first(trace)]].text


def _pieces(trace: Trace, side: str | None = None) -> tuple[str, ...]:
    """Of a sequence, usually of what the first stack reads."""
    side = STACKS[trace.family][_first(trace)] if side is None else side
    pieces = trace.sequences[side].pieces
    if len(pieces) > MOST_TOKENS:
        raise UsageError(
            f"the {side} has {len(pieces)} tokens, but a sheet has room for {MOST_TOKENS}; choose a shorter text"
        )
    return pieces


def _named(say: Texts, path: str) -> str:
    """A part as a person reads it, who counts layers from 1."""
    stack, _, rest = path.partition(".layers.")
    layer, _, part = rest.partition(".")
    if not rest:
        return say(f"part.{path}")
    block = say("source.layer", stack=say(f"part.{stack}"), number=int(layer) + 1)
    return f"{block} · {say(f'part.{part}')}" if part else block


def _path(trace: Trace, side: str, part: str, layer: int, head: int = 0) -> str:
    """Where in the trace a part of a layer is. Raises UsageError where there is no such layer or head."""
    for name, number, count in (
        ("layer", layer, trace.config.get(f"{side}_layers", trace.config.get("layers", 0))),
        ("head", head, trace.config["heads"]),
    ):
        if not 0 <= number < int(count):
            have = f"the model's {side} has {count} {name}{'s' * (count != 1)}"
            raise UsageError(f"--{name} {number + 1}: {have}; choose one from 1 to {count}")
    return f"{side}.layers.{layer}.{part}"

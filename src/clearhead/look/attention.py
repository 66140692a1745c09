"""Attention weights of any model, on the page's own view."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from clearhead.errors import TraceError
from clearhead.files import publish_file
from clearhead.look.exhibit import Exhibit
from clearhead.look.export import as_html
from clearhead.look.notebook import Shown, display
from clearhead.tensor_file import os_errors
from clearhead.tracing import Operation, Side, Trace

# How tokenizers write a space before a word, and the end of one.
MARKS = {"Ġ": " ", "▁": " ", "</w>": ""}
# What weights in bfloat16 may lie beyond 1.
ROUNDING = 0.01
REMEDY = 'load the model with attn_implementation="eager" and call it with output_attentions=True'


def show_attention(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    sentence_b_start: int | None = None,
    prettify_tokens: bool = True,
    layer: int | None = None,
    heads: Sequence[int] | None = None,
    encoder_attention: Any = None,
    decoder_attention: Any = None,
    cross_attention: Any = None,
    encoder_tokens: Sequence[str] | None = None,
    decoder_tokens: Sequence[str] | None = None,
    include_layers: Sequence[int] | None = None,
    include_heads: Sequence[int] | None = None,
    html_action: str | Path = "view",
    *,
    language: str | None = None,
) -> Shown | None:
    """Show the attention weights of any model as the page does: as lines between tokens, and as matrices, offline.

    attention: a layer each, (heads, queries, keys), or with a batch of one before; tensors of PyTorch or arrays of
    NumPy, such as `model(…, output_attentions=True).attentions`.
    tokens: one str for each place.
    encoder_attention, decoder_attention, cross_attention, encoder_tokens, decoder_tokens: the same of an
    encoder-decoder; some are enough.
    sentence_b_start: where the second of two sentences begins, so that one may look at a pair of them.
    prettify_tokens: show "Ġ" and "▁" as the space that they stand for.
    layer, heads: shown first. They count from 0, as the next two; the page counts from 1.
    include_layers, include_heads: shown at all.
    html_action: "view" displays it in a notebook; "return" gives what a notebook displays, and whose `data` is the page
    as text; a path ending in .html writes it there. The names up to here are those of BertViz.
    language: "en" or "ko"; default: the browser's.
    Raises TraceError where they do not fit together.
    """
    given = {"attention": attention, "encoder_attention": encoder_attention, "decoder_attention": decoder_attention,
             "cross_attention": cross_attention}  # fmt: skip
    named = {"tokens": tokens, "encoder_tokens": encoder_tokens, "decoder_tokens": decoder_tokens}
    sides = {name: _side(name, one, prettify_tokens) for name, one in named.items() if one is not None}
    tensors = _tensors({name: one for name, one in given.items() if one is not None}, sides, include_layers)
    count = _heads_of(tensors)
    shown = _numbers("include_heads", include_heads, count)
    first = _numbers("heads", heads, count)
    settings = {"only": "attention", "heads": shown, "second": _second(sentence_b_start, sides)}
    trace = _trace(tensors, sides, {"heads": count}, settings)
    page = as_html(Exhibit(trace, opening=_opening(tensors, layer, first or shown[:1])), language)
    return _done(Shown(page), html_action)


@dataclasses.dataclass(frozen=True)
class _Kind:
    """Under which names the weights of an argument stand in a trace, and between which tokens they are."""

    prefix: str
    last: str
    queries: str
    keys: str


KINDS: Mapping[str, _Kind] = {
    "attention": _Kind("encoder", "self_attention", "tokens", "tokens"),
    "encoder_attention": _Kind("encoder", "self_attention", "encoder_tokens", "encoder_tokens"),
    "decoder_attention": _Kind("decoder", "self_attention", "decoder_tokens", "decoder_tokens"),
    "cross_attention": _Kind("decoder", "cross_attention", "decoder_tokens", "encoder_tokens"),
}


def _side(name: str, tokens: Sequence[str], prettify: bool) -> Side:
    if isinstance(tokens, str) or not all(isinstance(one, str) for one in tokens):
        raise TraceError(f"{name}={repr(tokens)[:60]} is no list of str; give tokenizer.convert_ids_to_tokens(ids)")
    pieces = [_pretty(one) if prettify else one for one in tokens]
    return Side(" ".join(one.strip() for one in pieces), tuple(range(len(pieces))), tuple(pieces))


def _pretty(token: str) -> str:
    for mark, text in MARKS.items():
        token = token.replace(mark, text)
    return token


def _tensors(
    given: Mapping[str, Any], sides: Mapping[str, Side], include_layers: Sequence[int] | None
) -> dict[str, Tensor]:
    """Each layer's weights by its name in a trace."""
    if not given or ("attention" in given and len(given) > 1):
        has = ", ".join(given) or "none"
        raise TraceError(f"given are {has}; give attention and tokens, or encoder_, decoder_ and cross_attention")
    tensors: dict[str, Tensor] = {}
    for name, layers in given.items():
        kind = KINDS[name]
        if missing := {kind.queries, kind.keys} - sides.keys():
            raise TraceError(f"{name} is given without {' and '.join(sorted(missing))}; give one str for each place")
        shape = (len(sides[kind.queries].pieces), len(sides[kind.keys].pieces))
        if not isinstance(layers, Sequence | np.ndarray | Tensor):
            raise TraceError(f"{name}={repr(layers)[:60]} is no list of layers; give a tensor or an array for each")
        if not len(layers):
            raise TraceError(f"{name} has no layer; {REMEDY}")
        numbers = _numbers("include_layers", include_layers, len(layers))
        found = {number: _weights(f"{name}[{number}]", layers[number], shape) for number in numbers}
        # A single stack in which no place looks at a later one is a language model's.
        is_causal = name == "attention" and not any(bool(one.triu(1).any()) for one in found.values())
        stack = "decoder" if is_causal else kind.prefix
        tensors |= {f"{stack}.layers.{number}.{kind.last}.weights": one for number, one in found.items()}
    return tensors


def _weights(name: str, layer: Any, shape: tuple[int, int]) -> Tensor:
    """(heads, queries, keys) in float32."""
    if layer is None:
        raise TraceError(f"{name} is None; {REMEDY}")
    if not isinstance(layer, np.ndarray | Tensor):
        raise TraceError(f"{name}={repr(layer)[:60]} is no tensor and no array; give one for each layer")
    found = torch.as_tensor(layer).detach().float().cpu()
    if found.dim() == 4 and len(found) == 1:
        found = found[0]
    if found.dim() != 3 or tuple(found.shape[1:]) != shape or not len(found):
        raise TraceError(
            f"{name} has the shape {tuple(found.shape)}, but the tokens are {shape[0]} × {shape[1]}; give weights of "
            f"one sentence, (heads, {shape[0]}, {shape[1]})"
        )
    if not bool(((found >= 0) & (found <= 1 + ROUNDING)).all()):
        raise TraceError(f"{name} holds numbers outside 0 to 1; give weights after the softmax, of model.eval()")
    return found


def _heads_of(tensors: Mapping[str, Tensor]) -> int:
    counts = {len(one) for one in tensors.values()}
    if len(counts) != 1:
        raise TraceError(f"layers have {sorted(counts)} heads; give layers of one number of heads")
    return counts.pop()


def _numbers(name: str, numbers: Sequence[int] | None, count: int) -> list[int]:
    """Those that were asked for, in order; all where none were."""
    if numbers is None:
        return list(range(count)) if name.startswith("include") else []
    if not numbers or not all(isinstance(one, int) and 0 <= one < count for one in numbers):
        raise TraceError(f"{name}={list(numbers)[:8]} must be numbers from 0 to {count - 1}")
    return sorted(set(numbers))


def _second(start: int | None, sides: Mapping[str, Side]) -> int | None:
    if start is None:
        return None
    count = len(sides["tokens"].pieces) if "tokens" in sides else 0
    if not 0 < start < count:
        raise TraceError(f"sentence_b_start={start} must be from 1 to {max(count - 1, 1)}, a place among `tokens`")
    return start


def _trace(
    tensors: Mapping[str, Tensor], sides: Mapping[str, Side], config: Mapping[str, Any], settings: Mapping[str, Any]
) -> Trace:
    """Of attention alone: what the other tensors were is not known, and nothing is predicted."""
    none = Side("", (), ())
    operations = [Operation(name, "given") for name in tensors]
    told: dict[str, Any] = {"config": config, "settings": settings}
    if "tokens" not in sides:
        source, target = (sides.get(f"{stack}_tokens", none) for stack in ("encoder", "decoder"))
        return Trace(tensors, operations, source=source, target=target, predicted=none, **told)
    if next(iter(tensors)).startswith("encoder"):
        return Trace(tensors, operations, family="encoder-only", text=sides["tokens"], **told)
    return Trace(tensors, operations, family="decoder-only", text=sides["tokens"], predicted=none, **told)


def _opening(tensors: Mapping[str, Tensor], layer: int | None, heads: Sequence[int]) -> str:
    """The address of the view that is shown first; there heads count from 1."""
    names = [one.removesuffix(".weights") for one in tensors]
    if layer is not None:
        names = [one for one in names if f".layers.{layer}." in one]
        if not names:
            raise TraceError(f"layer={layer} is none of those that are shown; they count from 0")
    return f"#lines?attention={names[0]}&heads={','.join(str(one + 1) for one in heads)}"


def _done(shown: Shown, action: str | Path) -> Shown | None:
    if action == "return":
        return shown
    if str(action).endswith(".html"):
        with publish_file(Path(action)) as draft, os_errors(draft):
            draft.write_text(shown.data, encoding="utf-8")
        return None
    if action != "view":
        raise TraceError(f'html_action={str(action)[:60]!r} is none of "view", "return" and a path ending in .html')
    if not display(shown):
        raise TraceError('html_action="view" needs a notebook; "return" gives the page, "attention.html" writes it')
    return None

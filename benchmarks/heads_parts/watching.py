"""Running a model over cases with its weights watched, and with heads silenced or looks cut off."""

import copy
import dataclasses
from collections.abc import Mapping, Sequence

import torch
from heads_parts.cases import Case
from torch import Tensor

from clearhead import EncoderDecoder
from clearhead.model import Observed, masks_for

PADDING = 0  # As the tokenizers of *street* have it.
ATTENTIONS = {"encoder": "self_attention", "decoder": "self_attention", "cross": "cross_attention"}


@dataclasses.dataclass(frozen=True, order=True)
class Head:
    """One head: kind is "encoder" or "decoder" for self-attention, "cross" for encoder-decoder attention; from 0."""

    kind: str
    layer: int
    head: int

    @property
    def path(self) -> str:
        return f"{'encoder' if self.kind == 'encoder' else 'decoder'}.layers.{self.layer}.{ATTENTIONS[self.kind]}"

    def __str__(self) -> str:
        """As the page counts: from 1."""
        return f"{self.kind}, layer {self.layer + 1}, head {self.head + 1}"


def heads_of(model: EncoderDecoder) -> list[Head]:
    layers = dict.fromkeys(ATTENTIONS, model.config.decoder_layers) | {"encoder": model.config.encoder_layers}
    return [
        Head(kind, layer, head)
        for kind in layers
        for layer in range(layers[kind])
        for head in range(model.config.heads)
    ]


@dataclasses.dataclass(frozen=True)
class Cut:
    """In every layer and head of a kind, `row` no longer looks at `columns`; its other weights grow to a sum of 1.

    row: a named word of the source, or "step" for the position that decides. columns: named words.
    """

    kind: str
    row: str
    columns: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a run showed.

    margins: for each case the log-probability of the right piece minus that of the wrong one. weights, contexts: of
    each attention, by its path.
    """

    margins: Tensor
    weights: Mapping[str, Tensor]
    contexts: Mapping[str, Tensor]

    @property
    def right(self) -> float:
        """In percent."""
        return 100 * float((self.margins > 0).double().mean())


def run(
    model: EncoderDecoder,
    cases: Sequence[Case],
    silent: Mapping[Head, Tensor] | None = None,
    cut: Cut | None = None,
) -> Seen:
    """All cases at once. silent: what these heads give in place of their context, wherever they look from."""
    watched = copy.deepcopy(model, {id(one): one for one in (*model.parameters(), *model.buffers())}).eval()
    weights: dict[str, Tensor] = {}
    contexts: dict[str, Tensor] = {}
    away = {} if cut is None else _cut_away(watched, cases, cut)
    for path, module in watched.named_modules():
        if not isinstance(module, Observed):
            continue

        def see(name: str, tensor: Tensor, path: str = path) -> Tensor:
            if name == "weights":
                if path in away:
                    tensor = tensor.masked_fill(away[path], 0.0)
                    tensor = tensor / tensor.sum(-1, keepdim=True)
                weights[path] = tensor
            if name == "context":
                for head, constant in (silent or {}).items():
                    if head.path == path:
                        tensor = tensor.clone()
                        tensor[:, head.head] = constant
                contexts[path] = tensor
            return tensor

        module.observer = see
    with torch.inference_mode():
        source, target = _padded([one.source for one in cases]), _padded([one.target for one in cases])
        logits = watched(source, target, masks_for(source, target, PADDING))
    rows = torch.stack([logits[number, len(one.target) - 1] for number, one in enumerate(cases)]).log_softmax(-1)
    margins = torch.stack([row[one.right] - row[one.wrong] for row, one in zip(rows, cases, strict=True)])
    return Seen(margins, weights, contexts)


def mean_contexts(cases: Sequence[Case], seen: Seen, heads: Sequence[Head]) -> dict[Head, Tensor]:
    """What each head gives on average over all positions of all cases."""
    lengths = {kind: [len(one.source if kind == "encoder" else one.target) for one in cases] for kind in ATTENTIONS}
    return {
        head: torch.cat(
            [seen.contexts[head.path][number, head.head, :length] for number, length in enumerate(lengths[head.kind])]
        ).mean(0)
        for head in heads
    }


def row_of(case: Case, kind: str, row: str) -> int:
    """From which position is looked: that of a word's last piece, or the newest, which decides."""
    return case.named[row].end - 1 if kind == "encoder" else len(case.target) - 1


def _cut_away(model: EncoderDecoder, cases: Sequence[Case], cut: Cut) -> dict[str, Tensor]:
    """For each attention of the kind: True where a weight is to be 0."""
    rows = max(len(one.source if cut.kind == "encoder" else one.target) for one in cases)
    columns = max(len(one.target if cut.kind == "decoder" else one.source) for one in cases)
    mask = torch.zeros(len(cases), 1, rows, columns, dtype=torch.bool)
    for number, one in enumerate(cases):
        named = one.named_written if cut.kind == "decoder" else one.named
        first = one.named[cut.row].first if cut.kind == "encoder" else len(one.target) - 1
        for name in cut.columns:
            mask[number, 0, first : row_of(one, cut.kind, cut.row) + 1, named[name].first : named[name].end] = True
    return {head.path: mask for head in heads_of(model) if head.kind == cut.kind}


def _padded(rows: Sequence[list[int]]) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [PADDING] * (longest - len(row)) for row in rows])

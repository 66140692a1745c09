"""`clearhead look --png DIR` and `--svg DIR`: pictures of a trace for papers."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearhead.errors import UsageError
from clearhead.model.config import ADDED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from clearhead.tracing import Trace

Png = Annotated[
    Path | None,
    typer.Option("--png", metavar="DIR", help="Write pictures of attention, places, beam, and a run's curves."),
]
Svg = Annotated[Path | None, typer.Option("--svg", metavar="DIR", help="The same as drawings of lines.")]
Layer = Annotated[
    int | None, typer.Option("--layer", metavar="L", help="Of pictures: which layer, from 1. Default: the last.")
]
Head = Annotated[
    int | None, typer.Option("--head", metavar="H", help="Of pictures: which head, from 1. Default: the most decided.")
]


class Pictures:
    """The pictures that the command line asks for.

    layer, head: from 1, as on the page. Raises UsageError where one is named but no folder, or is less than 1, and
    PackageError where matplotlib is missing.
    """

    def __init__(
        self, png: Path | None, svg: Path | None, layer: int | None, head: int | None, language: str, quiet: bool
    ) -> None:
        self._folders = [(kind, folder) for kind, folder in (("png", png), ("svg", svg)) if folder is not None]
        self._layer, self._head, self._language, self._quiet = layer, head, language, quiet
        for name, given in (("--layer", layer), ("--head", head)):
            if given is not None and not self.wanted:
                raise UsageError(f"{name} is for pictures; add --png DIR or --svg DIR")
            if given is not None and given < 1:
                raise UsageError(f"{name} {given} is not there: layers and heads are counted from 1")
        if self.wanted:
            import clearhead.look.figures  # noqa: F401  # Before a model is loaded for nothing.

    @property
    def wanted(self) -> bool:
        return bool(self._folders)

    def write(self, trace: "Trace", history: Sequence[Mapping[str, Any]] = ()) -> None:
        """Each picture into each folder, named after what it shows. Raises UsageError for a layer or head too many.

        history: that of the run, where there is one, whose curves are drawn too.
        """
        if not self.wanted:
            return  # Nor is matplotlib, which may be missing.
        from clearhead.look import draw_curves, save_figure

        drawn: Iterable[tuple[str, Figure]] = self._drawn(trace)
        if history:
            drawn = itertools.chain(drawn, [("curves", draw_curves(history, self._language))])
        for name, figure in drawn:
            for kind, folder in self._folders:
                path = folder / f"{name}.{kind}"
                save_figure(figure, path)
                if not self._quiet:
                    print(path)

    def _drawn(self, trace: "Trace") -> Iterator[tuple[str, "Figure"]]:
        from clearhead.look import decided_head, draw_attention, draw_beam, draw_heads, draw_positions

        heads = trace.config["heads"]
        if self._head is not None and self._head > heads:
            raise UsageError(f"--head {self._head} is not there: each attention has {heads} heads; count from 1")
        for attention in self._attentions(trace):
            head = decided_head(trace, attention) if self._head is None else self._head - 1
            yield named(attention, f"head-{head + 1}"), draw_attention(trace, attention, head, self._language)
            yield named(attention, "heads"), draw_heads(trace, attention, self._language)
        if trace.config["positions"] in ADDED:
            yield "positions", draw_positions(trace, language=self._language)
        if trace.tree:
            yield "beam", draw_beam(trace, self._language)

    def _attentions(self, trace: "Trace") -> list[str]:
        """The layer's attentions in every stack that has it."""
        every = [name.removesuffix(".weights") for name in trace if name.endswith("_attention.weights")]
        layers = {stack: 1 + max(number_of(one) for one in every if one.startswith(stack)) for stack in _stacks(every)}
        wanted = {stack: last if self._layer is None else self._layer for stack, last in layers.items()}
        found = [one for one in every if number_of(one) + 1 == wanted[one.partition(".")[0]]]
        if not found and self._layer is not None:
            most = max(layers.values(), default=0)
            raise UsageError(f"--layer {self._layer} is not there: the model has {most} layers; count from 1")
        return found


def _stacks(attentions: list[str]) -> list[str]:
    return list(dict.fromkeys(one.partition(".")[0] for one in attentions))


def number_of(attention: str) -> int:
    """Of the layer, from 0."""
    return int(attention.split(".")[2])


def named(attention: str, what: str) -> str:
    """encoder.layer-1.self_attention.head-2 for the trace's encoder.layers.0.self_attention: counted as on the page."""
    stack, _, layer, part = attention.split(".")
    return f"{stack}.layer-{int(layer) + 1}.{part}.{what}"

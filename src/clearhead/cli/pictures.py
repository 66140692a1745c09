"""`clearhead look --png DIR` and `--svg DIR`: pictures of a trace for papers."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearhead.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from clearhead.tracing import Trace

Png = Annotated[Path | None, typer.Option("--png", metavar="DIR", help="Write pictures of attention, places and beam.")]
Svg = Annotated[Path | None, typer.Option("--svg", metavar="DIR", help="The same as drawings of lines.")]
Layer = Annotated[
    int | None, typer.Option("--layer", metavar="L", help="Of pictures: which layer, from 0. Default: the last.")
]
Head = Annotated[
    int | None, typer.Option("--head", metavar="H", help="Of pictures: which head, from 0. Default: the most decided.")
]
STACKS = {"encoder": ("self_attention",), "decoder": ("self_attention", "cross_attention")}


class Pictures:
    """The pictures that the command line asks for.

    Raises UsageError where a layer or head is named but no folder, and PackageError where matplotlib is missing.
    """

    def __init__(
        self, png: Path | None, svg: Path | None, layer: int | None, head: int | None, language: str, quiet: bool
    ) -> None:
        self._folders = [(kind, folder) for kind, folder in (("png", png), ("svg", svg)) if folder is not None]
        self._layer, self._head, self._language, self._quiet = layer, head, language, quiet
        for name, given in (("--layer", layer), ("--head", head)):
            if given is not None and not self.wanted:
                raise UsageError(f"{name} is for pictures; add --png DIR or --svg DIR")
        if self.wanted:
            import clearhead.look.figures  # noqa: F401  # Before a model is loaded for nothing.

    @property
    def wanted(self) -> bool:
        return bool(self._folders)

    def write(self, trace: "Trace") -> None:
        """Each picture into each folder, named after what it shows. Raises TraceError for a layer or head too many."""
        if not self.wanted:
            return  # Nor is matplotlib, which may be missing.
        from clearhead.look import save_figure

        for name, figure in self._drawn(trace):
            for kind, folder in self._folders:
                path = folder / f"{name}.{kind}"
                save_figure(figure, path)
                if not self._quiet:
                    print(path)

    def _drawn(self, trace: "Trace") -> Iterator[tuple[str, "Figure"]]:
        from clearhead.look import decided_head, draw_attention, draw_beam, draw_heads, draw_positions

        for attention in self._attentions(trace):
            head = decided_head(trace, attention) if self._head is None else self._head
            yield f"{attention}.head-{head}", draw_attention(trace, attention, head, self._language)
            yield f"{attention}.heads", draw_heads(trace, attention, self._language)
        if trace.config["positions"] != "rotary":
            yield "positions", draw_positions(trace, language=self._language)
        if trace.tree:
            yield "beam", draw_beam(trace, self._language)

    def _attentions(self, trace: "Trace") -> list[str]:
        """The layer's attentions in every stack that has it."""
        found = []
        for stack, parts in STACKS.items():
            layers = trace.config[f"{stack}_layers"]
            layer = layers - 1 if self._layer is None else self._layer
            found += [f"{stack}.layers.{layer}.{part}" for part in parts if 0 <= layer < layers]
        if not found:
            most = max(trace.config[f"{stack}_layers"] for stack in STACKS)
            raise UsageError(f"--layer {self._layer} is not there: the model has {most} layers; count from 0")
        return found

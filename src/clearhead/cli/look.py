"""`clearhead look`: every number that a model computes for a sentence, in the browser or as one file."""

import functools
import json
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from clearhead.bundle import find_bundle, load, shipped
from clearhead.cli.options import Debug, Quiet, To
from clearhead.cli.pictures import Head, Layer, Pictures, Png, Svg
from clearhead.errors import BundleError, UsageError
from clearhead.files import publish_file

if TYPE_CHECKING:
    from clearhead.bundle import Bundle
    from clearhead.look import Exhibit, Request
    from clearhead.model import EncoderDecoder
    from clearhead.tracing import Trace

SENTENCE = "The animal didn't cross the street because it was too tired."
BEAM_SIZE = 3

Model = Annotated[
    Path | None,
    typer.Argument(
        metavar="[MODEL]",
        help="A run folder or a bundle folder. Default: street, the model that comes with clearhead.",
        show_default=False,
    ),
]
Text = Annotated[str | None, typer.Argument(metavar="[TEXT]", help="The sentence to open with.", show_default=False)]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write one file that works offline.")]
Language = Annotated[
    Literal["en", "ko"] | None,
    typer.Option("--lang", help="The page's language. Default: the browser's.", show_default=False),
]
Port = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65_535, help="Where to serve; 0: any free port.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser; print the address only.")]


def look(
    model: Model = None,
    text: Text = None,
    to: To = None,
    html: Html = None,
    png: Png = None,
    svg: Svg = None,
    layer: Layer = None,
    head: Head = None,
    lang: Language = None,
    port: Port = 0,
    no_browser: NoBrowser = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show every number that a model computes for a sentence.

    On a page, which is served to this machine only, in one file, or as pictures. Without a MODEL it is the small one
    that comes with clearhead.

    Example: clearhead look runs/street "I am a student." --to fr
    """
    from clearhead.look import as_html
    from clearhead.look.server import Request, application, serve

    if model is not None and text is None and " " in str(model) and not model.exists():
        raise UsageError(f'no model at {str(model)!r}; before a sentence name the model: clearhead look street "…"')
    pictures = Pictures(png, svg, layer, head, lang or "en", quiet)
    folder = shipped()["street"] if model is None else find_bundle(model)
    bundle = load(folder)
    to = to if to is not None or not bundle.languages else _first_language(bundle)
    tracer = functools.partial(exhibit, bundle, read_history(folder))
    first = tracer(Request(SENTENCE if text is None else text, to, BEAM_SIZE))
    if html is not None:
        with publish_file(html) as draft:
            draft.write_text(as_html(first, lang), encoding="utf-8")
    pictures.write(first.trace)
    if html is not None or pictures.wanted:
        return

    def ready(address: str) -> None:
        address += f"?lang={lang}" if lang else ""
        print(f"{address} (Ctrl-C ends it)" if not quiet else address, flush=True)
        if not no_browser:
            webbrowser.open(address)

    serve(application(tracer, first), port, ready)


def exhibit(bundle: "Bundle", history: Sequence[Mapping[str, Any]], request: "Request") -> "Exhibit":
    """The trace that a reader asked for, and the same tokens through the model as it was before training."""
    from clearhead.look import Exhibit

    trace = bundle.trace(request.text, request.to, beam_size=request.beam_size)
    return Exhibit(trace, untrained(bundle, trace), history, bundle.languages, functools.partial(forced, bundle, trace))


def forced(bundle: "Bundle", trace: "Trace", tokens: Sequence[int]) -> "Trace":
    """The trace of the same source with other tokens, such as those of a hypothesis that did not win."""
    from clearhead.bundle.traces import traced

    tokenizer = bundle.target_tokenizer
    settings = {**trace.settings, "beam_size": None, "served": None}
    return traced(bundle.model, trace.source, tokens, tokenizer.decode(tokens), tokenizer, None, settings)


def untrained(bundle: "Bundle", trace: "Trace") -> "Trace":
    """The same tokens through the model's first weights, which its recipe's seed gives again."""
    from clearhead.bundle.traces import traced

    tokenizer = bundle.target_tokenizer
    return traced(
        _before_training(bundle),
        trace.source,
        trace.predicted.ids,
        trace.predicted.text,
        tokenizer,
        None,
        trace.settings,
    )


@functools.lru_cache(maxsize=1)
def _before_training(bundle: "Bundle") -> "EncoderDecoder":
    from clearhead.model import EncoderDecoder

    return EncoderDecoder(bundle.model.config, seed=bundle.recipe.training.seed).eval()


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The lines of the run's history.jsonl; none where a bundle came alone. Raises BundleError for a damaged one."""
    path = next((one for one in (folder, folder.parent) if (one / "history.jsonl").is_file()), folder) / "history.jsonl"
    if not path.is_file():
        return []
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if not all(isinstance(line, dict) for line in lines):
            raise ValueError("a line is no object")
        return lines
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read ({error}); move it away to look without it") from None


def _first_language(bundle: "Bundle") -> str:
    """Street's sentence is English, so into the first other language that the model knows."""
    others = [language for language in bundle.languages if language != "en"]
    return (others or list(bundle.languages))[0]

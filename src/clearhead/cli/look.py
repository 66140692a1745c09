"""`clearhead look`: every number that a model computes for a sentence, in the browser or as one file."""

import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from clearhead.bundle import find_bundle, load, shipped
from clearhead.bundle.verbs import VERBS
from clearhead.cli.options import Debug, Quiet, To
from clearhead.cli.overwriting import refuse_overwriting
from clearhead.cli.pictures import Head, Layer, Pictures, Png, Svg
from clearhead.errors import UsageError
from clearhead.files import publish_file

if TYPE_CHECKING:
    from clearhead.bundle import Bundle
    from clearhead.look import Exhibit, Request

SENTENCE = "The animal didn't cross the street because it was too tired."
BEAM_SIZE = 3

Model = Annotated[
    Path | None,
    typer.Argument(
        metavar="[MODEL]",
        help="A run folder, a bundle folder or a .zip of either. Default: street, the model that comes with clearhead.",
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
MaxTokens = Annotated[
    int,
    typer.Option("--max-tokens", metavar="N", min=0, max=200, help="How many tokens a language model is to write on."),
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser; print the address only.")]


def look(
    model: Model = None,
    text: Text = None,
    to: To = None,
    max_tokens: MaxTokens = 0,
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
    if model is not None and text is None and " " in str(model) and not model.exists():
        raise UsageError(f'no model at {str(model)!r}; before a sentence name the model: clearhead look street "…"')
    folder = shipped()["street"] if model is None else find_bundle(model)
    pictures = Pictures(png, svg, layer, head, lang or "en", quiet)
    refuse_overwriting({"--html": html}, {}, folder)
    bundle = load(folder)
    # They import torch, which takes seconds.
    from clearhead.look import Request, exhibit_of

    to = to if to is not None or not bundle.languages else _first_language(bundle)
    beam_size = BEAM_SIZE if "translate" in VERBS[bundle.task].methods else 1

    def tracer(request: "Request") -> "Exhibit":
        size, tokens = request.beam_size, request.max_tokens
        return exhibit_of(bundle.trace(request.text, request.to, beam_size=size, max_tokens=tokens))

    first = tracer(Request(SENTENCE if text is None else text, to, beam_size, max_tokens))
    if html is not None:
        _write_page(html, first, lang)
        if not quiet:
            print(f"clearhead: {html} is written; it opens in any browser, without a server", file=sys.stderr)
    pictures.write(first.trace, first.run.history)
    if html is None and not pictures.wanted:
        _serve(tracer, first, bundle.folder, lang, port, no_browser, quiet)


def _write_page(path: Path, exhibit: "Exhibit", language: str | None) -> None:
    from clearhead.look import as_html

    with publish_file(path) as draft:
        draft.write_text(as_html(exhibit, language), encoding="utf-8")


def _serve(
    tracer: "Callable[[Request], Exhibit]",
    first: "Exhibit",
    folder: Path | None,
    language: str | None,
    port: int,
    no_browser: bool,
    quiet: bool,
) -> None:
    """Serve the page until Ctrl-C, and open a browser.

    folder: the bundle's, beside which a run that still trains writes its log.
    """
    from clearhead.look.run_log import read_run
    from clearhead.look.server import application, serve

    def ready(address: str) -> None:
        address += f"?lang={language}" if language else ""
        print(f"{address} (Ctrl-C ends it)" if not quiet else address, flush=True)
        if not no_browser:
            # A browser that runs in the terminal returns when it is left, and until then wants to be answered.
            threading.Thread(target=open_browser, args=(address,), daemon=True).start()

    serve(application(tracer, first, language, lambda: read_run(folder)), port, ready)


def open_browser(address: str) -> None:
    """Open the page, or say in one line that nothing here does."""
    try:
        found = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        found = False
    if not found:
        print("clearhead: no browser was found here; open the address above in one", file=sys.stderr, flush=True)


def _first_language(bundle: "Bundle") -> str:
    """Street's sentence is English, so into the first other language that the model knows."""
    others = [language for language in bundle.languages if language != "en"]
    return (others or list(bundle.languages))[0]

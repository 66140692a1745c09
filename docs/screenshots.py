"""Take the pictures of docs/seeing.md and docs/family.md, at two widths, as small WebP files in docs/images/.

    python docs/screenshots.py MODEL [FAMILY] [--chromium PROGRAM]

Each level of the street model's page and, where a folder with the models of docs/family.md is named, what is their own.
Needs playwright and a Chromium, as the browser's tests do.
"""

import argparse
import base64
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn

from clearhead.bundle import load
from clearhead.cli.look import BEAM_SIZE, SENTENCE
from clearhead.look import exhibit_of
from clearhead.look.server import HOST, application, listening
from clearhead.look.trace_store import Request

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
IMAGES = Path(__file__).with_name("images")
# Each level, and how many pixels high its picture is at each width.
HEIGHTS = {1280: 800, 380: 1000}
ATTENTION = "encoder.layers.0.self_attention"
LEVELS = {
    "model": "model",
    "stacks": "stacks",
    "block": "block/decoder.layers.0",
    "sublayer": f"sublayer/{ATTENTION}",
    "attention": "lines?attention=decoder.layers.1.cross_attention&heads=3",
    "number": f"step/{ATTENTION}.scores/9,2?head=1",
}
# Of the models of docs/family.md: what their pages open with, and what is their own.
FAMILY = {
    "gpt": (Request("The animal didn't cross the street because", max_tokens=10), {"places": "places"}),
    "both": (Request(SENTENCE.replace("cross", "[MASK]")), {"masks": "masks"}),
}
MOST_BYTES = 60_000


def take(page: Any, place: str, path: Path) -> None:
    view, _, rest = place.partition("?")[0].partition("/")
    page.evaluate("place => { location.hash = place; }", place)
    page.wait_for_selector(f'main[data-view="{view}"][data-part="{rest.partition("/")[0]}"]')
    page.wait_for_timeout(500)
    if view == "step":
        page.click(".number .check")
    session = page.context.new_cdp_session(page)
    for quality in (80, 60, 40, 20):
        shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": quality})["data"]
        if len(data := base64.b64decode(shot)) <= MOST_BYTES:
            path.write_bytes(data)
            return
    sys.exit(f"{path} would take {len(data):,} bytes; show less of it")


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="Take the pictures of docs/seeing.md and docs/family.md.")
    parser.add_argument("model", type=Path, help="a run folder or a bundle folder of the street model")
    parser.add_argument("family", type=Path, nargs="?", help="the folder in which docs/family.md's commands were run")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser's program")
    given = parser.parse_args()
    models = {given.model: (Request(SENTENCE, "fr", BEAM_SIZE), LEVELS)}
    if given.family is not None:
        models |= {given.family / name: shown for name, shown in FAMILY.items()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=FLAGS)
        for model, (request, places) in models.items():
            take_all(browser, load(model), request, places)
        browser.close()


def take_all(browser: Any, bundle: Any, first: Request, places: dict[str, str]) -> None:
    """Pictures of one model's page, opened with one sentence."""

    def tracer(asked: Request) -> Any:
        size, tokens = asked.beam_size, asked.max_tokens
        return exhibit_of(bundle.trace(asked.text, asked.to, beam_size=size, max_tokens=tokens))

    with listening(0) as own:
        app = application(tracer, tracer(first))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        for width, height in HEIGHTS.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"http://{HOST}:{own.getsockname()[1]}/?lang=en")
            page.wait_for_selector("main[data-ready]")
            for name, place in places.items():
                take(page, place, IMAGES / f"{name}-{width}.webp")
            page.close()
        server.should_exit = True
        thread.join(timeout=10)


if __name__ == "__main__":
    main()

"""Take the pictures of docs/seeing.md: each level of the page, at two widths, as small WebP files in docs/images/.

    python docs/screenshots.py MODEL [--chromium PROGRAM]

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
    "attention": "lines",
    "number": f"step/{ATTENTION}.scores/9,2?head=1",
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

    parser = argparse.ArgumentParser(description="Take the pictures of docs/seeing.md.")
    parser.add_argument("model", type=Path, help="a run folder or a bundle folder of the street model")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser's program")
    given = parser.parse_args()
    bundle = load(given.model)

    def tracer(request: Request) -> Any:
        return exhibit_of(bundle.trace(request.text, request.to, beam_size=request.beam_size))

    app = application(tracer, tracer(Request(SENTENCE, "fr", BEAM_SIZE)))
    with listening(0) as own, sync_playwright() as playwright:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=given.chromium, args=FLAGS)
        for width, height in HEIGHTS.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"http://{HOST}:{own.getsockname()[1]}/?lang=en")
            page.wait_for_selector("main[data-ready]")
            for name, place in LEVELS.items():
                take(page, place, IMAGES / f"{name}-{width}.webp")
        browser.close()
        server.should_exit = True


if __name__ == "__main__":
    main()

"""A page in a headless Chromium, where playwright and a Chromium are found; else these tests are left out."""

import contextlib
import functools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.look import Exhibit
from clearhead.look.run_log import RunLog
from clearhead.look.server import HOST, Guard, application, listening
from clearhead.look.showing import forced
from clearhead.look.trace_store import Request
from clearhead.model import EncoderDecoder

# Parts of the browser's own window that are pages themselves, which it would make anew for each window of a test; then
# what playwright switches off, as of two lists the browser reads the last.
OFF = [
    "InitialWebUI", "PreloadTopChromeWebUI", "PreloadTopChromeWebUILessNavigations", "WebUIAppMenuButton",
    "WebUIAvatarButton", "WebUIBackForwardButton", "WebUIHomeButton", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup", "WebUIPinnedToolbar", "WebUIReloadButton", "WebUISplitTabsButton", "WebUIToolbar",
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]  # fmt: skip
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", f"--disable-features={','.join(OFF)}",
]  # fmt: skip
SENTENCE = "one two three"
CLOSING = 60.0  # seconds


def driver() -> int | None:
    """The process through which this one speaks to the browser."""
    for task in Path("/proc/self/task").glob("*/children"):
        for child in task.read_text().split():
            if b"playwright/driver" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


@contextlib.contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """A browser that has not closed by then is left without its driver: playwright itself waits for ever."""
    found = driver()
    timer = threading.Timer(seconds, lambda: found and os.kill(found, signal.SIGKILL))
    timer.start()
    yield
    timer.cancel()


@pytest.fixture(scope="module")
def chromium(browser_program: tuple[str | None, list[str]]) -> Iterator[Any]:
    program, missing = browser_program
    # Not for the whole session: playwright keeps an event loop running in this thread, where others need their own.
    if missing:
        pytest.skip(f"the browser's tests need {' and '.join(missing)}")
    from playwright.sync_api import sync_playwright

    playwright = sync_playwright().start()
    try:
        yield playwright.chromium.launch(executable_path=program, args=FLAGS)
    finally:
        with in_time(CLOSING):
            playwright.stop()  # Its driver closes the browser.


@pytest.fixture(scope="session")
def shown(two_languages: Bundle) -> Exhibit:
    """What the page opens with."""
    trace = two_languages.trace(SENTENCE, "fr", beam_size=3)
    history = [{"step": step, "loss": 5 / step, "learning_rate": step / 1000} for step in (1, 2, 3, 4)]
    tokenizer = two_languages.target_tokenizer
    model = EncoderDecoder(two_languages.model.config, seed=8).eval()
    another = forced(Bundle(model, tokenizer, tokenizer, two_languages.recipe), trace, trace.predicted.ids)
    return Exhibit(
        trace, another, RunLog(history), two_languages.languages, functools.partial(forced, two_languages, trace)
    )


@contextlib.contextmanager
def being_served(page: Guard) -> Iterator[str]:
    """Its address."""
    import uvicorn

    with listening(0) as own:
        server = uvicorn.Server(uvicorn.Config(page, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        yield f"http://{HOST}:{own.getsockname()[1]}/"
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def served() -> Callable[[Guard], contextlib.AbstractContextManager[str]]:
    return being_served


@pytest.fixture
def address(two_languages: Bundle, shown: Exhibit, request: pytest.FixtureRequest) -> Iterator[str]:
    """The served page, of a server that has traced nothing else yet: it would open with that. Parameter: --lang."""
    language = getattr(request, "param", None)

    def tracer(request: Request) -> Exhibit:
        return Exhibit(
            two_languages.trace(request.text, request.to, beam_size=request.beam_size), None, RunLog(), ("en", "fr")
        )

    with being_served(application(tracer, shown, language)) as own:
        yield own


def is_trouble(message: Any) -> bool:
    """Errors in the console, but for what the server refused on purpose, which the page shows, or asks for again."""
    return message.type == "error" and not any(
        one in message.text for one in ("status of 400", "status of 404", "net::ERR_FAILED")
    )


CONTEXTS = pytest.StashKey[list[Any]]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Pages are closed before any fixture ends: what they still fetch would find no server."""
    for context in item.stash.get(CONTEXTS, []):
        context.close()


@pytest.fixture
def open_page(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """`open_page(address, width=…, offline=…)`: a new page; the test fails if it raises, or reports an error."""
    troubles: list[str] = []
    contexts = request.node.stash[CONTEXTS] = []

    def opened(where: str, width: int = 1280, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if is_trouble(message) else None)
        page.goto(where)
        page.wait_for_selector("main[data-ready]")
        return page

    yield opened
    assert troubles == []

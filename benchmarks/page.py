"""How fast the page is, and how much memory it takes, with a large trace.

    python benchmarks/page.py [--model base|deep] [--chromium PROGRAM] [--step NAME]

base: the paper's base model, 6 + 6 layers of width 512, with its vocabulary of 37,000 and 64 tokens. deep: a
decoder-only model of 30 layers of width 576 with 9 heads, a vocabulary of 49,152 and 512 tokens (SmolLM2's sizes); its
trace takes 2 GB. Both are untrained: what the numbers are changes nothing in how long they take to be drawn.

Measured in a headless Chromium: until something is painted; from asking for a step until its matrices are drawn, for
one step of each kind and each chapter, nothing of it having been fetched before; and what the page's process holds at
the end. Each figure stands beside what it must not exceed.
"""

import argparse
import dataclasses
import math
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import results_file
import uvicorn

from clearhead.look import Exhibit
from clearhead.look.server import HOST, application, listening
from clearhead.model import DecoderOnly, DecoderOnlyConfig, EncoderDecoder, paper_base
from clearhead.tracing import Side, Trace, operations_of, record

TOKENS, VOCABULARY = 64, 37_000
DEEP_TOKENS, DEEP_VOCABULARY = 512, 49_152
METHODS = {
    "base": "Headless Chromium; 6 + 6 layers, width 512, 64 tokens, a vocabulary of 37,000; nothing fetched before",
    "deep": "Headless Chromium; 30 layers, width 576, 512 tokens, a vocabulary of 49,152; nothing fetched before",
}
MOST_PAINT, MOST_MATRIX, MOST_MEMORY = {"base": 1000, "deep": 1500}, 200, 500  # Milliseconds, milliseconds, MB.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
# The chapters that draw numbers, and one step of each kind in the last layers.
ALL_CHAPTERS = [
    "words", "positions", "masks", "vectors", "six", "matrices", "heads", "lines", "layer", "memory", "decoder",
    "output", "places",
]  # fmt: skip
CHAPTERS = {
    "base": [one for one in ALL_CHAPTERS if one not in ("masks", "places")],
    "deep": [one for one in ALL_CHAPTERS if one != "memory"],
}
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]"
# From the question until two frames later: when the second begins, the first has been painted.
ASK = """place => new Promise((done) => {
  const start = performance.now();
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
  });
  seen.observe(document.querySelector("main"), { attributes: true, attributeFilter: ["data-ready"] });
  location.hash = place;
})"""


def side(ids: tuple[int, ...]) -> Side:
    return Side(" ".join(f"w{one}" for one in ids), ids, tuple(f"▁w{one}" for one in ids))


def deep_trace() -> Trace:
    config = DecoderOnlyConfig(
        vocabulary=DEEP_VOCABULARY, layers=30, width=576, heads=9, kv_heads=3, inner_width=1536, max_length=2048,
        dropout=0.0, positions="rotary-halves", norm="rms", norm_placement="pre", activation="swiglu", bias=False,
    )  # fmt: skip
    model, ids = DecoderOnly(config, seed=1).eval(), tuple(range(100, 100 + DEEP_TOKENS))
    return Trace(
        record(model, ids),
        operations_of(config),
        family="decoder-only",
        text=side(ids),
        predicted=side((*ids[1:], 7)),
        config=config.as_plain(),
        settings={"model": "30 layers"},
        parameters=dict(model.named_parameters(remove_duplicate=False)),
    )


def base_trace() -> Trace:
    config = dataclasses.replace(paper_base(VOCABULARY, VOCABULARY), dropout=0.0)
    model = EncoderDecoder(config, seed=1).eval()
    source = (*range(100, 99 + TOKENS), 2)
    target = (1, *range(200, 199 + TOKENS))
    predicted = (*target[1:], 2)
    return Trace(
        record(model, source, target),
        operations_of(config),
        source=side(source),
        target=side(target),
        predicted=side(predicted),
        config=dataclasses.asdict(config),
        settings={"model": "paper-base"},
        parameters=dict(model.named_parameters(remove_duplicate=False)),
    )


@contextmanager
def served(exhibit: Exhibit) -> Iterator[str]:
    def no_tracer(request: Any) -> Exhibit:
        return exhibit

    with listening(0) as own:
        server = uvicorn.Server(uvicorn.Config(application(no_tracer, exhibit), log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        yield f"http://{HOST}:{own.getsockname()[1]}/"
        server.should_exit = True
        thread.join(timeout=10)


def kinds(trace: Trace) -> list[str]:
    """One step of each kind: the last of its name, so that nothing of it was fetched for another."""
    return list({step.name.rpartition(".")[2] + step.operation: step.name for step in trace.operations}.values())


def page_memory(session: Any) -> float:
    """MB that the greatest of the browser's page processes holds in memory of its own (Linux)."""
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    held = [_own_memory(one["id"]) for one in processes if one["type"] == "renderer"]
    return max(held) / 1e6


def _own_memory(process: int) -> int:
    """Private bytes: the browser's program itself, which all its processes share, does not count."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Private_"))


@dataclasses.dataclass(frozen=True)
class Taken:
    """Milliseconds: on the clock, and of processors in the browser's processes and the server together."""

    clock: float
    processor: float


def processor_time(session: Any) -> float:
    """Seconds so far: an upper bound of what an idle machine would need, whatever else this one is doing."""
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(one["cpuTime"] for one in processes) + time.process_time()


def measure(address: str, places: list[str], program: str) -> tuple[Taken, dict[str, Taken], float]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        session = browser.new_browser_cdp_session()
        page = browser.new_page(viewport={"width": 1280, "height": 900})

        def timed(work: Callable[[], float]) -> Taken:
            before = processor_time(session)
            clock = work()
            return Taken(clock, 1000 * (processor_time(session) - before))

        def open_page() -> float:
            page.goto(address)
            page.wait_for_selector("main[data-ready]")
            # A page may be ready before anything of it is painted.
            page.wait_for_function(f"{FIRST_PAINT} !== undefined")
            return page.evaluate(f"{FIRST_PAINT}.startTime")

        page.on("pageerror", lambda error: sys.exit(f"the page failed: {error}"))
        paint = timed(open_page)
        times = {place: timed(lambda: page.evaluate(ASK, place)) for place in places}  # noqa: B023
        memory = page_memory(session)
        browser.close()
    return paint, times, memory


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the page with a large trace.")
    parser.add_argument("--model", choices=METHODS, default="base", help="which of the two traces")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser's program")
    parser.add_argument("--step", action="append", help="measure this step alone (may be given several times)")
    results_file.add_option(parser)
    given = parser.parse_args()
    if given.chromium is None:
        sys.exit("no chromium is found; name one: --chromium PROGRAM")
    trace = {"base": base_trace, "deep": deep_trace}[given.model]()
    places = [f"step/{name}" for name in given.step or kinds(trace)]
    places += [] if given.step else CHAPTERS[given.model]
    with served(Exhibit(trace)) as address:
        paint, times, memory = measure(address, places, given.chromium)
    middle = statistics.median(one.clock for one in times.values())
    rows = [row("first paint", paint, MOST_PAINT[given.model])]
    rows.append(row(f"an operation or a chapter, median of {len(times)}", Taken(middle, math.nan), MOST_MATRIX))
    slowest = sorted(times.items(), key=lambda one: one[1].clock, reverse=True)
    rows += [row(place, taken, MOST_MATRIX) for place, taken in slowest]
    memory_row = {"measured": round(memory), "unit": "MB", "at most": MOST_MEMORY, "of processors, ms": ""}
    rows.append({"": "memory of the page at the end", **memory_row})
    results_file.report(given.save, rows, METHODS[given.model], {"measured": ",", "at most": ","})


def row(what: str, taken: Taken, at_most: int) -> dict[str, results_file.Cell]:
    processors = "" if math.isnan(taken.processor) else round(taken.processor)
    return {"": what, "measured": round(taken.clock), "unit": "ms", "at most": at_most, "of processors, ms": processors}


if __name__ == "__main__":
    main()

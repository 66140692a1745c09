"""A process of its own for hostile inputs: `python contained.py JOBS RESULTS`, both with a JSON object a line.

A job has a name and one of these: `command`, the arguments of the command line, with `input`, a file to be standard
input (null: it is closed); `call`, the name of a function of this file, with `arguments`. What each left behind is a
result. An input that kills this process, or that takes longer than anybody would wait, has none.
"""

import faulthandler
import io
import json
import math
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import clearhead
from clearhead.bundle import Bundle, load_shortlist
from clearhead.cli.app import main as command_line
from clearhead.errors import ClearheadError
from clearhead.look import Exhibit, as_html, draw_beam, draw_heads, draw_positions
from clearhead.tracing import Trace

# Of address space: a wish for more is refused by the system, so that nothing else on the machine suffers.
MOST_MEMORY = 8 << 30
# Of the clock, on whatever machine; what an input may take of the processor is judged by whoever reads the results.
LONGEST_WAIT = 60.0


def use(bundle: Bundle) -> str:
    """Translate, score and trace with a model that was opened."""
    to = bundle.languages[0] if bundle.languages else None
    said = bundle.translate(["one two", "", "\u200b", "x" * 500], to)
    assert len(said) == 4
    assert all(isinstance(one, str) and "\ufffd" not in one for one in said)
    assert all(math.isfinite(one.score) for one in bundle.score(["one"], ["un"], to))
    bundle.trace("one", to, beam_size=2)
    return repr(said)


def load_and_use(path: str, precisions: list[str]) -> str:
    return "".join(use(clearhead.load(path, precision=one)) for one in precisions)  # type: ignore[arg-type]


def read_trace(path: str) -> str:
    trace = Trace.load(path)
    assert all(math.isfinite(one.error) or not one.agrees for one in trace.check())
    as_html(Exhibit(trace)).encode("utf-8", "surrogatepass")
    draw_positions(trace, 2)
    draw_heads(trace, next(name for name in trace if name.endswith("attention.weights")))
    draw_beam(trace)
    return trace.source.text


def read_shortlist(path: str, model: str) -> str:
    bundle = clearhead.load(model)
    load_shortlist(path, bundle.source_tokenizer, bundle.target_tokenizer)
    bundle = clearhead.load(model, shortlist=path)
    return repr(bundle.search(["one two", "x" * 500, ""], bundle.languages[0], beam_size=3))


def read_recipe(path: str, changes: list[str]) -> str:
    recipe = clearhead.load_recipe(path, changes)
    again = clearhead.recipe.build_recipe(clearhead.recipe.parse_recipe(recipe.to_yaml(), "again"), "again")
    assert again == recipe
    return recipe.name


def ask(model: str, method: str, given: list[Any], settings: dict[str, Any]) -> str:
    """A method of a bundle, with whatever somebody may give it."""
    found = getattr(clearhead.load(model), method)(*given, **settings)
    assert not isinstance(found, list) or len(found) == len(given[0])
    return str(type(found))


CALLS = {one.__name__: one for one in (load_and_use, read_trace, read_shortlist, read_recipe, ask)}


def run(job: dict[str, Any]) -> dict[str, Any]:
    """What a job left behind: its exit code, what it wrote, and a traceback that nobody should see."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    result: dict[str, Any] = {"code": 0, "refusal": "", "broken": ""}
    before = sys.stdin, sys.stdout, sys.stderr
    try:
        sys.stdout, sys.stderr = out, err
        if "command" in job:
            path = job["input"]
            sys.stdin = None if path is None else Path(path).open(encoding="utf-8")  # type: ignore[assignment]  # noqa: SIM115
            result["code"] = command_line(job["command"])
        else:
            CALLS[job["call"]](*job["arguments"])
    except ClearheadError as error:
        result |= {"code": 2, "refusal": str(error)}
    except BaseException:
        result |= {"code": 1, "broken": traceback.format_exc()}
    finally:
        if sys.stdin is not None and sys.stdin is not before[0]:
            sys.stdin.close()
        sys.stdin, sys.stdout, sys.stderr = before
    for stream in (out, err):
        stream.flush()
    written, said = (one.buffer.getvalue() for one in (out, err))  # type: ignore[attr-defined]
    lines = written.count(b"\n") if written.endswith(b"\n") or not written else -1
    return result | {"lines": lines, "said": said.decode("utf-8", "backslashreplace")[:20_000]}


def peak() -> int:
    """The most memory in bytes that this process has held since the last call."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def main(jobs: Path, results: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    with jobs.open(encoding="utf-8") as lines, results.open("a", encoding="utf-8") as file:
        for line in lines:
            job = json.loads(line)
            faulthandler.dump_traceback_later(LONGEST_WAIT, exit=True)
            before, begun = peak(), time.process_time()
            result = run(job)
            spent, memory = time.process_time() - begun, peak() - before
            faulthandler.cancel_dump_traceback_later()
            print(
                json.dumps({"name": job["name"], **result, "seconds": spent, "memory": memory}), file=file, flush=True
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

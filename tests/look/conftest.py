"""A trace to show, and a caller of ASGI applications that needs no other package."""

import asyncio
import dataclasses
import functools
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.evaluation import Quality
from clearhead.look import Exhibit
from clearhead.look.run_log import RunLog
from clearhead.look.server import Guard, application
from clearhead.look.showing import forced
from clearhead.look.trace_store import Request
from clearhead.training import Validation


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Answer]


def logged(step: int, loss: float | None) -> dict[str, Any]:
    return {"step": step, "loss": loss, "learning_rate": 0.001 * step, "tokens": step, "skipped": 0}


def judged(step: int, loss: float, bleu: float, best: bool) -> dict[str, Any]:
    quality = Quality(bleu, 2 * bleu, 0.0, "b", "c")
    found = Validation(loss, math.exp(loss), quality, others={"old": Validation(loss + 1, math.exp(loss + 1))})
    return {"step": step, "validation": found.as_plain(), "best": best}


@pytest.fixture
def judged_history() -> list[dict[str, Any]]:
    """Of a run whose first validation was the best, and one of whose losses was no number."""
    return [
        logged(5, 4.0),
        logged(10, None),
        judged(10, 3.0, 20.0, True),
        logged(15, 2.0),
        judged(15, 3.5, 10.0, False),
    ]


@pytest.fixture(scope="session")
def exhibit(two_languages: Bundle) -> Exhibit:
    trace = two_languages.trace("one two", "fr", beam_size=3)
    history = [{"step": 2, "loss": 3.5, "learning_rate": 0.1}, {"step": 4, "loss": None, "learning_rate": 0.2}]
    return Exhibit(
        trace, trace, RunLog(history), two_languages.languages, functools.partial(forced, two_languages, trace)
    )


@pytest.fixture
def served(two_languages: Bundle, exhibit: Exhibit) -> Callable[..., Guard]:
    """`served(language=…)`: the page."""

    def tracer(request: Request) -> Exhibit:
        return Exhibit(two_languages.trace(request.text, request.to, beam_size=request.beam_size))

    return functools.partial(application, tracer, exhibit)


@pytest.fixture
def page(served: Callable[..., Guard]) -> Guard:
    return served()


@pytest.fixture
def ask(page: Guard) -> Ask:
    return caller(page)


@pytest.fixture
def ask_korean(served: Callable[..., Guard]) -> Ask:
    return caller(served(language="ko"))


def caller(page: Guard) -> Ask:
    """`ask("GET", "/path?query", headers={…}, body=b"…")` as a browser on this machine would."""

    def ask(method: str, address: str, body: bytes = b"", **headers: str) -> Answer:
        path, _, query = address.partition("?")
        given = {"host": "127.0.0.1:8000", "content_type": "application/json", **headers}
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
            "server": ("127.0.0.1", 8000), "scheme": "http", "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(page(scope, receive, send))
        head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], head, b"".join(one.get("body", b"") for one in sent[1:]))

    return ask

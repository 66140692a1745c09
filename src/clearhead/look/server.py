"""The page's server: on this machine only, for this machine's browser only."""

import contextlib
import json
import logging
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from torch import Tensor

from clearhead.byhand import read_sizes
from clearhead.errors import ClearheadError, UsageError
from clearhead.look.assets import ENTRY, STYLES, TYPES, asset, frame, names
from clearhead.look.exhibit import Exhibit
from clearhead.look.export import raw
from clearhead.look.pencil import lesson
from clearhead.look.run_log import RunLog
from clearhead.look.trace_store import Request, TraceStore, in_thread

HOST = "127.0.0.1"
_HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")
MOST_BYTES = 65_536
# An error repeats what was sent, which may be long.
_LONGEST = 400
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


Tracer = Callable[[Request], Exhibit]


def application(
    tracer: Tracer, first: Exhibit, language: str | None = None, run_log: Callable[[], RunLog] | None = None
) -> "Guard":
    """The page, as an ASGI application.

    tracer: makes an exhibit of what a reader asks for. first: what the page opens with. language: "en" or "ko" where
    the address names none; else the browser's. run_log: what the run has written of itself by now, where it may still
    train.
    """
    answers = _Answers(TraceStore(first), tracer, language, run_log or (lambda: first.run))
    routes = [
        Route("/", answers.page),
        Route("/page/{name}", answers.file),
        Route("/run", answers.run),
        Route("/sheet", answers.sheet),
        Route("/trace", answers.document, methods=["GET"]),
        Route("/trace", answers.trace, methods=["POST"]),
        Route("/trace/{number}/tensor", answers.tensor),
        Route("/trace/{number}/parameter", answers.parameter),
        Route("/trace/{number}/moment", answers.moment),
        Route("/trace/{number}/follow", answers.follow, methods=["POST"]),
    ]
    handlers: Any = {ClearheadError: _refused, HTTPException: _refused, ClientDisconnect: _left, Exception: _broken}
    return Guard(Starlette(routes=routes, exception_handlers=handlers))


class _Answers:
    """What an address answers, a method for each."""

    def __init__(self, store: TraceStore, tracer: Tracer, language: str | None, run_log: Callable[[], RunLog]) -> None:
        self._store, self._tracer, self._language, self._run_log = store, tracer, language, run_log

    async def page(self, asked: Asked) -> Response:
        # All modules at once, rather than each when the one that imports it has come.
        links = [f'<link rel="modulepreload" href="/page/{name}">' for name in names() if name.endswith(".js")]
        links += [f'<link rel="stylesheet" href="/page/{name}">' for name in STYLES]
        links.append(f'<script type="module" src="/page/{ENTRY}"></script>')
        if self._language:
            links.append(f'<meta name="language" content="{self._language}">')
        return Response(frame("\n".join(links), ""), media_type="text/html; charset=utf-8")

    async def file(self, asked: Asked) -> Response:
        name = asked.path_params["name"]
        try:
            return Response(asset(name), media_type=TYPES["." + name.rpartition(".")[2]])
        except KeyError:
            raise HTTPException(404, "the page has no such file") from None

    async def document(self, asked: Asked) -> Response:
        return _told(self._store, self._store.first)

    async def trace(self, asked: Asked) -> Response:
        match await _read(asked):
            case {"text": str(text), "to": None | str() as to, "beam_size": int(size), **more}:
                match {"max_tokens": 0, **more}:
                    case {"max_tokens": int(tokens), **unknown} if not unknown:
                        request = Request(text, to, int(size), int(tokens))
                        return _told(self._store, await self._store.made(request, lambda: self._tracer(request)))
        raise UsageError("the request is not understood; send {text, to, beam_size, max_tokens}")

    async def tensor(self, asked: Asked) -> Response:
        exhibit, name = self._store[asked.path_params["number"]], asked.query_params.get("name", "")
        if "start" in asked.query_params:
            return _numbers(*exhibit.part(name, _whole(asked, "start"), _whole(asked, "count")))
        return _numbers(exhibit.tensor(name))

    async def parameter(self, asked: Asked) -> Response:
        name, whole = asked.query_params.get("name", ""), "row" not in asked.query_params
        exhibit = self._store[asked.path_params["number"]]
        return _numbers(exhibit.parameter(name, None if whole else _whole(asked, "row"), _whole(asked, "count", 1)))

    async def moment(self, asked: Asked) -> Response:
        exhibit, parent = self._store[asked.path_params["number"]], _whole(asked, "parent")
        return _numbers(await self._store.work(lambda: exhibit.moment(parent)))

    async def follow(self, asked: Asked) -> Response:
        name = asked.path_params["number"]
        exhibit = self._store[name]
        match await _read(asked):
            case {"node": int(node), **more} if not more:
                return _told(self._store, await self._store.made((name, int(node)), lambda: exhibit.follow(node)))
        raise UsageError("the request is not understood; send {node}")

    async def run(self, asked: Asked) -> Response:
        return JSONResponse(await in_thread(lambda: self._run_log().document()))

    async def sheet(self, asked: Asked) -> Response:
        return JSONResponse(await in_thread(lambda: _sheet(asked.query_params)))


class Guard:
    """Lets in what this machine's own page asks, and puts the headers on every answer.

    A page from elsewhere may reach 127.0.0.1 through a name of its own (DNS rebinding), which the Host header shows, or
    post to it from a form, which the Origin header shows.
    """

    def __init__(self, inner: Starlette) -> None:
        self.inner = inner

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        given = dict(scope["headers"])
        host, origin = given.get(b"host", b"").decode("latin-1"), given.get(b"origin", b"").decode("latin-1")
        if not _HOSTS.fullmatch(host):
            answer = _error(f"this page is served on {HOST} only; open it by that address", 421)
            await answer(scope, receive, send_with_headers)
        elif origin and origin != f"http://{host}":
            await _error("another page may not ask this one", 403)(scope, receive, send_with_headers)
        else:
            await self.inner(scope, receive, send_with_headers)


def _whole(asked: Asked, name: str, default: int | None = None) -> int:
    """A whole number of the address's query. Raises UsageError for any other text."""
    text = asked.query_params.get(name, "" if default is None else str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"{name} is no whole number; count from 0")
    return int(text)


async def _read(asked: Asked) -> Any:
    """The JSON that was sent; None where it is none."""
    if asked.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "the request is not JSON; send application/json")
    body = b""
    async for piece in asked.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"the request has more than {MOST_BYTES:,} bytes; shorten the text")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _sheet(asked: Mapping[str, str]) -> dict[str, Any]:
    """A worksheet: its topic, seed, sizes ("positions=4,features=2") and language."""
    seed = asked.get("seed", "0")
    if not (seed.isascii() and seed.isdecimal() and len(seed) < 10):
        raise UsageError(f"seed {seed[:20]!r} is no whole number; choose one from 0 up")
    return lesson(
        asked.get("topic", "")[:40], int(seed), read_sizes(asked.get("size", "")[:200]), asked.get("language", "en")
    )


def _told(store: TraceStore, number: str) -> Response:
    return JSONResponse({"id": number, **store[number].document()})


def _numbers(tensor: Tensor, whole: Sequence[int] | None = None) -> Response:
    """whole: the shape of what these are a part of, one after another."""
    shape = ",".join(str(size) for size in (tensor.shape if whole is None else whole))
    return Response(raw(tensor), media_type="application/octet-stream", headers={"X-Shape": shape})


def _error(message: str, status: int, key: str | None = None) -> Response:
    return JSONResponse({"error": " ".join(message.split())[:_LONGEST], **({"key": key} if key else {})}, status)


async def _refused(asked: Asked, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _error(error.detail, error.status_code)
    return _error(str(error), 400, getattr(error, "key", None))


async def _left(asked: Asked, error: Exception) -> Response:
    return Response(status_code=400)  # Nobody reads it.


async def _broken(asked: Asked, error: Exception) -> Response:
    return _error(f"the page's server failed ({type(error).__name__}); its terminal shows why", 500)


@contextlib.contextmanager
def listening(port: int) -> Any:
    """A socket on 127.0.0.1 (0: any free port). Raises UsageError where the port is taken."""
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        own.bind((HOST, port))
    except OSError as error:
        own.close()
        raise UsageError(f"--port {port} cannot be used ({error.strerror}); choose another, or 0 for any") from None
    try:
        own.listen()
        yield own
    finally:
        own.close()


def serve(page: Guard, port: int, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C. ready: is told the address once it answers.

    Nothing is lost by ending at once: requests that are half sent, or half answered, are let go without a word.
    """
    with listening(port) as own:
        address = f"http://{HOST}:{own.getsockname()[1]}/"
        announcing = _announcing(page, lambda: ready(address))
        config = uvicorn.Config(announcing, log_level="error", ws="none", timeout_graceful_shutdown=0)
        server = uvicorn.Server(config)
        logger = logging.getLogger("uvicorn.error")

        def wanted(record: logging.LogRecord) -> bool:
            return not server.should_exit

        logger.addFilter(wanted)
        try:
            server.run(sockets=[own])
        finally:
            logger.removeFilter(wanted)


def _announcing(page: Guard, ready: Callable[[], None]) -> Any:
    """The same application, which says so when it starts."""

    async def announced(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        async def sending(message: MutableMapping[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready()

        await page(scope, receive, sending if scope["type"] == "lifespan" else send)

    return announced

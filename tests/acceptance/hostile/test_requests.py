"""What may come through the socket of the page's server: an answer below 500, or none; others are answered after it."""

import contextlib
import json
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

HOST = "127.0.0.1"
# In seconds: after which half a request is taken for one, and for the rest of an answer, or the end.
HALF, PATIENCE = 5.0, 30.0
Server = tuple["subprocess.Popen[bytes]", int, str]


def asked(line: str = "GET / HTTP/1.1", *headers: str, body: bytes = b"", host: str | None = HOST) -> bytes:
    lines = [line, *([] if host is None else [f"Host: {host}"]), *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1", "surrogateescape") + body


def posted(body: bytes, *headers: str, path: str = "/trace", kind: str = "application/json") -> bytes:
    more = [f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return asked(f"POST {path} HTTP/1.1", *more, body=body)


def lines() -> Iterator[tuple[str, bytes]]:
    """The first line: methods, versions and addresses."""
    for method in (
        "BREW", "TRACE", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "POST", "get", "", "G" * 9_000, "\xff",
        "GET\x00"
    ):  # fmt: skip
        yield f"the method {method[:9]!r}", asked(f"{method} / HTTP/1.1")
        yield f"the method {method[:9]!r} of a trace", asked(f"{method} /trace HTTP/1.1")
    for version in ("HTTP/0.9", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "HTTP/1", "HTTP/-1.1", "XTTP/1.1", "HTTP/1.1 x"):
        yield f"version {version}", asked(f"GET / {version}")
    yield "HTTP 2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield "a tunnel", asked("CONNECT evil.example:443 HTTP/1.1")
    for path in (
        "*", "?", "//", "///etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd", "/page/%2e%2e%2fserver.py",
        "/page/..%5cserver.py", "/page/..%c0%afserver.py", "/page/%00", "/page/main.js%00.css", "/page/main.js/",
        "/page//main.js", "/page/%6dain.js", "/page/main.js%0d%0aSet-Cookie:%20a=b", "/page/" + "a" * 60_000, "/%",
        "/%zz", "/%ff%fe", "/\xff\xfe", "/" + "a/" * 100_000, "http://evil.example/", "file:///etc/passwd", "/\\",
        "/#a",
        "/trace/%0d%0aSet-Cookie:%20a=b/tensor", "/trace/" + "9" * 9_000 + "/tensor", "/trace/../page/main.js",
        "/trace/%F0%9F%98%80/tensor?name=x", "/trace/OWN/tensor", "/trace/OWN/tensor?name=%00",
        "/trace/OWN/tensor?name=%ff",
        "/trace/OWN/tensor?name=__class__", "/trace/OWN/tensor?name=" + "x" * 30_000,
        "/trace/OWN/tensor?" + "&" * 9_000,
        "/trace/OWN/tensor?" + "name=x&" * 5_000, "/trace/OWN/tensor?name=x;name=y", "/trace/OWN/parameter?name=",
        "/trace/OWN/parameter?name=output.matrix.weight&row=0&count=999999999",
        "/trace/OWN/parameter?name=output.matrix.weight&row=999999999&count=999999999",
        "/trace/OWN/parameter?name=output.matrix.weight&row=0&count=0",
        "/trace/OWN/parameter?name=output.matrix.weight&row=%D9%A1",
        "/trace/OWN/parameter?name=output.matrix.weight&row=",
        "/trace/OWN/parameter?name=output.matrix.weight&row=+1",
        "/trace/OWN/moment?parent=-1", "/trace/OWN/moment?parent=1e3", "/trace/OWN/moment?parent=999999999",
        "/trace/OWN/moment?parent=" + "9" * 9_000, "/trace/OWN/moment", "/trace/OWN/follow", "/sheet",
        "/sheet?topic=__class__", "/sheet?topic=block&seed=%D9%A1", "/sheet?topic=block&seed=1e9",
        "/sheet?topic=block&size=positions%3D" + "9" * 150, "/sheet?topic=block&size=%00%3D1",
        "/sheet?topic=block&size=positions%3D-1", "/sheet?topic=block&size=" + "positions%3D2," * 900,
        "/sheet?topic=attention-weighting&size=positions%3D2,positions%3D3", "/sheet?topic=block&language=..%2Fx",
        "/sheet?topic=%ED%A0%80", "/sheet?topic=block&language=%00",
    ):  # fmt: skip
        yield f"the address {path[:60]!r}", asked(f"GET {path} HTTP/1.1")


def heads() -> Iterator[tuple[str, bytes]]:
    """Headers: who asks, how long, how coded."""
    for header in (
        "Host", ": x", "a b: c", "a\x00b: c", "a: \x00", "a: \x1b[31m", "a: \xff", "Cookie: " + "a" * 9_000,
        "X: " + "a" * 60_000, "X: " + "a" * 1_000_000, "Range: bytes=0-,0-,0-", "Accept-Encoding: gzip;q=nan",
        "TE: trailers",
        "If-None-Match: *",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", "Expect: 100-continue", "Expect: nothing",
        "a: b\r\n c: d",
        "X-Forwarded-Host: evil.example", "Forwarded: for=evil;host=evil.example", "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: \x0bchunked", "Content-Length: ",
        "Content-Length: -1",
        "Content-Length: +5", "Content-Length: 5, 5", "Content-Length: 1e3", "Content-Length: \xb2",
        "Content-Length: 0x10", "Content-Length: 5\r\nContent-Length: 6", "Content-Length: " + "9" * 400,
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ):  # fmt: skip
        yield f"the header {header[:60]!r} of {len(header):,}", asked("GET / HTTP/1.1", header, body=b"0\r\n\r\n")
    yield "5,000 headers", asked("GET / HTTP/1.1", *(f"X-{n}: a" for n in range(5_000)))
    yield "the same header 5,000 times", asked("GET / HTTP/1.1", *["X: a"] * 5_000)
    yield "two hosts", asked("GET / HTTP/1.1", "Host: evil.example")
    yield "line ends of a newline", asked().replace(b"\r\n", b"\n")
    yield "line ends of CR", asked().replace(b"\r\n", b"\r") + b"\r\n\r\n"
    yield "blank lines first", b"\r\n" * 900 + asked()
    yield "the greeting of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n"
    yield "the greeting of SSH", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"
    yield "a hundred requests at once", b"".join([asked().replace(b"close", b"keep-alive")] * 100)
    yield "a request in a body", asked("GET / HTTP/1.1", body=asked("GET /trace HTTP/1.1", host="evil.example"))
    random = Random("requests")
    for number in range(40):
        content = bytearray(posted(b'{"text": "one", "to": "fr", "beam_size": 1}'))
        for _ in range(random.randint(1, 4)):
            content[random.randrange(len(content) - 60)] = random.randrange(256)
        # Of a length that was made longer the rest would be waited for.
        yield f"mutation {number}", bytes(content) + b"\r\n\r\n" + bytes(99)
    for number in range(10):
        yield f"random bytes {number}", random.randbytes(random.randint(1, 3_000)) + b"\r\n\r\n"


def bodies() -> Iterator[tuple[str, bytes]]:
    """What is posted: JSON of any kind, and none."""
    good = {"text": "one", "to": "fr", "beam_size": 1}
    for name, text in {
        "arrays without end": "[" * 30_000, "objects without end": '{"a":' * 10_000, "digits": "9" * 60_000,
        "digits for a beam": '{"text": "one", "to": "fr", "beam_size": ' + "9" * 4_000 + "}",
        "an exponent for a beam": '{"text": "one", "to": "fr", "beam_size": 1e999}',
        "NaN for a beam": '{"text": "one", "to": "fr", "beam_size": NaN}',
        "true for a beam": '{"text": "one", "to": "fr", "beam_size": true}',
        "a key twice": '{"text": "one", "text": "two", "to": "fr", "beam_size": 1}',
        "a prototype": '{"__proto__": {"beam_size": 1}, "text": "one", "to": "fr", "beam_size": 1}',
        "half a character": json.dumps({**good, "text": "\ud800"}),
        "both halves, turned": r'{"text": "\udc00\ud800"}',
        "half a character for a language": json.dumps({**good, "to": "\ud800"}),
        "NUL": json.dumps({**good, "text": "\x00"}), "NUL itself": '{"text": "\x00"}',
        "invisible": json.dumps({**good, "text": "\u200b\u2060"}), "marks": json.dumps({**good,
        "text": "a" + "\u0301" * 1_999}),
        "words": json.dumps({**good, "text": "one " * 499, "beam_size": 4}),
        "emoji": json.dumps({**good, "text": "👩‍👩‍👧‍👦" * 180}), "markup": json.dumps({**good,
        "text": "</script><script>x"}),
        "a language of 60,000 letters": json.dumps({**good, "to": "x" * 60_000}),
        "a language of a path": json.dumps({**good, "to": "../fr"}), "a language of controls": json.dumps({**good,
        "to": "\n\x1b"}),
        "60,000 keys": json.dumps({f"{n}": n for n in range(5_000)}), "a long string": '"' + "a" * 60_000 + '"',
        "comments": '{"text": "one" /* no */}', "single quotes": "{'text': 'one'}",
        "a comma more": '{"text": "one",}',
        "nothing": "", "null": "null", "a number": "-0", "two values": "{} {}", "too long": " " * 70_000,
    }.items():  # fmt: skip
        yield f"JSON: {name}", posted(text.encode("utf-8", "surrogatepass"))
    whole = json.dumps(good)
    for code in ("utf-16", "utf-16-be", "utf-32", "utf-7", "cp037", "utf-8-sig"):
        yield f"JSON in {code}", posted(whole.encode(code))
    for kind in (
        "text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/json;;;=",
        "application/json; charset=utf-16", "APPLICATION/JSON", "application/json\x0b",
        "application/json, text/plain",
    ):  # fmt: skip
        yield f"JSON called {kind!r}", posted(whole.encode(), kind=kind)
    for node in ("-1", "true", "1.0", "1e999", "null", '"1"', "[]", "9" * 4_000, "999999999"):
        yield f"the node {node[:9]} of {len(node):,}", posted(f'{{"node": {node}}}'.encode(), path="/trace/OWN/follow")
    chunked = asked("POST /trace HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked")
    for name, body in {
        "whole": b"%x\r\n%s\r\n0\r\n\r\n" % (len(whole), whole.encode()),
        "of a byte": b"".join(b"1\r\n%c\r\n" % one for one in whole.encode()) + b"0\r\n\r\n",
        "too many": b"3e8\r\n" + b" " * 1_000 + b"\r\n", "negative": b"-1\r\n\r\n", "no number": b"zz\r\n\r\n",
        "endless": b"f" * 400 + b"\r\n\r\n", "with a remark": b"5;" + b"a" * 90_000 + b"\r\n12345\r\n0\r\n\r\n",
        "with trailers": b"0\r\nHost: evil.example\r\n\r\n", "of nothing": b"0\r\n\r\n",
    }.items():  # fmt: skip
        yield f"chunks: {name}", chunked + (body * 99 if name == "too many" else body)


# By these names a page from elsewhere may reach this machine, and from these it may send a form.
OTHER_HOSTS = (
    "evil.example", "127.0.0.1.evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1@evil.example",
    "evil.example#127.0.0.1", "evil.example/127.0.0.1", "127.0.0.1:80@evil.example", "evil.example:127.0.0.1",
    "127.1",
    "2130706433", "0x7f000001", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "localhost.", "127.0.0.1.", "127.0.0.2",
    "", ":80",
    "127.0.0.1, evil.example", "evil.example, 127.0.0.1", "\xff", "x" * 9_000, "127.0.0.1\x00.evil.example",
)  # fmt: skip
OTHER_ORIGINS = (
    "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1", "http://127.0.0.1.evil.example",
    "file://",
    "http://127.0.0.1@evil.example", "http://localhost", "http://127.0.0.1/", "HTTP://127.0.0.1",
    "http://127.0.0.1, null",
    "chrome-extension://abc", "\xff", "x" * 9_000, "://127.0.0.1", "127.0.0.1",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(compiled_already: None) -> Iterator[Server]:
    """The command itself, its port, and the name of the trace that its page opens with.

    At the end, Ctrl-C ends it, and no word of any client is on its terminal.
    """
    command = [sys.executable, "-m", "clearhead", "look", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline().decode().partition("/ ")[0].rpartition(":")[2])
            told = answered(port, asked("GET /trace HTTP/1.1"))
            yield process, port, json.loads(told.partition(b"\r\n\r\n")[2])["id"]
            process.send_signal(signal.SIGINT)
            out, said = process.communicate(timeout=60)
            assert (process.returncode, out, said) == (130, b"", b"clearhead: stopped\n")
        finally:
            process.kill()


def answered(port: int, content: bytes) -> bytes:
    """The whole answer to what is sent, as far as there is one before the connection is closed.

    Who sent half a request hears nothing, and hangs up after a while.
    """
    answer = b""
    with socket.create_connection((HOST, port), timeout=HALF) as client, contextlib.suppress(ConnectionError):
        # It may have heard enough before it has read all.
        with contextlib.suppress(ConnectionError):
            client.sendall(content)
        try:
            answer = client.recv(1 << 20)
        except TimeoutError:
            client.shutdown(socket.SHUT_WR)
        client.settimeout(PATIENCE)
        while block := client.recv(1 << 20):
            answer += block
    return answer


def status(answer: bytes) -> int:
    """0 where there is none."""
    return int(answer.split(maxsplit=2)[1]) if answer.startswith(b"HTTP/1.") else 0


def problem_of(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    if answer and not 200 <= status(answer) < 500:
        return f"{answer[:300]!r}"
    if b"Traceback" in answer or b"Set-Cookie" in head or b"root:" in body:
        return f"{answer[:600]!r}"
    if status(answer) >= 400 and b"application/json" in head and len(body) > 450:
        return f"{len(body)} bytes of error: {body[:200]!r}"
    return ""


@pytest.mark.parametrize("kind", [lines, heads, bodies])
def test_whatever_is_sent(server: Server, kind: Callable[[], Iterator[tuple[str, bytes]]]) -> None:
    process, port, own = server
    inputs = list(kind())
    assert len(inputs) == len(dict(inputs)) >= 50

    def problem(one: tuple[str, bytes]) -> str:
        name, content = one
        try:
            found = problem_of(answered(port, content.replace(b"/OWN/", f"/{own}/".encode())))
        except TimeoutError:
            found = "no answer, nor an end"
        return f"{name}: {found}" if found else ""

    with ThreadPoolExecutor(16) as threads:
        problems = [one for one in threads.map(problem, inputs) if one]
    assert problems == []
    assert process.poll() is None
    assert status(answered(port, asked())) == 200


def test_who_may_not_ask(server: Server) -> None:
    """DNS rebinding and forms of other pages: never an answer with anything in it."""
    _, port, _ = server
    body = b'{"text": "one", "to": "fr", "beam_size": 1}'
    good = f"{HOST}:{port}"
    let_in = [host for host in OTHER_HOSTS if status(answered(port, asked("GET /trace HTTP/1.1", host=host))) == 200]
    let_in += [one for one in OTHER_ORIGINS if status(answered(port, posted(body, f"Origin: {one}"))) == 200]
    assert let_in == []
    assert status(answered(port, asked("GET /trace HTTP/1.1", f"Origin: http://{good}", host=good))) == 200


def test_clients_that_wait_or_leave(server: Server) -> None:
    """Three hundred that send nothing or half a request, and stay; others that leave within an answer."""
    process, port, own = server
    halves = [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: 127.0", posted(b"{" * 99)[:-9], b"\x16\x03"]
    whole = asked(f"GET /trace/{own}/parameter?name=output.matrix.weight HTTP/1.1")
    with contextlib.ExitStack() as stack:
        for number in range(300):
            client = stack.enter_context(socket.create_connection((HOST, port), timeout=PATIENCE))
            client.sendall(halves[number % len(halves)])
        for rudely in [True, False] * 10:
            with socket.create_connection((HOST, port), timeout=PATIENCE) as client:
                client.sendall(whole)
                assert client.recv(9) == b"HTTP/1.1 "
                if rudely:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # A reader of one byte now and then does not hold the others up.
        slow = stack.enter_context(socket.create_connection((HOST, port), timeout=PATIENCE))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        slow.sendall(whole)
        assert slow.recv(1) == b"H"
        assert status(answered(port, asked())) == 200
        assert status(answered(port, posted(b'{"text": "one", "to": "fr", "beam_size": 1}'))) == 200
    assert process.poll() is None

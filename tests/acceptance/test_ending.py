"""The page's server as a process: how it ends, and clients that leave. faults.md D10."""

import contextlib
import logging
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from clearhead.look.server import HOST, Guard, listening

HALF_A_HEAD = b"GET / HTTP/1.1\r\n"
HALF_A_BODY = (
    b"POST /trace HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
)
# Serves what computes for longer than anybody would wait.
PROGRAM = """
import threading
from types import SimpleNamespace
from clearhead.look.server import application, serve
first = SimpleNamespace(trace=SimpleNamespace(size=0, settings={}))
def trace(request):
    print("busy", flush=True)
    threading.Event().wait(600)
try:
    serve(application(trace, first), 0, lambda address: print(address, flush=True))
except KeyboardInterrupt:
    raise SystemExit(130)  # As clearhead's command line does, with a word.
"""
A_LONG_TRACE = (
    b"POST /trace HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 44\r\n\r\n"
    b'{"text": "one", "to": null, "beam_size": 1} '
)


@contextlib.contextmanager
def served() -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline().decode().rstrip("/\n").rpartition(":")[2])
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("sent", "signals", "code"),
    [
        (HALF_A_BODY, [signal.SIGINT], 130),
        (A_LONG_TRACE, [signal.SIGINT, signal.SIGINT], 130),
        pytest.param(HALF_A_HEAD, [signal.SIGINT], 130, marks=pytest.mark.slow),
        pytest.param(A_LONG_TRACE, [signal.SIGTERM], -signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(HALF_A_BODY, [signal.SIGTERM, signal.SIGINT], None, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_it_at_once_and_quietly(sent: bytes, signals: list[signal.Signals], code: int | None) -> None:
    """faults.md D10: whatever is half sent or half computed."""
    with served() as (process, port), socket.create_connection((HOST, port)) as client:
        assert process.stdout is not None
        client.sendall(sent)
        if sent is A_LONG_TRACE:
            assert process.stdout.readline() == b"busy\n"
        for one in signals:
            process.send_signal(one)
        _, said = process.communicate(timeout=30)
        assert code is None or process.returncode == code
        assert said == b""


@pytest.mark.parametrize("rudely", [False, True])
@pytest.mark.parametrize("sent", [HALF_A_HEAD, HALF_A_BODY])
def test_a_client_that_leaves(page: Guard, caplog: pytest.LogCaptureFixture, sent: bytes, rudely: bool) -> None:
    """faults.md D10: with half a request sent, by closing or by resetting the connection: not a word."""
    with listening(0) as own:
        server = uvicorn.Server(uvicorn.Config(page, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        client = socket.create_connection(own.getsockname())
        client.sendall(sent)
        if rudely:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        # Another is answered, after what was read before.
        with socket.create_connection(own.getsockname()) as other:
            other.sendall(b"GET /trace HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: other.recv(65_536), b""))
        server.should_exit = True
        thread.join(timeout=30)
    assert answer.startswith(b"HTTP/1.1 200")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []

"""The page's server as a process: how it ends. faults.md D10."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from clearhead.look.server import HOST

HALF_A_HEAD = b"GET / HTTP/1.1\r\n"
HALF_A_BODY = (
    b"POST /trace HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
)
# Serves what computes for longer than anybody would wait.
PROGRAM = """
import threading
from types import SimpleNamespace
from clearhead.look.server import application, serve
first = SimpleNamespace(trace=SimpleNamespace(sequences={}, text=SimpleNamespace(text=""), settings={}), nbytes=0)
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
    ("sent", "signals", "codes"),
    [
        (HALF_A_BODY, [signal.SIGINT], {130}),
        (A_LONG_TRACE, [signal.SIGINT, signal.SIGINT], {130}),
        pytest.param(HALF_A_HEAD, [signal.SIGINT], {130}, marks=pytest.mark.slow),
        pytest.param(A_LONG_TRACE, [signal.SIGTERM], {-signal.SIGTERM}, marks=pytest.mark.slow),
        # Whichever of the two is seen first.
        pytest.param(HALF_A_BODY, [signal.SIGTERM, signal.SIGINT], {130, -signal.SIGTERM}, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_it_at_once_and_quietly(sent: bytes, signals: list[signal.Signals], codes: set[int]) -> None:
    """faults.md D10: whatever is half sent or half computed."""
    with served() as (process, port), socket.create_connection((HOST, port)) as client:
        assert process.stdout is not None
        client.sendall(sent)
        if sent is A_LONG_TRACE:
            assert process.stdout.readline() == b"busy\n"
        for one in signals:
            process.send_signal(one)
        _, said = process.communicate(timeout=30)
        assert process.returncode in codes
        assert said == b""

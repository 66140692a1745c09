"""A server on this machine that gives files as they should be, and as they should not."""

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator

import pytest

from clearhead.starting.public import PublicCorpus, PublicFile

CONTENT = b"one\ntwo\n" * 20_000


class Handler(http.server.BaseHTTPRequestHandler):
    """/whole has the file, /cut ends before it does, /else has another; the rest is not there."""

    def do_GET(self) -> None:
        sent = {"/whole": CONTENT, "/cut": CONTENT[:-1], "/else": CONTENT[:-1] + b"!", "/long": CONTENT * 2}.get(
            self.path
        )
        self.send_response(404 if sent is None else 200)
        self.send_header("Content-Length", str(len(CONTENT) if self.path == "/cut" else len(sent or b"")))
        self.end_headers()
        self.wfile.write(sent or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PublicCorpus]]:
    """`public("whole", "cut")`: a corpus of a file for each of these places of a server."""
    monkeypatch.setenv("no_proxy", "*")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        port = server.server_address[1]
        digest = hashlib.sha256(CONTENT).hexdigest()

        def corpus(*places: str, port: int = port) -> PublicCorpus:
            files = tuple(
                PublicFile(f"{place}.txt", f"http://127.0.0.1:{port}/{place}", digest, len(CONTENT)) for place in places
            )
            return PublicCorpus("numbers", "anybody's", files, (files[0].name,))

        yield corpus
        server.shutdown()
        thread.join()

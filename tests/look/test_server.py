"""The page's server: what it tells, and whom."""

import json
import logging
import socket
import struct
import threading
import urllib.parse

import numpy
import pytest
import torch
import uvicorn

from clearhead.byhand import make_sheet
from clearhead.errors import UsageError
from clearhead.look import Exhibit, trace_store
from clearhead.look.server import MOST_BYTES, Guard, listening
from clearhead.look.trace_store import MOST_CHARACTERS, MOST_TRACES


def posted(**wanted: object) -> bytes:
    return json.dumps(wanted).encode()


def test_the_page(ask) -> None:  # type: ignore[no-untyped-def]
    answer = ask("GET", "/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = answer.body.decode()
    # The policy would refuse them.
    assert "style=" not in text
    assert "<script>" not in text
    for name in ("main.js", "style.css"):
        assert f"/page/{name}" in text
        assert ask("GET", f"/page/{name}").status == 200


def test_the_servers_language_is_the_pages(ask, ask_korean) -> None:  # type: ignore[no-untyped-def]
    """Of `look --lang ko`, in every tab, whatever the browser speaks."""
    assert '<meta name="language" content="ko">' in ask_korean("GET", "/").body.decode()
    assert 'name="language"' not in ask("GET", "/").body.decode()


def test_a_worksheet(ask) -> None:  # type: ignore[no-untyped-def]
    told = ask("GET", "/sheet?topic=attention-weighting&seed=3&size=positions%3D2&language=ko").json
    sheet = make_sheet("attention-weighting", 3, {"positions": 2}, "ko")
    assert told["sheet"] == json.loads(json.dumps(sheet.as_json()))


def test_what_the_run_has_written_by_now(ask, exhibit: Exhibit) -> None:  # type: ignore[no-untyped-def]
    assert ask("GET", "/run").json == json.loads(json.dumps(exhibit.run.document()))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "topic '' is not known"),
        ("topic=block&seed=-1", "seed '-1' is no whole number; choose one from 0 up"),
        ("topic=block&seed=9999999999", "seed '9999999999' is no whole number"),
        ("topic=block&size=positions", "--size positions cannot be read"),
        ("topic=block&size=positions%3D99", "--size positions=99 is not possible for block"),
        ("topic=block&language=de", "--lang de is not known"),
        ("topic=" + "x" * 1000, "topic 'xxxxxxxx"),
    ],
)
def test_worksheets_that_cannot_be_made(ask, query: str, message: str) -> None:  # type: ignore[no-untyped-def]
    answer = ask("GET", f"/sheet?{query}")
    assert answer.status == 400
    assert answer.json["error"].startswith(message)


@pytest.mark.parametrize("name", ["none.js", "index.html", "..%2Fserver.py", "../server.py", "__init__.py", ""])
def test_no_other_file(ask, name: str) -> None:  # type: ignore[no-untyped-def]
    answer = ask("GET", f"/page/{urllib.parse.unquote(name)}")
    assert answer.status == 404
    assert set(answer.json) == {"error"}


def test_the_document_and_its_numbers(ask, exhibit: Exhibit) -> None:  # type: ignore[no-untyped-def]
    told = ask("GET", "/trace").json
    own = f"/trace/{told['id']}"
    assert told["trace"] == json.loads(json.dumps(exhibit.trace.document()))
    assert told["languages"] == ["en", "fr"]
    for name, shape in told["trace"]["shapes"].items():
        answer = ask("GET", f"{own}/tensor?name={name}")
        assert answer.headers["x-shape"] == ",".join(str(size) for size in shape)
        found = torch.from_numpy(numpy.frombuffer(answer.body, "<f4").copy()).view(shape)
        assert torch.equal(found, exhibit.trace[name])
    for name in {one for step in exhibit.trace.operations for one in step.parameters}:
        answer = ask("GET", f"{own}/parameter?name={name}&row=3")
        assert answer.body == exhibit.trace.parameters[name][3].detach().numpy().tobytes()
        several = ask("GET", f"{own}/parameter?name={name}&row=3&count=5")
        assert several.body == exhibit.trace.parameters[name][3:8].detach().numpy().tobytes()
        whole = exhibit.trace.parameters[name].detach().numpy().tobytes()
        assert ask("GET", f"{own}/parameter?name={name}").body == whole


def test_tracing_a_sentence(ask) -> None:  # type: ignore[no-untyped-def]
    first = ask("GET", "/trace").json["id"]
    answer = ask("POST", "/trace", posted(text="two one", to="fr", beam_size=2))
    assert answer.status == 200
    assert answer.json["id"] != first
    assert answer.json["trace"]["source"]["text"] == "two one"
    assert answer.json["trace"]["settings"]["beam_size"] == 2


def test_each_reader_has_a_sentence_of_their_own(ask) -> None:  # type: ignore[no-untyped-def]
    """faults.md D2: what another tab traced is not what a page opens with, and is not traced twice."""
    opened = ask("GET", "/trace").json
    other = ask("POST", "/trace", posted(text="two one", to="fr", beam_size=2)).json
    assert ask("GET", "/trace").json == opened
    assert ask("POST", "/trace", posted(text="two one", to="fr", beam_size=2)).json == other
    assert ask("POST", "/trace", posted(text="two one", to="fr", beam_size=3)).json["id"] != other["id"]


def test_another_hypothesis(ask, exhibit: Exhibit) -> None:  # type: ignore[no-untyped-def]
    node = next(one for one in exhibit.trace.tree if one["fate"] == "dropped" and one["length"] == 2)
    own = f"/trace/{ask('GET', '/trace').json['id']}"
    answer = ask("GET", f"{own}/moment?parent={node['parent']}")
    assert answer.headers["x-shape"] == f"1,2,{2 + len(exhibit.trace.source.ids)}"
    found = torch.from_numpy(numpy.frombuffer(answer.body, "<f4").copy()).view(1, 2, -1)
    assert torch.equal(found, exhibit.moment(node["parent"]))
    told = ask("POST", f"{own}/follow", posted(node=node["number"])).json
    assert told["branches"] is False
    assert ask("POST", f"{own}/follow", posted(node=node["number"])).json["id"] == told["id"]
    assert told["trace"]["predicted"]["ids"][-1] == node["token"]
    for wanted in ({}, {"node": "1"}, {"node": 1, "more": 1}):
        assert ask("POST", f"{own}/follow", posted(**wanted)).status == 400
    assert ask("POST", f"{own}/follow", posted(node=10**9)).status == 400


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"text": " "}, "there is no text; type a sentence"),
        ({"text": "x" * (MOST_CHARACTERS + 1)}, "the page takes 4,000 at most"),
        ({"text": "\ud800"}, "half of a character"),
        ({"to": "xx"}, "translates into en, fr, not 'xx'"),
        ({"beam_size": 0}, "not a whole number from 1 to 16"),
        ({"beam_size": 17}, "not a whole number from 1 to 16"),
        ({"text": 5}, "the request is not understood"),
        ({"to": ["fr"]}, "the request is not understood"),
        ({"beam_size": 2.5}, "the request is not understood"),
        ({"more": 1}, "the request is not understood"),
    ],
)
def test_what_cannot_be_traced(ask, wanted: dict[str, object], message: str) -> None:  # type: ignore[no-untyped-def]
    answer = ask("POST", "/trace", posted(**{"text": "one", "to": "fr", "beam_size": 1, **wanted}))
    assert answer.status == 400
    assert message in answer.json["error"]
    assert "\n" not in answer.json["error"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"a"', b"\xff", b"[" * 5000, b'{"text": NaN}', b'{"text": "one"}']
)
def test_what_is_no_request(ask, body: bytes) -> None:  # type: ignore[no-untyped-def]
    assert ask("POST", "/trace", body).status == 400


def test_hostile_text_is_text(ask, hostile: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert len(hostile) == len(set(hostile)) == 50
    refused = 0
    for text in hostile:
        answer = ask("POST", "/trace", posted(text=text, to="fr", beam_size=1))
        assert answer.headers["content-type"] == "application/json"
        if answer.status == 200:
            assert answer.json["trace"]["source"]["text"] == text
            continue
        assert answer.status == 400, text
        assert "error" in answer.json
        assert "\n" not in answer.json["error"]
        refused += 1
    assert refused < 15


def test_what_is_too_long(ask) -> None:  # type: ignore[no-untyped-def]
    assert ask("POST", "/trace", b" " * (MOST_BYTES + 1)).status == 413


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "0.0.0.0:8000", "", "127.0.0.1:80@evil.example"],
)
def test_another_host_is_refused(ask, host: str) -> None:  # type: ignore[no-untyped-def]
    """DNS rebinding: a page from elsewhere whose name leads to this machine."""
    answer = ask("GET", "/trace", host=host)
    assert answer.status == 421
    assert answer.json == {"error": "this page is served on 127.0.0.1 only; open it by that address"}


def test_another_page_is_refused(ask) -> None:  # type: ignore[no-untyped-def]
    body = posted(text="one", to="fr", beam_size=1)
    assert ask("POST", "/trace", body, origin="http://evil.example").status == 403
    assert ask("POST", "/trace", body, origin="null").status == 403
    assert ask("POST", "/trace", body, content_type="text/plain").status == 415
    answer = ask("POST", "/trace", body, origin="http://127.0.0.1:8000")
    assert answer.status == 200
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize(
    ("address", "status", "message"),
    [
        ("/trace/9/tensor?name=output.logits", 404, "trace '9' is no longer kept"),
        ("/trace/{own}/tensor?name=output.logit", 400, "did you mean output.logits or output.probabilities?"),
        ("/trace/{own}/tensor", 400, "the trace has no ''"),
        (f"/trace/{{own}}/tensor?name={'x' * 30_000}", 400, "the trace has no 'xxx"),
        (f"/trace/{{own}}/parameter?name={'x' * 30_000}", 400, "no weight 'xxx"),
        ("/trace/{own}/parameter?name=none", 400, "no weight 'none' is at hand"),
        ("/trace/{own}/parameter?name=output.matrix.weight&row=-1", 400, "row is no whole number"),
        ("/trace/{own}/parameter?name=output.matrix.weight&row=999999", 400, "row=999999, count=1 are not rows of"),
        ("/trace/{own}/parameter?name=output.matrix.weight&row=1&count=x", 400, "count is no whole number"),
        ("/trace/{own}/moment", 400, "parent is no whole number"),
        ("/trace/{own}/moment?parent=999999", 400, "node 999999 of the tree was not continued"),
        ("/none", 404, "Not Found"),
    ],
)
def test_errors_are_one_line(ask, address: str, status: int, message: str) -> None:  # type: ignore[no-untyped-def]
    answer = ask("GET", address.format(own=ask("GET", "/trace").json["id"]))
    assert answer.status == status
    assert message in answer.json["error"]
    assert len(answer.json["error"]) <= 400


def test_what_the_page_opens_with_stays(ask, exhibit: Exhibit) -> None:  # type: ignore[no-untyped-def]
    """However many sentences are traced, and hypotheses followed."""
    shown = ask("GET", "/trace").json
    nodes = [node["number"] for node in exhibit.trace.tree if node["number"] > 0]
    assert len(nodes) > MOST_TRACES
    for node in nodes[: MOST_TRACES + 1]:
        assert ask("POST", f"/trace/{shown['id']}/follow", posted(node=node)).status == 200
        assert ask("GET", "/trace").json["id"] == shown["id"]
    assert ask("GET", f"/trace/{shown['id']}/tensor?name=output.logits").status == 200


def test_only_the_newest_traces_are_kept(ask) -> None:  # type: ignore[no-untyped-def]
    names = [ask("POST", "/trace", posted(text="one " * (n + 1), to="fr", beam_size=1)).json["id"] for n in range(8)]
    kept = [ask("GET", f"/trace/{name}/tensor?name=output.logits").status == 200 for name in names]
    # One place of the eight is that of what the page opens with.
    assert kept == [False, *[True] * (MOST_TRACES - 1)]


def test_traces_are_kept_while_they_take_little(ask, exhibit: Exhibit, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """With room for two and a half: the first and the newest, even if these were larger than all that may be kept."""

    def traced(text: str) -> str:
        return ask("POST", "/trace", posted(text=text, to="fr", beam_size=1)).json["id"]

    def is_kept(name: str) -> bool:
        return ask("GET", f"/trace/{name}/tensor?name=output.logits").status == 200

    monkeypatch.setattr(trace_store, "MOST_KEPT", 5 * exhibit.trace.nbytes // 2)
    first, names = ask("GET", "/trace").json["id"], [traced("one two"), traced("two one")]
    assert [is_kept(name) for name in (first, *names)] == [True, False, True]
    monkeypatch.setattr(trace_store, "MOST_KEPT", 1)
    names = [traced("one"), traced("two")]
    assert [is_kept(name) for name in (first, *names)] == [True, False, True]


def test_it_listens_on_this_machine_only() -> None:
    with listening(0) as own:
        host, port = own.getsockname()
        assert host == "127.0.0.1"
        with socket.create_connection((host, port), timeout=5):
            pass
        with pytest.raises(UsageError, match=f"--port {port} cannot be used"), listening(port):
            pass


HALF_A_BODY = (
    b"POST /trace HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
)


@pytest.mark.parametrize("rudely", [False, True])
@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n", HALF_A_BODY])
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

"""The page as one file."""

import base64
import html.parser
import json
import re

import numpy
import pytest
import torch

from clearhead.bundle import Bundle
from clearhead.errors import TraceError
from clearhead.look import Exhibit, as_html, export
from clearhead.look.export import contents, escaped


class Reader(html.parser.HTMLParser):
    """Scripts, styles and addresses of a document, as a browser finds them."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.addresses: list[str] = []
        self.policy = ""
        self._within: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if tag == "script":
            self.scripts.append((given, ""))
            self._within = given

    def handle_endtag(self, tag: str) -> None:
        self._within = None if tag == "script" else self._within

    def handle_data(self, data: str) -> None:
        if self._within is not None:
            given, before = self.scripts[-1]
            self.scripts[-1] = (given, before + data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def test_the_file_holds_everything(exhibit: Exhibit) -> None:
    reader = read(as_html(exhibit, "ko"))
    assert reader.addresses == []
    assert "default-src 'none'" in reader.policy
    assert "unsafe" not in reader.policy
    [data], [_] = (
        [text for given, text in reader.scripts if given["type"] == kind] for kind in ("application/json", "module")
    )
    told = json.loads(data)
    assert told["language"] == "ko"
    assert told["document"] == json.loads(json.dumps(exhibit.document()))
    for name, stored in told["tensors"].items():
        found = numpy.frombuffer(base64.b64decode(stored["base64"]), "<f4").reshape(stored["shape"])
        assert torch.equal(torch.from_numpy(found.copy()), exhibit.trace[name])
    assert told["tensors"].keys() == set(exhibit.trace)
    assert told["parameters"].keys() == {name for step in exhibit.trace.operations for name in step.parameters}


def test_other_hypotheses_come_along(exhibit: Exhibit) -> None:
    stored = contents(exhibit)["moments"]
    tree = exhibit.trace.tree
    expected = {one["parent"] for one in tree if one["parent"] >= 0}
    assert any(tree[one]["fate"] != "won" for one in expected)
    assert {int(one) for one in stored} == expected
    for parent, one in stored.items():
        found = numpy.frombuffer(base64.b64decode(one["base64"]), "<f4").reshape(one["shape"])
        assert torch.allclose(torch.from_numpy(found.copy()), exhibit.moment(int(parent)), atol=1e-6)


def test_a_shared_weight_is_stored_once(exhibit: Exhibit) -> None:
    parameters = contents(exhibit)["parameters"]
    assert parameters["output.matrix.weight"] == {"same": "source_embedding.matrix.weight"}


def test_weights_have_a_limit(exhibit: Exhibit) -> None:
    assert contents(exhibit, most_weights=1000)["parameters"] == {}


def test_text_cannot_leave_its_script(two_languages: Bundle) -> None:
    hostile = '</script><script>alert(1)</script><!--<script>"\u2028\x00'
    text = as_html(Exhibit(two_languages.trace(hostile, "fr")))
    assert [given.get("type") for given, _ in read(text).scripts] == ["application/json", "module"]
    assert "alert(1)</script>" not in text


def test_lone_surrogates_are_written(two_languages: Bundle) -> None:
    as_html(Exhibit(two_languages.trace("one \ud800", "fr"))).encode("utf-8")


def test_escaping() -> None:
    assert escaped({"a": "</script>"}) == '{"a": "\\u003c/script>"}'
    assert not re.search("[<\u2028]", escaped("<\u2028"))


def test_a_trace_that_no_browser_could_open(exhibit: Exhibit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_TENSORS", exhibit.nbytes)
    as_html(exhibit)
    monkeypatch.setattr(export, "MOST_TENSORS", exhibit.nbytes - 1)
    with pytest.raises(TraceError, match="MB at most; open it by `clearhead look` without --html") as refused:
        as_html(exhibit)
    assert "\n" not in str(refused.value)

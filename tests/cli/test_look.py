"""`clearhead look`."""

import json
import queue
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.cli import look
from clearhead.look import server

Run = Callable[..., Any]


def test_one_file(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    """And one line says so, on standard error, but not with --quiet."""
    html = tmp_path / "look.html"
    result = clearhead("look", run_folder, "one two", "--html", html, "--lang", "ko")
    said = f"clearhead: {html} is written; it opens in any browser, without a server\n"
    assert (result.code, result.out, result.err) == (0, b"", said)
    assert clearhead("look", run_folder, "one two", "--html", html, "--lang", "ko", "--quiet").err == ""
    text = (tmp_path / "look.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert '"one two"' in text


def test_serving(clearhead: Run, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(look.webbrowser, "open", lambda address: opened.put(address) or True)
    monkeypatch.setattr(server, "serve", lambda page, port, ready: ready(f"http://127.0.0.1:{port}/"))
    result = clearhead("look", run_folder, "one", "--port", "8123", "--lang", "ko")
    assert result.lines == ["http://127.0.0.1:8123/?lang=ko (Ctrl-C ends it)"]
    assert opened.get(timeout=10) == "http://127.0.0.1:8123/?lang=ko"
    assert clearhead("look", run_folder, "one", "--no-browser", "--quiet").lines == ["http://127.0.0.1:0/"]
    assert opened.empty()


@pytest.mark.parametrize("trouble", [False, webbrowser.Error("no browser"), OSError("none")])
def test_where_there_is_no_browser(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, trouble: Any
) -> None:
    """faults.md D10: one line, and the page is served all the same."""

    def opening(address: str) -> bool:
        if isinstance(trouble, Exception):
            raise trouble
        return False

    monkeypatch.setattr(look.webbrowser, "open", opening)
    look.open_browser("http://127.0.0.1:8123/")
    assert capsys.readouterr().err == "clearhead: no browser was found here; open the address above in one\n"


def test_without_a_model(clearhead: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model that comes with clearhead, with the curves of its training, whatever lies in the folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "street").mkdir()
    alone, named = (clearhead("look", *model, "--html", tmp_path / "look.html") for model in ((), ("street",)))
    assert (alone.code, alone.err, alone.out) == (named.code, named.err, named.out)
    assert (alone.code, alone.out) == (0, b"")
    text = (tmp_path / "look.html").read_text(encoding="utf-8")
    document = json.loads(text.partition('id="data">')[2].partition("</script>")[0])["document"]
    said = "L'animal n'a pas traversé la rue parce qu'il était trop fatigué."
    assert document["trace"]["predicted"]["text"] == said
    assert document["run"]["best"] == 4_800  # recipes/street.yaml


def test_a_sentence_in_place_of_a_model(clearhead: Run) -> None:
    result = clearhead("look", "I am a student.")
    assert result.code == 2
    assert "no model at 'I am a student.'; before a sentence name the model: clearhead look street" in result.err


def test_the_first_language(two_languages: Bundle) -> None:
    assert look._first_language(two_languages) == "fr"


def test_a_language_model(clearhead: Run, language_model_folder: Path, tmp_path: Path) -> None:
    """Its text, what it goes on to write, and pictures of its one stack."""
    html, pictures = tmp_path / "look.html", tmp_path / "pictures"
    options = ("--max-tokens", "3", "--html", html, "--png", pictures, "--layer", "1", "--quiet")
    assert clearhead("look", language_model_folder, "one two", *options).code == 0
    page = html.read_text(encoding="utf-8")
    told = json.loads(page.partition('id="data">')[2].partition("</script>")[0])["document"]
    assert told["trace"]["text"]["text"] == "one two"
    assert told["trace"]["settings"]["max_tokens"] == 3
    assert len(told["likeliest"]) == len(told["untrained"]) == len(told["trace"]["predicted"]["ids"]) == 5 + 2
    names = {one.stem.partition(".head")[0] for one in pictures.iterdir()}
    assert names == {"decoder.layer-1.self_attention", "positions"}
    result = clearhead("look", language_model_folder, "one two", "--to", "fr", "--html", html)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "to and target are for models that translate" in result.err


def test_a_masked_model(clearhead: Run, masked_model_folder: Path, tmp_path: Path) -> None:
    html = tmp_path / "look.html"
    assert clearhead("look", masked_model_folder, "one [MASK] three", "--html", html, "--quiet").code == 0
    page = html.read_text(encoding="utf-8")
    told = json.loads(page.partition('id="data">')[2].partition("</script>")[0])["document"]["trace"]
    assert told["family"] == "encoder-only"
    assert told["text"]["ids"].count(told["settings"]["mask"]) == 1
    result = clearhead("look", masked_model_folder, "one", "--max-tokens", "2", "--html", html)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "to, target and max_tokens are for models that write" in result.err

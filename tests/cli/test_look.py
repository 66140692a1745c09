"""`clearhead look`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.bundle import Bundle, load
from clearhead.cli import look
from clearhead.errors import BundleError
from clearhead.look import server
from clearhead.look.server import Request
from clearhead.training.preparation import gather

Run = Callable[..., Any]


def test_one_file(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    result = clearhead("look", run_folder, "one two", "--html", tmp_path / "look.html", "--lang", "ko")
    assert (result.code, result.err) == (0, "")
    text = (tmp_path / "look.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert '"one two"' in text


def test_serving(clearhead: Run, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(look.webbrowser, "open", opened.append)
    monkeypatch.setattr(server, "serve", lambda page, port, ready: ready(f"http://127.0.0.1:{port}/"))
    result = clearhead("look", run_folder, "one", "--port", "8123", "--lang", "ko")
    assert result.lines == ["http://127.0.0.1:8123/?lang=ko (Ctrl-C ends it)"]
    assert opened == ["http://127.0.0.1:8123/?lang=ko"]
    assert clearhead("look", run_folder, "one", "--no-browser", "--quiet").lines == ["http://127.0.0.1:0/"]
    assert len(opened) == 1


def test_without_a_model(clearhead: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model that comes with clearhead, with the curves of its training, whatever lies in the folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "street").mkdir()
    alone, named = (clearhead("look", *model, "--html", tmp_path / "look.html") for model in ((), ("street",)))
    assert (alone.code, alone.err, alone.out) == (named.code, named.err, named.out) == (0, "", b"")
    text = (tmp_path / "look.html").read_text(encoding="utf-8")
    document = json.loads(text.partition('id="data">')[2].partition("</script>")[0])["document"]
    said = "L'animal n'a pas traversé la rue parce qu'il était trop fatigué."
    assert document["trace"]["predicted"]["text"] == said
    assert document["history"][-1]["step"] == 3_700  # recipes/street.yaml


def test_a_sentence_in_place_of_a_model(clearhead: Run) -> None:
    result = clearhead("look", "I am a student.")
    assert result.code == 2
    assert "no model at 'I am a student.'; before a sentence name the model: clearhead look street" in result.err


def test_before_training(run_folder: Path) -> None:
    """The first weights are those that training began with, and the page is told their likeliest tokens."""
    bundle = load(run_folder)
    shown = look.exhibit(bundle, (), Request("one two", beam_size=2))
    model = gather(bundle.recipe).untrained_model().eval()
    ids = [torch.tensor([list(side.ids)]) for side in (shown.trace.source, shown.trace.target)]
    with torch.inference_mode():
        expected = model(*ids)[0].softmax(-1)
    untrained = look.untrained(bundle, shown.trace)
    assert untrained["output.probabilities"] == pytest.approx(expected, abs=1e-6)
    assert untrained.predicted == shown.trace.predicted
    assert shown.before is not None
    for row, told in zip(expected, shown.before, strict=True):
        assert [share for _, _, share in told[:10]] == pytest.approx(row.topk(10).values.tolist(), abs=1e-6)


def test_the_first_language(two_languages: Bundle) -> None:
    assert look._first_language(two_languages) == "fr"


def test_history(run_folder: Path, tmp_path: Path) -> None:
    lines = look.read_history(run_folder)
    assert [line["step"] for line in lines if "loss" in line][-1] == 120
    assert look.read_history(run_folder / "bundle") == lines
    assert look.read_history(tmp_path) == []
    (tmp_path / "history.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(BundleError, match=r"history.jsonl cannot be read"):
        look.read_history(tmp_path)

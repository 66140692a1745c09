"""`clearhead look --png DIR` and `--svg DIR`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_every_picture(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    result = clearhead("look", run_folder, "one two", "--svg", tmp_path / "pictures", "--head", "1")
    assert (result.code, result.err) == (0, "")
    attentions = ("encoder.layers.0.self", "decoder.layers.0.self", "decoder.layers.0.cross")
    names = [f"{part}_attention.{which}.svg" for part in attentions for which in ("head-1", "heads")]
    paths = [tmp_path / "pictures" / name for name in [*names, "positions.svg", "beam.svg"]]
    assert result.lines == [str(path) for path in paths]
    assert all(path.read_bytes().startswith(b"<?xml") for path in paths)


def test_the_page_and_pictures_in_both_formats_without_a_word(
    clearhead: Run, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    monkeypatch.setattr("clearhead.look.save_figure", lambda figure, path: written.append(path))
    html = tmp_path / "look.html"
    result = clearhead("look", run_folder, "one", "--html", html, "--png", "a", "--svg", "b", "--lang", "ko", "--quiet")
    assert (result.code, result.out) == (0, b"")
    assert html.is_file()
    assert written[-2:] == [Path("a/beam.png"), Path("b/beam.svg")]
    assert len(written) == 16


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--layer", "0"], "--layer is for pictures; add --png DIR or --svg DIR"),
        (["--head", "0"], "--head is for pictures; add --png DIR or --svg DIR"),
        (["--png", "pictures", "--layer", "1"], "--layer 1 is not there: the model has 1 layers; count from 0"),
        (["--png", "pictures", "--layer", "-1"], "--layer -1 is not there"),
        (["--png", "pictures", "--head", "2"], "head=2 is not a head of encoder.layers.0.self_attention, which has 2"),
    ],
)
def test_what_is_not_there(
    clearhead: Run, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = clearhead("look", run_folder, "one", *options)
    assert result.code == 2
    assert said in result.err
    assert result.err.count("\n") == 1


def test_without_matplotlib(clearhead: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before the model is looked for, which takes longer."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "clearhead.look.figures", raising=False)
    result = clearhead("look", tmp_path / "nothing", "one", "--png", tmp_path)
    assert result.code == 2
    assert "pip install 'clearhead[figures]'" in result.err


def test_who_asks_for_no_picture_needs_no_matplotlib(
    clearhead: Run, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra, which most installations lack."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "clearhead.look.figures", raising=False)
    monkeypatch.delattr("clearhead.look.save_figure", raising=False)
    result = clearhead("look", run_folder, "one", "--html", tmp_path / "look.html")
    assert (result.code, result.err) == (0, "")

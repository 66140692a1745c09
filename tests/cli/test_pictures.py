"""`clearhead look --png DIR` and `--svg DIR`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_every_picture(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    """faults.md D6: layers and heads are counted from 1 in commands and files, as on the page."""
    result = clearhead("look", run_folder, "one two", "--svg", tmp_path / "pictures", "--head", "1")
    assert (result.code, result.err) == (0, "")
    attentions = ("encoder.layer-1.self", "decoder.layer-1.self", "decoder.layer-1.cross")
    names = [f"{part}_attention.{which}.svg" for part in attentions for which in ("head-1", "heads")]
    paths = [tmp_path / "pictures" / name for name in [*names, "positions.svg", "beam.svg", "curves.svg"]]
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
    assert written[-4:] == [Path("a/beam.png"), Path("b/beam.svg"), Path("a/curves.png"), Path("b/curves.svg")]
    assert len(written) == 18


def test_the_head_that_is_named_is_the_head_that_is_drawn(
    clearhead: Run, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md D6: head 2 is the second, index 1 of the trace's tensor."""
    drawn: list[tuple[str, int]] = []

    def draw(trace: Any, attention: str, head: int, language: str) -> None:
        drawn.append((attention, head))

    monkeypatch.setattr("clearhead.look.draw_attention", draw)
    monkeypatch.setattr("clearhead.look.save_figure", lambda figure, path: None)
    result = clearhead("look", run_folder, "one", "--png", tmp_path, "--head", "2", "--layer", "1")
    assert result.code == 0
    assert drawn[0] == ("encoder.layers.0.self_attention", 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--layer", "1"], "--layer is for pictures; add --png DIR or --svg DIR"),
        (["--head", "1"], "--head is for pictures; add --png DIR or --svg DIR"),
        (["--png", "pictures", "--layer", "2"], "--layer 2 is not there: the model has 1 layers; count from 1"),
        (["--png", "pictures", "--layer", "0"], "--layer 0 is not there: layers and heads are counted from 1"),
        (["--png", "pictures", "--layer", "-1"], "--layer -1 is not there: layers and heads are counted from 1"),
        (["--png", "pictures", "--head", "0"], "--head 0 is not there: layers and heads are counted from 1"),
        (["--png", "pictures", "--head", "3"], "--head 3 is not there: each attention has 2 heads; count from 1"),
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


def test_without_matplotlib(clearhead: Run, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before the model is read, which takes longer."""
    monkeypatch.setattr("clearhead.bundle.loading.check_files", pytest.fail)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "clearhead.look.figures", raising=False)
    result = clearhead("look", run_folder, "one", "--png", tmp_path)
    assert result.code == 2
    assert "pip install matplotlib" in result.err


def test_who_asks_for_no_picture_needs_no_matplotlib(
    clearhead: Run, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra, which most installations lack."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "clearhead.look.figures", raising=False)
    monkeypatch.delattr("clearhead.look.save_figure", raising=False)
    result = clearhead("look", run_folder, "one", "--html", tmp_path / "look.html", "--quiet")
    assert (result.code, result.err) == (0, "")

"""`clearhead score`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import load

Run = Callable[..., Any]


@pytest.mark.parametrize("penalty", ["mean:1.0", "gnmt:0.6", "none"])
def test_it_is_what_translate_reported(
    clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path, penalty: str
) -> None:
    """The issue, through files: within 1e-6, for every hypothesis that reads as the pieces that search chose."""
    options = ("--length-penalty", penalty)
    found = clearhead(
        "translate", run_folder, "--in", corpus / "train.en", "--n-best", "--top-beams", 2, *options
    ).lines
    rows = [line.split(" ||| ") for line in found]
    sources = (corpus / "train.en").read_text().split("\n")
    (tmp_path / "sources").write_text("".join(f"{sources[int(row[0])]}\n" for row in rows))
    (tmp_path / "targets").write_text("".join(f"{row[1]}\n" for row in rows), encoding="utf-8")
    result = clearhead("score", run_folder, tmp_path / "sources", tmp_path / "targets", *options)
    scored = [[float(part) for part in line.split("\t")] for line in result.lines]
    assert len(scored) == len(rows)
    reported = [[float(row[2].removeprefix("F0= ")), float(row[3])] for row in rows]
    bundle = load(run_folder)
    ended = [
        one.finished for every in bundle.search(sources[:-1], top_beams=2, length_penalty=penalty) for one in every
    ]
    compared = [pair for pair, is_whole in zip(zip(reported, scored, strict=True), ended, strict=True) if is_whole]
    assert len(compared) > len(rows) / 2
    for (log_probability, score), (again, score_again) in compared:
        assert score_again == pytest.approx(score, abs=1e-6)
        assert again == pytest.approx(log_probability, abs=1e-5)


def test_one_line_a_pair(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\n\ntwo\n")
    (tmp_path / "b").write_text("un\n\n\n")
    result = clearhead("score", run_folder, tmp_path / "a", tmp_path / "b")
    assert (result.code, result.err) == (0, "")
    assert len(result.lines) == 3
    assert result.lines[1] == "0.00000000\t0.00000000"


def test_a_long_source_is_said(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1" * 100 + "\n")
    (tmp_path / "b").write_text("un\n")
    noted = clearhead("score", run_folder, tmp_path / "a", tmp_path / "b")
    assert noted.err == "clearhead: line 1 is longer than the model's 64 tokens; its rest is left out\n"
    assert clearhead("score", run_folder, tmp_path / "a", tmp_path / "b", "--quiet").err == ""


def test_a_long_target_is_an_error(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    """Half of a translation would have another score."""
    (tmp_path / "a").write_text("one\none\n")
    (tmp_path / "b").write_text("un\n" + "1" * 100 + "\n")
    result = clearhead("score", run_folder, tmp_path / "a", tmp_path / "b")
    assert result.code == 2
    assert "sentence 2: its target has 100 tokens but the model takes 0 to 63; split it" in result.err

"""`clearhead compare`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sacrebleu import corpus_bleu, corpus_chrf, corpus_ter

from clearhead.bundle import load

Run = Callable[..., Any]
RIGHT = ["the cat sat on the mat", "a dog runs fast", "it rains"]
FIRST = ["the cat sat on the mat", "a dog runs", "it rains"]
SECOND = ["the cat sat on a mat", "a dog runs fast", "it rains"]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, lines in (("first", FIRST), ("second", SECOND), ("right", RIGHT), ("source", ["w", "x", "y"])):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    return [tmp_path / name for name in ("first", "second", "right")]


def test_two_files(clearhead: Run, files: list[Path]) -> None:
    result = clearhead("compare", *files)
    assert (result.code, result.err) == (0, "")
    rows = {line.split()[0]: line.split() for line in result.lines if line[:1].strip()}
    for name, metric in (("BLEU", corpus_bleu), ("chrF", corpus_chrf), ("TER", corpus_ter)):
        assert rows[name][1:3] == [f"{metric(one, [RIGHT]).score:.2f}" for one in (FIRST, SECOND)]
    assert rows["3"] == ["3", "lines,", "of", "which", "2", "differ"]
    assert rows["better"][:6] == ["better", "in", "B:", "line", "2,", "chrF"]
    assert rows["worse"][:6] == ["worse", "in", "B:", "line", "1,", "chrF"]
    assert "  B          the cat sat on a mat" in result.lines
    assert not any(line.startswith("  source") for line in result.lines)
    assert max(len(line) for line in result.lines if str(files[0].parent) not in line) <= 80


def test_what_was_translated_is_shown_where_it_is_known(clearhead: Run, files: list[Path], tmp_path: Path) -> None:
    result = clearhead("compare", *files, "--source", tmp_path / "source", "--show", 1)
    assert [line for line in result.lines if line.startswith("  source")] == ["  source     x", "  source     w"]
    assert "better in B" not in clearhead("compare", *files, "--show", 0).out.decode()


def test_json_holds_all_of_it(clearhead: Run, files: list[Path]) -> None:
    found = json.loads(clearhead("compare", *files, "--json").out)
    assert found["differences"]["ter"]["first"] == pytest.approx(corpus_ter(FIRST, [RIGHT]).score)
    assert [one["number"] for one in found["changes"]] == [2, 1]
    assert found["names"] == [str(one) for one in files[:2]]


def test_a_model_beside_a_file(clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path) -> None:
    sources, right = ((corpus / name).read_text().split("\n")[:-1] for name in ("val.en", "val.fr"))
    options = "--source", corpus / "val.en", "--beam-size", 1
    result = clearhead("compare", run_folder, corpus / "val.fr", corpus / "val.fr", *options, "--json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    expected = corpus_bleu(load(run_folder).translate(sources, beam_size=1), [right]).score
    assert found["differences"]["bleu"]["first"] == pytest.approx(expected)
    assert found["exact"][1] == 100


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_page(clearhead: Run, files: list[Path], tmp_path: Path, language: str) -> None:
    page = tmp_path / "page.html"
    result = clearhead("compare", *files, "--html", page, "--lang", language)
    assert (result.code, result.err) == (
        0, f"clearhead: {page} is written; it opens in any browser, without a server\n",
    )  # fmt: skip
    assert f'<html lang="{language}">' in page.read_text()


def test_what_is_refused(clearhead: Run, files: list[Path], run_folder: Path, tmp_path: Path) -> None:
    first, second, right = files
    (tmp_path / "short").write_text("one\n")
    cases = {
        (first, tmp_path / "none", right): f"B {tmp_path / 'none'} does not exist; expected a file of translations or",
        (run_folder, second, right): f"A {run_folder} is a model, which needs something to translate; add --source",
        (first, tmp_path / "short", right): f"B {tmp_path / 'short'} has 1 lines, expected 3: one for each line of",
        (first, second, right, "--beam-size", 2): "--beam-size 2 is for models, and A and B are files of lines",
        (first, second, right, "--html", first): f"--html {first} is the file that is read as A",
        (first, second, tmp_path): f"{tmp_path} is a folder; expected a text file",
    }
    for arguments, message in cases.items():
        result = clearhead("compare", *arguments)
        assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
        assert message in result.err

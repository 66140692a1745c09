"""`clearhead evaluate`."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sacrebleu import corpus_bleu, corpus_chrf, corpus_ter

from clearhead.bundle import load

Run = Callable[..., Any]


@pytest.fixture
def files(corpus: Path) -> tuple[Path, Path]:
    return corpus / "val.en", corpus / "val.fr"


@pytest.fixture
def expected(run_folder: Path, files: tuple[Path, Path]) -> tuple[float, ...]:
    """sacreBLEU's own functions on the model's translations."""
    sources, references = (path.read_text().split("\n")[:-1] for path in files)
    translations = load(run_folder).translate(sources)
    return tuple(metric(translations, [references]).score for metric in (corpus_bleu, corpus_chrf, corpus_ter))


def test_the_table(clearhead: Run, run_folder: Path, files: tuple[Path, Path], expected: tuple[float, ...]) -> None:
    result = clearhead("evaluate", run_folder, *files)
    assert (result.code, result.err) == (0, "")
    header, row, bleu, chrf, ter = result.lines
    assert header.split() == ["BLEU", "chrF", "TER", "exact", "of", "6", "lines"]
    assert row.split()[:4] == ["model", *(f"{one:.2f}" for one in expected)]
    assert "tok:13a" in bleu
    assert "nc:6" in chrf
    assert "tok:tercom" in ter
    assert max(map(len, result.lines)) <= 80


def test_json(clearhead: Run, run_folder: Path, files: tuple[Path, Path], expected: tuple[float, ...]) -> None:
    result = clearhead("evaluate", run_folder, *files, "--json")
    document = json.loads(result.out)
    assert document["lines"] == 6
    assert [document["model"][name] for name in ("bleu", "chrf", "ter")] == pytest.approx(expected)
    assert "against" not in document


def test_swapped_files_are_told(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    """The model writes French whatever it reads, and nothing was said of a BLEU of 0."""
    words = ("one", "two", "three", "four", "five"), ("un", "deux", "trois", "quatre", "cinq")
    for name, language in zip(("en", "fr"), words, strict=True):
        rows = itertools.product(language, repeat=2)
        (tmp_path / name).write_text("".join(f"{first} {second}\n" for first, second in rows))
    options = "--beam-size", 1
    right = clearhead("evaluate", run_folder, tmp_path / "en", tmp_path / "fr", *options)
    assert (right.code, right.err) == (0, "")
    swapped = clearhead("evaluate", run_folder, tmp_path / "fr", tmp_path / "en", *options)
    assert swapped.code == 0
    assert swapped.err == (
        "clearhead: SOURCE and REFERENCE seem to be swapped: the translations are in the language of SOURCE and not in "
        "that of REFERENCE; the order is MODEL SOURCE REFERENCE\n"
    )
    assert clearhead("evaluate", run_folder, tmp_path / "fr", tmp_path / "en", "--quiet", *options).err == ""


def test_against_another_system(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    """The references themselves are a system that is always right; six words, since BLEU needs four."""
    (tmp_path / "source").write_text("one two three\nfour five six\n" * 4)
    (tmp_path / "right").write_text("un deux trois quatre cinq six\nsix cinq quatre trois deux un\n" * 4)
    files = tmp_path / "source", tmp_path / "right"
    result = clearhead("evaluate", run_folder, *files, "--against", tmp_path / "right")
    assert result.lines[2].split()[-6:] == [str(tmp_path / "right"), "100.00", "100.00", "0.00", "100.0", "%"]
    assert "by chance with p = 0.0" in result.lines[3]
    document = json.loads(clearhead("evaluate", run_folder, *files, "--against", tmp_path / "right", "--json").out)
    assert document["against"]["exact"] == 100.0
    assert 0 <= document["p_value"] < 0.05


def test_the_search_can_be_chosen(clearhead: Run, run_folder: Path, files: tuple[Path, Path]) -> None:
    options = ("--beam-size", 1, "--length-penalty", "none", "--batch-tokens", 20)
    assert clearhead("evaluate", run_folder, *files, *options).code == 0


def test_words_can_be_split_otherwise(clearhead: Run, run_folder: Path, files: tuple[Path, Path]) -> None:
    result = clearhead("evaluate", run_folder, *files, "--tokenize", "none", "--json")
    assert "tok:none" in json.loads("\n".join(result.lines))["model"]["bleu_signature"]
    refused = clearhead("evaluate", run_folder, *files, "--tokenize", "mecab")
    assert refused.code == 2
    assert "'mecab'" in refused.err


def test_a_table_named_twice_is_told_once(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("".join(f"one\t{number}\n" for number in range(6)))
    for command in ("evaluate", "score"):
        result = clearhead(command, run_folder, tmp_path / "pairs.tsv", tmp_path / "pairs.tsv")
        assert (result.code, result.err.count("looks like a table"), result.err.count("\n")) == (0, 1, 1)

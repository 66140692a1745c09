"""`clearhead summarise`."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle, load

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def summariser(run_folder: Path) -> Bundle:
    """The tiny translator, as one that was trained for summaries."""
    bundle = load(run_folder)
    settings = dataclasses.replace(bundle.settings, task="summarisation", languages=((None, None),))
    return Bundle(bundle.model, bundle.source_tokenizer, bundle.target_tokenizer, bundle.recipe, settings=settings)


@pytest.fixture(scope="session")
def summariser_folder(summariser: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "summariser"
    summariser.save(folder)
    return folder


def test_texts_or_lines(clearhead: Run, summariser: Bundle, summariser_folder: Path, tmp_path: Path) -> None:
    expected = summariser.summarise(["one two", "three"])
    assert summariser.summarise("three") == expected[1]
    wanted = "".join(f"{one}\n" for one in expected).encode()
    result = clearhead("summarise", summariser_folder, "one two", "three")
    assert (result.code, result.out, result.err) == (0, wanted, "")
    assert clearhead("summarise", summariser_folder, stdin=b"one two\nthree\n").out == wanted
    (tmp_path / "in").write_text("one two\nthree\n", encoding="utf-8")
    result = clearhead("summarise", summariser_folder, "--in", tmp_path / "in", "--out", tmp_path / "out")
    assert (result.code, result.out, (tmp_path / "out").read_bytes()) == (0, b"", wanted)


def test_how_sure_it_is(clearhead: Run, summariser_folder: Path) -> None:
    out = clearhead("summarise", summariser_folder, "one two", "--confidence").out.decode()
    assert 0.0 < float(out.split("\t")[0]) <= 1.0


HOSTILE = [
    "",
    "\u2028",
    "a\x1b[2Jb",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "a " * 500_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=["empty", "line separator", "escape", "surrogate", "a megabyte"])
def test_one_line_out_for_whatever_is_typed(clearhead: Run, summariser_folder: Path, text: str) -> None:
    result = clearhead("summarise", summariser_folder, "--beam-size", 1, stdin=f"one\n{text}\ntwo\n".encode())
    assert (result.code, result.out.count(b"\n")) == (0, 3)
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one", "--in", "x"], "--in x and a TEXT both say what to summarise"),
        (["--in", "x"], "input x cannot be read"),
        (["one", "--beam-size", "0"], "beam_size=0"),
    ],
)
def test_what_is_refused(clearhead: Run, summariser_folder: Path, arguments: list[str], message: str) -> None:
    result = clearhead("summarise", summariser_folder, *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
    assert message in result.err


def test_each_model_has_its_own_command(clearhead: Run, summariser_folder: Path, run_folder: Path) -> None:
    said = clearhead("translate", summariser_folder, stdin=b"one\n")
    assert (said.code, said.out) == (2, b"")
    assert (
        "this model summarises (summarisation), and `clearhead translate` is for translation; use `clearhead summ"
        in said.err
    )
    said = clearhead("summarise", run_folder, "one")
    assert (said.code, said.out) == (2, b"")
    assert "this model translates (translation), and `clearhead summarise` is for summarisation" in said.err


def test_a_bundle_that_is_read_again_summarises(summariser: Bundle, summariser_folder: Path) -> None:
    again = load(summariser_folder)
    assert (again.task, again.summarise("one two")) == ("summarisation", summariser.summarise("one two"))
    assert again.encode("one") == summariser.encode("one")
    assert all(one.agrees for one in again.trace("one").check())


def test_a_blank_text_and_given_summaries(
    clearhead: Run, summariser: Bundle, summariser_folder: Path, tmp_path: Path
) -> None:
    """A blank text is read as its end alone; score asks a summariser as it asks a translator."""
    assert summariser.encode("") == [summariser.source_tokenizer.end]
    assert summariser.tag(None) == []
    for name, text in (("a", "one two\n"), ("b", "un deux\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = clearhead("score", summariser_folder, tmp_path / "a", tmp_path / "b")
    assert result.code == 0
    [scored] = summariser.score(["one two"], ["un deux"])
    assert f"{scored.log_probability:.4f}" in result.out.decode()

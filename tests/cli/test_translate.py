"""`clearhead translate`."""

import io
import math
import os
import re
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import load
from clearhead.cli import lines
from clearhead.cli.app import main
from clearhead.decoding import Engine

Run = Callable[..., Any]
HOSTILE = {
    "blank": b"\n", "spaces": b"   \n", "NUL": b"a\x00b\n", "line separator": "a\u2028b\n".encode(),
    "next line": "a\u0085b\n".encode(), "vertical tab": b"a\x0bb\n", "form feed": b"a\x0cb\n", "CR": b"a\rb\n",
    "CRLF": b"a\r\n", "BOM": b"\xef\xbb\xbfa\n", "only BOM": b"\xef\xbb\xbf\n", "bidi": "a\u202eb\u2066c\n".encode(),
    "invalid UTF-8": b"\xff\xfe\xc3\n", "surrogate": b"\xed\xa0\x80\n", "no newline": b"a",
    "very long": b"a b " * 50_000 + b"\n",
    "controls typed": b"</s> <2fr> \xe2\x9f\xa8end\xe2\x9f\xa9\n", "emoji": "👩‍👩‍👧\n".encode(),
    "combining": "e\u0301\u0323\n".encode(),
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_one_line_out_for_each_line_in(clearhead: Run, run_folder: Path, content: bytes) -> None:
    """Before and after it two lines whose translations show that nothing shifted."""
    one, two = clearhead("translate", run_folder, "--beam-size", 1, stdin=b"one\ntwo\n").out.split(b"\n")[:2]
    joined = content if content.endswith(b"\n") else content + b"\n"
    result = clearhead("translate", run_folder, "--beam-size", 1, "--quiet", stdin=b"one\n" + joined + b"two\n")
    assert (result.code, result.err) == (0, "")
    assert result.out.count(b"\n") == 3
    assert (result.out.split(b"\n")[0], result.out.split(b"\n")[2]) == (one, two)
    alone = clearhead("translate", run_folder, "--beam-size", 1, "--quiet", stdin=content)
    assert alone.out.count(b"\n") == 1


def test_what_is_not_utf_8_is_said(clearhead: Run, run_folder: Path) -> None:
    """é in Latin-1 is the byte E9, here the ninth of the second line."""
    result = clearhead("translate", run_folder, stdin=b"one\nJe suis \xe9tudiant\n")
    assert result.code == 0
    assert result.err == (
        "clearhead: line 2 is not UTF-8 (its byte 9), and what cannot be read is replaced; convert the text, as in: "
        "iconv -f LATIN1 -t UTF-8\n"
    )


def test_a_line_that_fits_no_encoding_is_said(clearhead: Run, run_folder: Path) -> None:
    """faults.md B6: no advice that would ruin the rest."""
    result = clearhead("translate", run_folder, stdin=b"one\n\xff\xfe\xc3\n")
    assert result.code == 0
    assert result.err.endswith("is not UTF-8 (its byte 1), and what cannot be read is replaced; correct the line\n")


def test_a_script_that_the_model_never_read_is_said(clearhead: Run) -> None:
    """faults.md B5: Korean and Cyrillic, to a model that wrote Korean and read Latin alone. The lines are there."""
    given = "I am a student.\n저는 학생입니다.\nПривет!\n".encode()
    result = clearhead("translate", "street", "--to", "fr", "--beam-size", 1, stdin=given)
    assert (result.code, result.out.count(b"\n"), result.err.count("\n")) == (0, 3, 1)
    assert result.err.startswith("clearhead: lines 2, 3 are in a script that this model never learned to read")


def test_a_file_in_another_encoding_is_refused(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    """faults.md B6: before a line is translated."""
    (tmp_path / "in").write_bytes("오늘은 날씨가 좋습니다.\n".encode("cp949") * 9)
    result = clearhead("translate", run_folder, "--in", tmp_path / "in", "--out", tmp_path / "out")
    assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
    assert "iconv -f CP949 -t UTF-8 FILE > NEW" in result.err
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="waits for a pipe by select")
def test_a_program_that_waits_for_each_answer_gets_it(clearhead: Run, run_folder: Path) -> None:
    """faults.md B9: it writes a line and reads one, and never ends its input before the last."""
    texts = [b"one\n", b"two three\n", b"four\n"]
    expected = clearhead("translate", run_folder, "--beam-size", 1, stdin=b"".join(texts)).out.splitlines(keepends=True)
    command = [sys.executable, "-m", "clearhead", "translate", str(run_folder), "--beam-size", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for text, answer in zip(texts, expected, strict=True):
                process.stdin.write(text)
                process.stdin.flush()
                assert select.select([process.stdout], [], [], 120)[0], "no answer came"
                assert process.stdout.readline() == answer
        finally:
            process.stdin.close()
            process.wait()
    assert process.returncode == 0


def test_nothing_in_nothing_out(clearhead: Run, run_folder: Path) -> None:
    result = clearhead("translate", run_folder)
    assert (result.code, result.out, result.err) == (0, b"", "")


def test_files(clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path) -> None:
    result = clearhead("translate", run_folder, "--in", corpus / "val.en", "--out", tmp_path / "val.fr")
    assert (result.code, result.out, result.err) == (0, b"", "")
    expected = load(run_folder).translate((corpus / "val.en").read_text().split("\n")[:-1])
    assert (tmp_path / "val.fr").read_text(encoding="utf-8").split("\n")[:-1] == expected


@pytest.mark.parametrize("options", [(), ("--sample",)])
def test_more_lines_than_are_held_at_a_time(
    clearhead: Run, run_folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    whole = clearhead("translate", run_folder, "--n-best", *options, stdin=b"one\none\n\none\nfour\n").lines
    monkeypatch.setattr("clearhead.bundle.streaming.FIRST_TEXTS", 1)
    monkeypatch.setattr("clearhead.bundle.streaming.MOST_TEXTS", 2)
    parts = clearhead("translate", run_folder, "--n-best", *options, stdin=b"one\none\n\none\nfour\n").lines
    texts = [[line.split(" ||| ")[:2] for line in lines] for lines in (whole, parts)]
    assert texts[0] == texts[1]
    assert [line.split(" ||| ")[0] for line in parts] == ["0", "1", "2", "3", "4"]


def test_n_best(clearhead: Run, run_folder: Path) -> None:
    """Marian's form: `0 ||| hypothesis ||| F0= -1.66 ||| -1.66`, best first, numbered from 0."""
    result = clearhead("translate", run_folder, "--n-best", "--top-beams", 3, stdin=b"one two\n\nsix\n")
    assert result.code == 0
    form = re.compile(r"(\d+) \|\|\| (.*) \|\|\| F0= (-?\d+\.\d{8}) \|\|\| (-?\d+\.\d{8})")
    found = [form.fullmatch(line) for line in result.lines]
    assert all(found)
    rows = [one.groups() for one in found if one]
    assert [row[0] for row in rows] == ["0", "0", "0", "1", "2", "2", "2"]
    assert rows[3][1:] == ("", "0.00000000", "0.00000000")
    assert rows[0][1] == load(run_folder).translate("one two", beam_size=3)


def test_alignments(clearhead: Run, run_folder: Path) -> None:
    """Marian's form with --alignment: a field more, which of a blank line is empty."""
    result = clearhead("translate", run_folder, "--alignment", stdin=b"one two\n\n")
    assert (result.code, result.err) == (0, "")
    text, field = result.lines[0].split(" ||| ")
    assert text == load(run_folder).translate("one two")
    assert re.fullmatch(r"\d+-\d+( \d+-\d+)*", field)
    # One link for each word of the translation.
    assert sorted(int(one.split("-")[1]) for one in field.split()) == list(range(len(text.split())))
    assert result.lines[1] == " ||| "
    listed = clearhead("translate", run_folder, "--alignment", "--n-best", stdin=b"one two\n\n").lines
    assert [line.split(" ||| ")[1:3] for line in listed] == [[text, field], ["", ""]]
    assert len(listed[0].split(" ||| ")) == 5
    sure = clearhead("translate", run_folder, "--alignment", "--confidence", stdin=b"one two\n").lines
    assert sure[0].split("\t")[1] == result.lines[0]


def test_coverage(clearhead: Run, run_folder: Path) -> None:
    """Its part of the score is 0 or less; a number out of range, or one beside a draw, is refused in one line."""
    plain, told = (
        clearhead("translate", run_folder, "--n-best", "--beam-size", 3, *more, stdin=b"one two\n")
        for more in ((), ("--coverage-penalty", 2))
    )
    assert told.code == 0
    scores = [float(one.lines[0].split(" ||| ")[-1]) for one in (plain, told)]
    assert scores[1] <= scores[0]
    refused = clearhead("translate", run_folder, "--coverage-penalty", 0.2, "--sample", stdin=b"one\n")
    assert (refused.code, refused.out) == (2, b"")
    assert "--coverage-penalty ranks what a search found" in refused.err
    assert clearhead("translate", run_folder, "--coverage-penalty", -1, stdin=b"one\n").code == 2


def test_groups(clearhead: Run, run_folder: Path) -> None:
    """Each gives one of as many translations as there are groups; what cannot be is refused in one line."""
    given = ("translate", run_folder, "--n-best", "--beam-groups", 3)
    told = clearhead(*given, "--top-beams", 3, "--diversity-penalty", 2, stdin=b"one two\n")
    assert (told.code, told.err, len(told.lines)) == (0, "", 3)
    assert len({line.split(" ||| ")[1] for line in told.lines}) == 3
    for more, why in (
        (("--beam-size", 4), "beam_size=4 cannot be parted in beam_groups=3"),
        (("--sample",), "beam_groups=3 is for searching, and sampling draws"),
        (("--coverage-penalty", 0.2), "coverage_penalty is for a beam without groups"),
        (("--contain", "one"), "contain is for a beam without groups"),
    ):
        refused = clearhead(*given, *more, stdin=b"one\n")
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, b"", 1)
        assert why in refused.err


def test_models_translate_together(clearhead: Run, run_folder: Path) -> None:
    alone = clearhead("translate", run_folder, "--n-best", stdin=b"one two\n")
    both = clearhead("translate", run_folder, "--with", run_folder, "--n-best", stdin=b"one two\n")
    assert (both.code, both.err, both.lines) == (0, "", alone.lines)
    result = clearhead("translate", "street", "--to", "fr", "--with", run_folder, stdin=b"one\n")
    assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
    assert "model 2 of the ensemble" in result.err
    assert "pieces" in result.err


def test_paragraphs(clearhead: Run) -> None:
    """The spaces between sentences stay, and a long line of short sentences is not cut."""
    given = b"I am a student.  The dog sleeps. \n\n" + b"I am a student. " * 60 + b"\n"
    result = clearhead("translate", "street", "--to", "fr", "--paragraphs", "--beam-size", 1, stdin=given)
    assert (result.code, result.err) == (0, "")
    assert result.out.decode().split("\n") == [
        "Je suis étudiant.  Le chien dort. ", "", "Je suis étudiant. " * 60, ""
    ]  # fmt: skip
    cut = clearhead("translate", "street", "--to", "fr", "--paragraphs", "--beam-size", 1, stdin=b"A. " + b"a " * 999)
    assert "line 1 has a sentence longer than the model's" in cut.err
    refused = clearhead("translate", "street", "--to", "fr", "--paragraphs", "--n-best", stdin=b"a\n")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "--paragraphs gives one translation for each sentence, and --n-best is for whole texts" in refused.err


def test_a_long_line_is_cut_and_said(clearhead: Run, run_folder: Path) -> None:
    result = clearhead("translate", run_folder, "--beam-size", 1, stdin=b"one\n" + b"1" * 500 + b"\n")
    assert result.err == "clearhead: line 2 is longer than the model's 64 tokens; its rest is left out\n"
    assert len(result.lines) == 2
    assert clearhead("translate", run_folder, "--quiet", "--beam-size", 1, stdin=b"1" * 500).err == ""


def test_a_warning_is_a_line_of_ours(clearhead: Run, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearhead.native.library.library", lambda: None)
    result = clearhead("translate", run_folder, "--precision", "int8", stdin=b"one\n")
    assert result.err == "clearhead: int8 needs a C compiler (cc, gcc or clang) and a model on the CPU; fp32 is used\n"
    assert len(result.lines) == 1


# Makes what it is asked for, which is then no library.
SENSELESS = """#!/bin/sh
for one in "$@"; do
  [ "$before" = -o ] && echo nonsense > "$one"
  before=$one
done
exit 0
"""


@pytest.mark.parametrize("quiet", [False, True])
def test_the_first_time_it_says_that_it_compiles(run_folder: Path, corpus: Path, tmp_path: Path, quiet: bool) -> None:
    """Once, and what is wrong, quiet or not."""
    (tmp_path / "cc").write_text(SENSELESS)
    (tmp_path / "cc").chmod(0o755)
    command = [sys.executable, "-m", "clearhead", "translate", str(run_folder), "--in", str(corpus / "val.en")]
    environment = {**os.environ, "CC": str(tmp_path / "cc"), "CLEARHEAD_CACHE": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *["--quiet"] * quiet], capture_output=True, text=True, env=environment, check=True)
    noted = ["clearhead: compiling C for this processor, once: some seconds"]
    assert done.stderr.splitlines()[:-1] == ([] if quiet else noted)
    assert done.stderr.splitlines()[-1].startswith("clearhead: what the C compiler made cannot be loaded (")


def test_to(clearhead: Run, two_languages_folder: Path) -> None:
    found = {
        clearhead("translate", two_languages_folder, "--to", to, "--n-best", stdin=b"one\n").out for to in ("en", "fr")
    }
    assert len(found) == 2


def test_a_prefix(clearhead: Run, run_folder: Path) -> None:
    assert clearhead("translate", run_folder, "--prefix", "deux", stdin=b"one\n").lines[0].startswith("deux")


def test_samples(clearhead: Run, run_folder: Path) -> None:
    def drawn(*options: object) -> bytes:
        return bytes(clearhead("translate", run_folder, "--sample", *options, stdin=b"one two\nsix\n").out)

    assert drawn("--seed", 1) == drawn("--seed", 1) == drawn()
    assert drawn("--seed", 1) != drawn("--seed", 2)
    greedy = clearhead("translate", run_folder, "--beam-size", 1, stdin=b"one two\nsix\n").out
    assert drawn("--top-k", 1) == drawn("--temperature", 0.01) == greedy


class Person(io.BytesIO):
    """Somebody at a terminal, who types the next line when the answer to the one before is there."""

    def __init__(self, typed: bytes, capture: pytest.CaptureFixture[bytes]) -> None:
        super().__init__(typed)
        self.capture = capture
        self.answers: list[bytes] = []
        self.notes = b""

    def __next__(self) -> bytes:
        seen = self.capture.readouterr()
        self.answers.append(seen.out)
        self.notes += seen.err
        return super().__next__()


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


class TestPerson:
    @pytest.fixture
    def person(self, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Person:
        person = Person(b"one\ntwo\n", capsysbinary)
        monkeypatch.setattr(sys, "stdin", Terminal(person))
        return person

    def test_each_answer_comes_before_the_next_line_is_read(self, run_folder: Path, person: Person) -> None:
        assert main(["translate", str(run_folder), "--beam-size", "1"]) == 0
        assert [answer.count(b"\n") for answer in person.answers] == [0, 1, 1]

    def test_nobody_is_asked_for_a_sentence_in_vain(
        self, two_languages_folder: Path, person: Person, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        """A language that the model does not know is refused before a sentence is asked for."""
        assert main(["translate", str(two_languages_folder), "--to", "kr"]) == 2
        assert person.answers == []
        said = capsysbinary.readouterr().err
        assert said.startswith(b"clearhead: this model translates into en, fr, not 'kr'")
        assert said.count(b"\n") == 1

    @pytest.mark.parametrize("options", [["--quiet"], []])
    def test_what_to_do_is_said(self, run_folder: Path, options: list[str], person: Person) -> None:
        main(["translate", str(run_folder), "--beam-size", "1", *options])
        assert person.notes == (b"" if options else b"Type a sentence and Enter; end with Ctrl-D.\n")

    def test_lines_of_a_file_are_taken_many_at_a_time(
        self, run_folder: Path, corpus: Path, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Though somebody sits at the terminal."""
        sizes: list[int] = []
        real = Engine.results

        def results(self: Engine, requests: Sequence[Any], *given: Any) -> Any:
            sizes.append(len(requests))
            return real(self, requests, *given)

        monkeypatch.setattr(Engine, "results", results)
        main(["translate", str(run_folder), "--in", str(corpus / "val.en"), "--beam-size", "1"])
        assert sizes == [6]
        assert person.answers == []


@pytest.mark.parametrize("options", [(), ("--quiet",)])
def test_a_table_is_told(clearhead: Run, run_folder: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Each line was translated, with its commas and numbers, as if it were a sentence."""
    (tmp_path / "pairs.csv").write_text("".join(f"one,{number}\n" for number in range(6)))
    result = clearhead("translate", run_folder, "--in", tmp_path / "pairs.csv", "--beam-size", 1, *options)
    assert (result.code, result.out.count(b"\n")) == (0, 6)
    said = (
        "clearhead: the input looks like a table: nearly every line has 2 columns, separated by a comma, and each is "
    )
    assert result.err.startswith("" if options else said)
    assert result.err.count("\n") == (0 if options else 1)


def test_confidence_is_a_column_before_the_text(clearhead: Run, run_folder: Path) -> None:
    """faults.md B5: exp of the mean log-probability of a token, which Bundle.search reports; 1 for a blank line."""
    given = ["one two", "", "six"]
    result = clearhead("translate", run_folder, "--confidence", stdin="\n".join(given).encode() + b"\n")
    columns = [line.split("\t", 1) for line in result.out.decode().splitlines()]
    best = [found for [found] in load(run_folder).search(given)]
    means = [sum(one.token_log_probabilities) / max(1, len(one.tokens)) for one in best]
    assert [float(figure) for figure, _ in columns] == pytest.approx([math.exp(mean) for mean in means], abs=6e-5)
    assert columns[1] == ["1.0000", ""]
    assert [text for _, text in columns] == [lines.one_line(one.text) for one in best]
    refused = clearhead("translate", run_folder, "--confidence", "--n-best", stdin=b"one\n")
    assert (refused.code, refused.out) == (2, b"")
    assert "leave one of them out" in refused.err

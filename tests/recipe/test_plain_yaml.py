"""The one reader of YAML: what a word means, and what is refused."""

import re
from pathlib import Path
from random import Random
from typing import Any

import pydantic
import pytest

import clearhead
from clearhead.bounds import REAL, WHOLE
from clearhead.decoding import LengthPenalty
from clearhead.decoding.options import SearchOptions
from clearhead.errors import DecodingError, RecipeError
from clearhead.recipe.plain_yaml import read_yaml, write_yaml
from clearhead.recipe.sections import MOST_ALPHA, DecodingSettings

SOURCE = Path(clearhead.__file__).parent


class TestWords:
    """Chapter 10.3 of YAML 1.2.2 (the core schema), but for the two forms of whole numbers that YAML 1.1 has."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            # faults.md A9: "YAML 1.1 traps": there 1:30 is 90, 010 is 8, no is false, and 1e3 is text.
            ("1:30", "1:30"), ("010", "010"), ("1e3", 1000.0), ("3e-3", 0.003), ("1E5", 100_000.0),
            ("-2.5e+3", -2500.0),
            ("no", "no"), ("off", "off"), ("on", "on"), ("yes", "yes"), ("y", "y"), ("NO", "NO"),
            ("2026-11-29", "2026-11-29"), ("2026-99-99", "2026-99-99"), ("2026-11-29 10:20:30", "2026-11-29 10:20:30"),
            ("=", "="), ("0b11", "0b11"), ("0o17", "0o17"), ("1.2.3", "1.2.3"), ("e3", "e3"), ("-", [None]),
            ("1_0_", 10),
            ("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("0", 0), ("-7", -7), ("+7", 7),
            ("1_000", 1000), ("0x1F", 31), (".5", 0.5), ("5.", 5.0), ("1.5", 1.5), (".inf", float("inf")),
            ("-.INF", float("-inf")), ("'no'", "no"), ('"1"', "1"), ("'null'", "null"), ("|\n  1", "1"),
            ("9" * 400, "9" * 400),
        ],
    )  # fmt: skip
    def test_what_a_word_means(self, text: str, expected: object) -> None:
        found = read_yaml(text, "a")
        assert found == expected
        assert type(found) is type(expected)

    def test_keys_are_text(self) -> None:
        assert read_yaml("{1: a, no: b, null: c, 1e3: d, '<<': e}", "a") == {
            "1": "a", "no": "b", "null": "c", "1e3": "d", "<<": "e",
        }  # fmt: skip


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            # faults.md A9
            ("a: &x [1]\nb: *x", r"a, line 1: an anchor \(&\) is not read; write the values out"),
            ("b: *x", r"a, line 1: an alias \(\*\) is not read"),
            ("&a : b", "a key is no plain word|an anchor"),
            ("a:\n  <<: {b: 1}", r"a, line 2: a merge key \(<<\) is not read; write the keys out"),
            ("a: !!binary aGk=", "line 1: the tag tag:yaml.org,2002:binary is not read"),
            ("a: !!python/object/apply:os.system [ls]", "the tag tag:yaml.org,2002:python/object/apply:os.system is"),
            ("a: !own b", "the tag !own is not read"),
            ("a: ! b", "the tag ! is not read"),
            ("--- a\n--- b", r"a, line 2: a second document begins \(---\)"),
            ("a: 1\n...\nb: 1", "a second document|expected"),
            ("a:\n\tb: 1", "a, line 2: a tab stands where YAML wants spaces; indent with spaces"),
            ("[" * 100_000, "line 1: brackets or keys are nested more than 32 deep"),
            ("{a: " * 20_000, "nested more than 32 deep"),
            ("- " * 20_000, "nested more than 32 deep"),
            ("? " * 20_000, "a key is no plain word"),
            ("a" * 200_001, "a has 200,001 characters; a recipe has 200,000 at most"),
            ("[a, b]: c", "a key is no plain word"),
            ("a: b: c", "line 1: mapping values are not allowed here"),
            ("a: \x00", "special characters are not allowed"),
            # faults.md A9: two kinds of traceback.
            ('a: "\\U00110000"', r'a: a "\\U…" in it is no character; Unicode ends at'),
            ('a: "\\UFFFFFFFF"', r'a: a "\\U…" in it is no character; Unicode ends at'),
            # faults.md C4
            ("training: {steps: 1}\nname: a\ntraining:\n  steps: 2", "a: training stands twice, lines 1 and 3; keep"),
            ("training:\n  steps: 1\n  'steps': 2", "a: training.steps stands twice, lines 2 and 3"),
            ("{a: 1, a: 2}", "a: a stands twice, line 1; keep one"),
            ("- b: 1\n- c: 1\n  c: 2", "a: 1.c stands twice, lines 2 and 3"),
            # A comma within a number.
            ("t: {steps: 1,000}", "a, line 1: t.steps has a comma in its number, which begins a new key; write"),
            ("t: {steps: 1,000, warmup: 4,000}", "a, line 1: t.steps has a comma in its number"),
            ("t:\n  {dropout: 0,1}", "a, line 2: t.dropout has a comma in its number"),
            ("{a: b, c: 1,234,567}", "a, line 1: c has a comma in its number"),
        ],
    )  # fmt: skip
    def test_one_line(self, text: str, message: str) -> None:
        with pytest.raises(RecipeError, match=message) as caught:
            read_yaml(text, "a")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300

    def test_four_hundred_bytes(self) -> None:
        """faults.md A9: nested aliases, each ten of the one before: ten thousand million values, from 400 bytes."""
        levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 11)]
        with pytest.raises(RecipeError, match="line 1: an anchor"):
            read_yaml("\n".join(["l0: &l0 [0]", *levels]), "a")


def test_there_is_one_reader() -> None:
    """faults.md A9: nobody else asks the library."""
    using = [
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(r"^\s*(import|from) yaml\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert using == ["recipe/plain_yaml.py"]


def test_what_is_written_reads_the_same() -> None:
    """Texts that look like numbers, switches and marks, in every depth."""
    random = Random("written")
    words = [
        "1e3",
        "no",
        "1:30",
        "010",
        "null",
        "~",
        "<<",
        "*a",
        "&a",
        "!a",
        "- a",
        "a: b",
        "#",
        "",
        " a ",
        "1_0",
        "0x1F",
    ]
    words += [
        ".5",
        "2026-11-29",
        "a\nb",
        "\t",
        "'",
        '"',
        "é",
        "한국어",
        "😀",
        "true",
        "1234567890123e45",
        "=",
        "...",
        "---",
    ]

    def value(depth: int) -> Any:
        kind = random.randrange(8 if depth < 4 else 6)
        if kind == 6:
            return [value(depth + 1) for _ in range(random.randrange(4))]
        if kind == 7:
            return {random.choice(words): value(depth + 1) for _ in range(random.randrange(4))}
        return random.choice([random.choice(words), random.choice(words), True, None, 5, -0.25, 1e-9])

    for _ in range(300):
        values = {"a": value(0), "b": value(0)}
        assert read_yaml(write_yaml(values), "again") == values


def test_decoding_takes_what_a_recipe_may_say() -> None:
    """faults.md A17: a recipe took 100 beams where the reference and the search said 1024."""
    most = WHOLE["beam_size"][1]
    assert SearchOptions(begin=1, end=2, beam_size=most).beam_size == DecodingSettings(beam_size=most).beam_size == 1024
    for beam_size in (0, most + 1):
        with pytest.raises(DecodingError):
            SearchOptions(begin=1, end=2, beam_size=beam_size)
        with pytest.raises(pydantic.ValidationError):
            DecodingSettings(beam_size=beam_size)
    reference = (SOURCE.parents[1] / "docs" / "reference" / "recipe.md").read_text(encoding="utf-8")
    assert f"from 1, which is greedy search, to {most} |" in reference
    assert "the number is from {:g} to {:g} |".format(*REAL["alpha"]) in reference
    assert LengthPenalty("mean", MOST_ALPHA).score(-1.0, 2**20) < 0
    for text in ("none", "gnmt:0.6", f"mean:{MOST_ALPHA}"):
        assert str(LengthPenalty.parse(text)) == text
    with pytest.raises(DecodingError):
        LengthPenalty.parse("mean:1:0")

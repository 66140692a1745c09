"""`clearhead classify`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead import Bundle

Run = Callable[..., Any]
TEXTS = ["one two", "", "un deux trois un"]


def test_a_label_and_its_probability_for_each_text(
    clearhead: Run, classifier: Bundle, classifier_folder: Path, tmp_path: Path
) -> None:
    """Arguments, lines of standard input, and those of a file; to standard output or to a file."""
    found = classifier.classify(TEXTS)
    expected = "".join(f"{one.label}\t{one.probability:.4f}\n" for one in found).encode()
    assert clearhead("classify", classifier_folder, *TEXTS).out == expected
    stdin = "".join(f"{text}\n" for text in TEXTS).encode()
    result = clearhead("classify", classifier_folder, stdin=stdin)
    assert (result.out, result.err) == (expected, "")
    (tmp_path / "in.txt").write_bytes(stdin)
    assert clearhead("classify", classifier_folder, "--in", tmp_path / "in.txt", "--out", tmp_path / "out").out == b""
    assert (tmp_path / "out").read_bytes() == expected


def test_as_json_every_label_is_told(clearhead: Run, classifier: Bundle, classifier_folder: Path) -> None:
    [line] = clearhead("classify", classifier_folder, "one", "--json").out.decode().splitlines()
    found = classifier.classify("one")
    assert json.loads(line) == {
        "text": "one", "label": found.label, "probability": pytest.approx(found.probability, abs=1e-4),
        "probabilities": pytest.approx(dict(found.probabilities), abs=1e-4),
    }  # fmt: skip


def test_what_is_cut_is_said(clearhead: Run, classifier_folder: Path) -> None:
    result = clearhead("classify", classifier_folder, stdin=b"one\n" + b"one " * 60 + b"\n")
    assert result.err == "clearhead: line 2 is longer than the model's 40 tokens; its rest is left out\n"
    assert clearhead("classify", classifier_folder, "--quiet", "one " * 60).err == ""


def test_models_of_the_other_kinds_name_their_commands(
    clearhead: Run, classifier_folder: Path, masked_model_folder: Path
) -> None:
    """And the command that was typed, not what it calls."""
    for command, model, own, use in (
        ("classify", "street", "translates (translation)", "translate"),
        ("fill", classifier_folder, "classifies texts (classification)", "classify"),
        ("embed", "street", "translates (translation)", "translate"),
        ("generate", classifier_folder, "classifies texts (classification)", "classify"),
        ("translate", masked_model_folder, "fills masked places (masked-language-modelling)", "fill"),
    ):
        extra = ["--json"] if command == "embed" else []
        result = clearhead(command, model, *extra, stdin=b"one\n")
        assert (result.code, result.out) == (2, b"")
        assert result.err.startswith(f"clearhead: this model {own}, and `clearhead {command}` is for ")
        assert result.err.endswith(f"; use `clearhead {use}`\n")

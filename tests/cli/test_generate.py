"""`clearhead generate`."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead import Bundle, Sampling
from clearhead.tasks.language_modelling.generating import MAX_TOKENS, SAMPLING

Run = Callable[..., Any]
DRAWN = Sampling(0.8, seed=0)


def test_the_text_after_a_prompt(clearhead: Run, language_model: Bundle, language_model_folder: Path) -> None:
    """Drawn at temperature 0.8 with seed 0; the prompt is not printed, and a line end comes last."""
    result = clearhead("generate", language_model_folder, "one", "--max-tokens", 12)
    assert (result.code, result.err) == (0, "")
    assert result.out.decode() == language_model.generate("one", max_tokens=12, sampling=DRAWN) + "\n"
    greedy = clearhead("generate", language_model_folder, "one", "--max-tokens", 12, "--beam", 1)
    assert greedy.out.decode() == language_model.generate("one", max_tokens=12, beam_size=1) + "\n"
    assert clearhead("generate", language_model_folder, "", "--max-tokens", 5).code == 0


def test_what_help_says_of_the_defaults(clearhead: Run) -> None:
    said = " ".join(clearhead("generate", "--help").out.decode().split())
    assert f"Default: {MAX_TOKENS}." in said
    assert f"Default: {SAMPLING.temperature}." in said
    assert f"Default: {SAMPLING.seed}." in said
    assert SAMPLING == DRAWN


@pytest.mark.parametrize(
    ("arguments", "how"),
    [
        (["--temperature", "2", "--top-k", "5", "--seed", "4"], {"sampling": Sampling(2.0, 5, seed=4)}),
        (["--top-p", "0.5"], {"sampling": Sampling(0.8, top_p=0.5)}),
        (["--beam-size", "3"], {"beam_size": 3}),
        (["--beam", "4", "--beam-groups", "2"], {"beam_size": 4, "beam_groups": 2}),
        (["--stop", "e", "--stop", "\\n"], {"sampling": DRAWN, "stop": ["e", "\n"]}),
        (["--precision", "int8", "--beam", "1"], {"beam_size": 1}),
    ],
)
def test_options_are_those_of_python(
    clearhead: Run, language_model: Bundle, language_model_folder: Path, arguments: list[str], how: dict[str, Any]
) -> None:
    result = clearhead("generate", language_model_folder, "one", "--max-tokens", 9, *arguments)
    assert result.code == 0
    if "--precision" not in arguments:
        assert result.out.decode() == language_model.generate("one", max_tokens=9, **how) + "\n"


def test_from_a_file_into_a_file(clearhead: Run, language_model_folder: Path, tmp_path: Path) -> None:
    """As from standard input; one prompt comes into a file, too."""
    (tmp_path / "prompts").write_text("one\ntwo\n")
    (tmp_path / "empty").write_text("")
    ends = ("--max-tokens", 9, "--in", tmp_path / "prompts")
    piped = clearhead("generate", language_model_folder, "--max-tokens", 9, stdin=b"one\ntwo\n")
    assert clearhead("generate", language_model_folder, *ends).out == piped.out
    assert clearhead("generate", language_model_folder, *ends, "--out", tmp_path / "texts").out == b""
    assert (tmp_path / "texts").read_bytes() == piped.out
    alone = clearhead("generate", language_model_folder, "one", "--max-tokens", 9)
    clearhead("generate", language_model_folder, "one", "--max-tokens", 9, "--out", tmp_path / "one")
    assert (tmp_path / "one").read_bytes() == alone.out
    assert "and a PROMPT both say what to read" in clearhead("generate", language_model_folder, "one", *ends).err
    empty = clearhead("generate", language_model_folder, "--in", tmp_path / "empty")
    assert empty.code == 2
    assert "empty has no line; give a prompt" in empty.err


def test_several_texts(clearhead: Run, language_model: Bundle, language_model_folder: Path) -> None:
    [found] = language_model.generations(["one"], n=3, max_tokens=9, sampling=DRAWN)
    result = clearhead("generate", language_model_folder, "one", "--n", 3, "--max-tokens", 9)
    assert result.out.decode() == "\n---\n".join(one.text.replace("\r", " ") for one in found) + "\n"
    told = clearhead("generate", language_model_folder, "one", "--n", 3, "--max-tokens", 9, "--json")
    objects = [json.loads(line) for line in told.out.decode().splitlines()]
    assert [(one["prompt"], one["text"], one["ended"]) for one in objects] == [
        ("one", one.text, one.ended) for one in found
    ]
    assert [one["log_probability"] for one in objects] == [one.log_probability for one in found]


def test_each_line_of_standard_input_is_a_prompt(
    clearhead: Run, language_model: Bundle, language_model_folder: Path
) -> None:
    found = language_model.generate(["one", "", "two"], max_tokens=9, sampling=DRAWN)
    result = clearhead("generate", language_model_folder, "--max-tokens", 9, stdin=b"one\n\ntwo\n")
    assert (result.code, result.err) == (0, "")
    expected = [text.replace("\r", " ").replace("\n", " ") for text in found]
    assert result.out.decode() == "".join(f"{text}\n" for text in expected)
    told = clearhead("generate", language_model_folder, "--max-tokens", 9, "--json", stdin=b"one\n\ntwo\n")
    assert [json.loads(line)["text"] for line in told.out.decode().splitlines()] == found


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        ([], b"", "standard input has no line; give a prompt"),
        (["z" * 90], b"", "prompt 1 has 91 tokens but the model reads 64 at most; shorten it"),
        ([], b"one\n" + b"z" * 90 + b"\n", "prompt 2 has 91 tokens"),
        (["one", "--n", "2", "--beam", "1"], b"", "--n 2 is more than --beam 1"),
        (["one", "--seed", "2", "--beam", "1"], b"", "--seed is for drawing at random, and --beam searches"),
        (["one", "--beam-groups", "2"], b"", "--beam-groups 2 parts a beam; add --beam 4"),
        (["one", "--beam-groups", "2", "--beam", "3"], b"", "beam_size=3 cannot be parted in beam_groups=2"),
        (["one", "--temperature", "0"], b"", "temperature=0.0 must be a number from 0.001"),
        (["one", "--stop", ""], b"", "a stop string is empty"),
        (["one", "--max-tokens", "0"], b"", "--max-tokens"),
        (["one", "two"], b"", "unexpected extra argument"),
    ],
)
def test_what_cannot_be_is_one_line(
    clearhead: Run, language_model_folder: Path, arguments: list[str], stdin: bytes, message: str
) -> None:
    result = clearhead("generate", language_model_folder, *arguments, stdin=stdin)
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1


def test_models_of_the_other_kind_name_the_other_command(clearhead: Run, language_model_folder: Path) -> None:
    result = clearhead("generate", "street", "one")
    assert (result.code, result.out) == (2, b"")
    assert result.err.startswith("clearhead: this model translates (translation)")
    assert "use `clearhead translate`" in result.err
    for prompts in ([], ["one"]):
        assert "use `clearhead translate`" in clearhead("generate", "street", *prompts, stdin=b"one\n").err
    result = clearhead("translate", language_model_folder, stdin=b"one\n")
    assert (result.code, result.out) == (2, b"")
    assert "goes on with texts (language-modelling)" in result.err
    assert "use `clearhead generate`" in result.err


def test_whoever_has_read_enough_ends_it(language_model_folder: Path) -> None:
    """As in `| head`: no traceback, and the exit code of a closed pipe."""
    command = [sys.executable, "-m", "clearhead", "generate", str(language_model_folder), "--max-tokens", "40"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(b"one\n" * 50)
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("prompt", [["one"], []])
def test_ctrl_c_stops_it(language_model_folder: Path, prompt: list[str]) -> None:
    """In the middle of a text, and between lines."""
    command = [sys.executable, "-m", "clearhead", "generate", str(language_model_folder), *prompt, "--top-k", "3"]
    command += ["--max-tokens", "1000000"] if prompt else []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        if not prompt:
            process.stdin.write(b"one\n")
            process.stdin.flush()
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.stderr.read() == b"clearhead: stopped\n"
        process.stdin.close()
    assert process.returncode == 130

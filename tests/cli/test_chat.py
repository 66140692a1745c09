"""`clearhead chat`."""

import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead import Bundle, Message, Sampling
from clearhead.cli.chat import Talk

Run = Callable[..., Any]
DRAWN = Sampling(0.8, seed=0)
GREEDY: dict[str, Any] = {"max_tokens": 9, "sampling": None, "beam_size": 1, "stop": []}


def test_one_message(clearhead: Run, chat_model: Bundle, chat_folder: Path) -> None:
    result = clearhead("chat", chat_folder, "one", "--max-tokens", 9)
    assert (result.code, result.err) == (0, "")
    assert result.out.decode() == chat_model.chat("one", max_tokens=9, sampling=DRAWN) + "\n"
    found = clearhead("chat", chat_folder, "one", "--max-tokens", 9, "--beam-size", 3).out.decode()
    assert found == chat_model.chat("one", max_tokens=9, beam_size=3) + "\n"


def test_lines_are_one_conversation(clearhead: Run, chat_model: Bundle, chat_folder: Path) -> None:
    """An answer for each, on a line; /new and a blank line have empty ones."""
    result = clearhead("chat", chat_folder, "--max-tokens", 9, "--beam", 1, stdin=b"one\ntwo\n\n/new\ntwo\n")
    assert (result.code, result.err) == (0, "")
    first = chat_model.chat("one", **GREEDY)
    said = [Message("user", "one"), Message("assistant", first), Message("user", "two")]
    second, alone = chat_model.chat(said, **GREEDY), chat_model.chat("two", **GREEDY)
    assert result.out.decode().split("\n") == [
        one.replace("\n", " ").replace("\r", " ") for one in (first, second, "", "", alone, "")
    ]


HOSTILE = {"NUL": "a\x00b", "line separator": "a\u2028b", "escape": "a\x1b[2Jb", "bidi": "a\u202eb", "emoji": "👩‍👩‍👧"}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_one_line_out_for_whatever_is_typed(clearhead: Run, chat_folder: Path, text: str) -> None:
    result = clearhead("chat", chat_folder, "--max-tokens", 3, stdin=f"one\n{text}\ntwo\n".encode())
    assert (result.code, result.out.count(b"\n")) == (0, 3)
    surrogate = clearhead("chat", chat_folder, "--max-tokens", 3, stdin=b"one\n\xed\xa0\x80\xff\ntwo\n")
    assert (surrogate.code, surrogate.out.count(b"\n")) == (0, 3)


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        ([], b"", "standard input has no line; give a message"),
        ([], b"a " * 500_000 + b"\n", "the last message of conversation 1 has 1,0"),
        (["one", "--beam", "2", "--seed", "1"], b"", "--seed is for drawing at random"),
        (["one", "--max-tokens", "0"], b"", "max-tokens"),
    ],
)
def test_what_is_refused(clearhead: Run, chat_folder: Path, arguments: list[str], given: bytes, message: str) -> None:
    result = clearhead("chat", chat_folder, *arguments, stdin=given)
    assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
    assert message in result.err


def test_another_model_has_another_command(clearhead: Run, language_model_folder: Path) -> None:
    result = clearhead("chat", language_model_folder, "one")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert (
        "this model goes on with texts (language-modelling), and `clearhead chat` is for chat; use `clearhead gen"
        in result.err
    )


def test_what_was_said_is_remembered_and_forgotten(chat_model: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    talk = Talk(chat_model, {**GREEDY, "max_tokens": 4}, quiet=False)
    first = "".join(talk.answer("one"))
    assert [one.text for one in talk._said] == ["one", first]
    while not capsys.readouterr().err.startswith("clearhead: the conversation is longer than the model reads; from no"):
        "".join(talk.answer("two three"))
    before = len(talk._said)
    "".join(talk.answer("two three"))
    assert capsys.readouterr().err == ""
    assert len(talk._said) <= before + 2
    talk.begin()
    assert talk._said == []


def test_an_answer_that_is_broken_off_is_remembered_so_far(chat_model: Bundle) -> None:
    talk = Talk(chat_model, {**GREEDY, "max_tokens": 60}, quiet=True)
    pieces = talk.answer("one")
    written = next(pieces)
    pieces.close()
    assert talk._said == [Message("user", "one"), Message("assistant", written)]
    unheard = talk.answer("two")
    unheard.close()
    assert len(talk._said) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_at_a_terminal(chat_folder: Path, chat_model: Bundle) -> None:
    """A message, an empty line, a new conversation, and Ctrl-D; Ctrl-C at the prompt ends nothing."""
    import pty

    program = "import sys; from clearhead.cli.app import main; sys.exit(main())"
    arguments = [sys.executable, "-c", program, "chat", str(chat_folder), "--beam", "1", "--max-tokens", "9"]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, arguments)
    seen = _typed(terminal, [b"one\n", b"\n", b"\x03", b"/new\n", b"one\n", b"\x04"])
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert "Traceback" not in seen
    assert "/new begins a new conversation, Ctrl-D ends." in seen
    answer = chat_model.chat("one", **GREEDY).replace("\n", "\r\n")
    assert seen.count(answer) >= 2


def _typed(terminal: int, keys: list[bytes]) -> str:
    """What stands on a terminal at which each of the keys is typed at a prompt."""
    seen, key = b"", b""
    while True:
        # Python's input() may miss a Ctrl-C that falls between its prompt and its wait: one presses it again.
        while key == b"\x03" and not select.select([terminal], [], [], 2)[0]:
            os.write(terminal, key)
        try:
            seen += os.read(terminal, 1 << 16)
        except OSError:  # The other end is closed.
            return seen.decode("utf-8", "replace")
        if keys and seen.endswith(b"> "):
            key = keys.pop(0)
            os.write(terminal, key)

"""`clearhead chat`: a conversation with a model, at a terminal or line by line."""

import contextlib
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Annotated, Any, final

import typer

from clearhead.bundle import load
from clearhead.bundle.verbs import require_command
from clearhead.cli import lines
from clearhead.cli.asked_search import check_search, given_rules, rules_with
from clearhead.cli.notes import plain
from clearhead.cli.options import (
    Debug,
    Device,
    MinTokens,
    Model,
    NoRepeatNgramSize,
    PrecisionName,
    Quiet,
    RepetitionPenalty,
    SearchName,
)
from clearhead.cli.writing import (
    Beam,
    MaxTokens,
    Seed,
    Stop,
    Temperature,
    TopK,
    TopP,
    sampling_of,
    unescaped,
    unknown_characters,
)
from clearhead.errors import UsageError

if TYPE_CHECKING:
    import clearhead
    from clearhead.tasks.chat import Message

PROMPT = "> "
NEW = "/new"

Text = Annotated[
    str | None,
    typer.Argument(
        metavar="[MESSAGE]",
        help="What to answer, and then end. Without it a conversation begins.",
        show_default=False,
    ),
]


def chat(
    model: Model,
    text: Text = None,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    seed: Seed = None,
    beam: Beam = None,
    stop: Stop = None,
    search: SearchName = None,
    no_repeat_ngram_size: NoRepeatNgramSize = None,
    repetition_penalty: RepetitionPenalty = None,
    min_tokens: MinTokens = None,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Talk with a model that was trained for chat.

    At a terminal type a message and Enter; the answer comes as it is written, and what was said before is remembered.
    /new begins a new conversation, Ctrl-C stops an answer, Ctrl-D ends. Otherwise each line of standard input is a
    message of one conversation, and each answer is a line. What finds no room in the model is left out, the oldest
    first. The model draws each token, at temperature 0.8 where neither you nor its files say otherwise, or searches
    with --beam.

    Example: clearhead chat runs/chat-ko "오늘 너무 피곤해"
    """
    sampling = sampling_of(beam, temperature, top_k, top_p, seed)
    rules = given_rules(no_repeat_ngram_size, repetition_penalty, min_tokens)
    check_search(search=search, rules=rules)
    bundle = load(model, device=device, precision=precision)
    require_command("chat", bundle.task)
    how: dict[str, Any] = {
        "max_tokens": max_tokens, "sampling": sampling, "beam_size": beam, "stop": [*map(unescaped, stop or ())],
        "search": search, "rules": rules_with(bundle.settings.rules, rules),
    }  # fmt: skip
    talk = Talk(bundle, how, quiet)
    if text is not None:
        lines.write_pieces(talk.answer(text))
    elif sys.stdin is not None and sys.stdin.isatty():
        _converse(talk, quiet)
    else:
        lines.write(_answers(talk, quiet), None)


@final
class Talk:
    """One conversation after the other: what was said in this one, as far as the model can be given it.

    how: as `Bundle.chat` takes it. quiet: says nothing of what is left out or unknown.
    """

    def __init__(self, bundle: "clearhead.Bundle", how: dict[str, Any], quiet: bool) -> None:
        self._bundle, self._how, self._quiet = bundle, how, quiet
        self._said: list[Message] = []
        self._is_told = False

    def begin(self) -> None:
        """Forget what was said."""
        self._said, self._is_told = [], False

    def answer(self, text: str) -> Generator[str, None, None]:
        """The pieces of the answer to a message, as they are written; both are remembered from then on.

        Of an answer that somebody breaks off, so much is remembered as was written; a message without any is forgotten,
        as is one that is too long, for which this raises UsageError.
        """
        from clearhead.tasks.chat import Message

        said = [*self._said, Message("user", text)]
        self._note(text, left_out := self._bundle.left_out(said, self._how["max_tokens"]))
        written: list[str] = []
        try:
            with contextlib.closing(self._pieces(said[left_out:])) as pieces:
                for piece in pieces:
                    written.append(piece)
                    yield piece
        finally:
            if written:
                self._said = [*said[left_out:], Message("assistant", "".join(written))]

    def _pieces(self, said: "list[Message]") -> Generator[str, None, None]:
        if self._how["beam_size"] in (None, 1):
            return self._bundle.chat_stream(said, **self._how)
        return (one for one in [self._bundle.chat(said, **self._how)])

    def _note(self, text: str, left_out: int) -> None:
        if self._quiet:
            return
        if strange := unknown_characters(text, self._bundle.source_tokenizer):
            print(f"clearhead: the message has what this model does not know: {strange}", file=sys.stderr)
        if left_out and not self._is_told and self._bundle.settings.messages is None:
            self._is_told = True
            print(
                "clearhead: the conversation is longer than the model reads; from now on its oldest messages are left "
                "out",
                file=sys.stderr,
            )


def _converse(talk: Talk, quiet: bool) -> None:
    """Read messages at a terminal, which edits lines and knows the former ones where Python was built so."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401
    if not quiet:
        print(f"Type a message and Enter; {NEW} begins a new conversation, Ctrl-D ends.", file=sys.stderr)
    while True:
        try:
            text = input(PROMPT).strip()
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()
            continue
        if text == NEW:
            talk.begin()
        elif text:
            _say(talk, text)


def _say(talk: Talk, text: str) -> None:
    """Write the answer to a message; Ctrl-C ends it, and what is wrong with the message is said."""
    try:
        with contextlib.closing(talk.answer(text)) as pieces:
            lines.write_pieces(pieces)
    except KeyboardInterrupt:
        print()
    except UsageError as error:
        print(f"clearhead: {plain(str(error))}", file=sys.stderr)


def _answers(talk: Talk, quiet: bool) -> Iterator[str]:
    """An answer for each line of standard input; an empty one for a blank line, and for one that begins anew."""
    from clearhead.text import is_blank

    is_empty = True
    for text in lines.read(None, quiet):
        is_empty = False
        if text.strip() == NEW:
            talk.begin()
            yield ""
        else:
            yield "" if is_blank(text) else "".join(talk.answer(text))
    if is_empty:
        raise UsageError('standard input has no line; give a message, as in: clearhead chat MODEL "hello"')

"""What the page's server has traced and still holds, and how it computes more."""

import asyncio
import contextlib
import dataclasses
import itertools
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.exceptions import HTTPException

from clearhead.errors import UsageError
from clearhead.look.exhibit import Exhibit
from clearhead.text import is_blank

MOST_CHARACTERS, MOST_BEAMS, MOST_TOKENS, MOST_TRACES = 4_000, 16, 200, 8
# Traces of a large model take some hundred megabytes each: the oldest go before all together take more bytes than this.
MOST_KEPT = 1 << 30


@dataclasses.dataclass(frozen=True)
class Request:
    """What a reader asks the page to trace. Raises UsageError where it cannot be traced."""

    text: str
    to: str | None = None
    beam_size: int = 1
    max_tokens: int = 0

    def __post_init__(self) -> None:
        if is_blank(self.text):
            raise refusal("blank", "there is no text; type a sentence")
        if len(self.text) > MOST_CHARACTERS:
            count, most = f"{len(self.text):,}", f"{MOST_CHARACTERS:,}"
            raise refusal("long", f"the text has {count} characters; the page takes {most} at most")
        if any("\ud800" <= each <= "\udfff" for each in self.text):
            raise refusal("half", "the text holds half of a character (a lone surrogate); type it again")
        if not 1 <= self.beam_size <= MOST_BEAMS:
            raise refusal("beam", f"beam_size={self.beam_size!r} is not a whole number from 1 to {MOST_BEAMS}")
        if not 0 <= self.max_tokens <= MOST_TOKENS:
            raise refusal("tokens", f"max_tokens={self.max_tokens!r} is not a whole number from 0 to {MOST_TOKENS}")


def refusal(key: str, message: str) -> UsageError:
    """An error that the page says in its reader's language: its text `refused.KEY`."""
    error = UsageError(message)
    error.key = key
    return error


# What an exhibit was made for: a sentence to trace, or a node of another exhibit's tree.
Asked = Request | tuple[str, int]
Computed = TypeVar("Computed")


class TraceStore:
    """The newest exhibits by their names; whatever the model computes for them, it computes one at a time.

    What a page opens with, where its address names no sentence, is the first one, and stays. Names are another
    server's never: a page that is still open asks for its own sentence again rather than read another's numbers.
    """

    def __init__(self, first: Exhibit) -> None:
        self._kept: OrderedDict[str, tuple[Asked | None, Exhibit]] = OrderedDict()
        self._names = (f"{secrets.token_hex(4)}-{number}" for number in itertools.count(1))
        self._busy = asyncio.Lock()
        self.first = ""
        self.first = self._add(_asked_for(first), first)

    def _add(self, asked: Asked | None, exhibit: Exhibit) -> str:
        name = next(self._names)
        self._kept[name] = asked, exhibit
        while len(self._kept) > MOST_TRACES or self._size() > MOST_KEPT:
            oldest = next((one for one in self._kept if one not in (self.first, name)), None)
            if oldest is None:
                break
            self._kept.pop(oldest)
        return name

    def _size(self) -> int:
        return sum(exhibit.nbytes for _, exhibit in self._kept.values())

    def __getitem__(self, name: str) -> Exhibit:
        if name not in self._kept:
            raise HTTPException(404, f"trace {name[:20]!r} is no longer kept; trace the sentence again")
        # What is looked at stays; what nobody has asked for the longest goes first.
        self._kept.move_to_end(name)
        return self._kept[name][1]

    async def made(self, asked: Asked, compute: Callable[[], Exhibit]) -> str:
        """The name of the exhibit of what is asked for: one that is kept, or a new one."""
        async with self._busy:
            kept = next((name for name, (other, _) in self._kept.items() if other == asked), None)
            return kept or self._add(asked, await in_thread(compute))

    async def work(self, compute: Callable[[], Computed]) -> Computed:
        async with self._busy:
            return await in_thread(compute)


def _asked_for(exhibit: Exhibit) -> Request | None:
    """The request that gives the same again; None where the target was given, which no request can."""
    trace, settings = exhibit.trace, exhibit.trace.settings
    translates = "source" in trace.sequences
    text, beam_size = (trace.source if translates else trace.text).text, settings.get("beam_size") if translates else 1
    tokens = settings.get("max_tokens", 0)
    if beam_size is None or tokens is None:
        return None
    try:
        return Request(text, settings.get("to"), beam_size, tokens)
    except UsageError:  # Longer than a page may ask for.
        return None


async def in_thread(compute: Callable[[], Computed]) -> Computed:
    """What is computed, while others are answered. Unlike a pool's thread, its own does not keep the process alive."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Computed] = loop.create_future()

    def tell(how: Callable[[Any], None], what: Any) -> None:
        if not done.done():  # Else nobody waits for it any more.
            how(what)

    def run() -> None:
        try:
            told: tuple[Callable[[Any], None], Any] = done.set_result, compute()
        except BaseException as error:
            told = done.set_exception, error
        with contextlib.suppress(RuntimeError):  # The loop has ended.
            loop.call_soon_threadsafe(tell, *told)

    threading.Thread(target=run, daemon=True).start()
    return await done

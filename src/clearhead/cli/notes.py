"""What is logged while a command runs, as plain lines on standard error."""

import contextlib
import logging
import sys
from collections.abc import Iterator

# Of what is no warning, only this is worth a person's attention: why nothing happens for some seconds, and what was
# found where a recipe says auto, and what merging adapters changed.
NOTED = (
    "clearhead.native.compiler",
    "clearhead.training.adapting",
    "clearhead.training.budget",
    "clearhead.tasks.translation.sizes",
)


# What is longer is cut in its middle: what is wrong stands at the beginning of a message, the remedy at its end.
_LONGEST, _BEGINNING = 700, 450


def plain(message: str) -> str:
    """A message as one line, of 700 characters at most, that a terminal shows as it is."""
    # A file's name may hold anything, a line break or a terminal's commands too.
    words = " ".join(message.splitlines())
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in words)
    return line if len(line) <= _LONGEST else f"{line[:_BEGINNING]} … {line[_BEGINNING + 3 - _LONGEST :]}"


@contextlib.contextmanager
def logs_as_lines(quiet: bool) -> Iterator[None]:
    """Write each warning that is logged, ours or another library's, as a line of clearhead's; notes unless `quiet`."""
    handler, root = _Lines(), logging.getLogger()
    before = {noted: noted.level for noted in map(logging.getLogger, NOTED)}
    root.addHandler(handler)
    for noted in before:
        noted.setLevel(logging.WARNING if quiet else logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for noted, level in before.items():
            noted.setLevel(level)


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # Standard error as it is then: a live progress line puts itself in its place.
        print(f"clearhead: {plain(record.getMessage())}", file=sys.stderr, flush=True)

"""As much of a text as its first pieces can need: what a model reads of ten megabytes is its first page."""

import re
from typing import Final

# A space after what is no space begins a word of its own: nothing before it is cut in another way for what follows.
_WORD: Final = re.compile(r"(?<=\S) ")
# Where no word begins for so long, as in an endless row of letters, the text ends in the middle of it. The pieces of a
# row depend on what follows only some pieces further on, and none is wanted that reaches into this end.
_MARGIN: Final = 1000


def beginning(text: str, pieces: int, longest: int) -> str:
    """A beginning of `text` whose first `pieces` pieces are those of the whole; all of it where it is not much longer.

    text: as it is cut into pieces, normalised. longest: the bytes of the longest piece. The result has at most
    `pieces` × `longest` + 1,000 characters.
    """
    reach = pieces * longest  # Characters: a piece has at least as many bytes.
    if len(text) <= reach + _MARGIN:
        return text
    # From one before: the space itself may stand where the pieces end at the latest.
    word = _WORD.search(text, reach, reach + _MARGIN)
    return text[: word.start() if word else reach + _MARGIN]

"""A text as it is written: as much of it after each token as will not change any more."""

import codecs
from collections.abc import Sequence

from clearhead.text.stop_strings import StopStrings


class Pieces:
    """Takes the tokens of one text, and gives whole characters, all of which together are the text.

    The bytes of a character that is not complete wait for the rest, as does what may become a stop string. Bytes that
    are no UTF-8 read as U+FFFD, as in `Tokenizer.decode`.

    vocabulary: the bytes of each id, None for a control symbol. stop: ends the text where it begins.
    """

    def __init__(self, vocabulary: Sequence[bytes | None], stop: StopStrings | None = None) -> None:
        self._vocabulary, self._stop = vocabulary, stop
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held, self._stopped = "", False

    def add(self, token: int) -> str:
        """What has become certain with this token: perhaps nothing."""
        return self._certain(self._decoder.decode(self._vocabulary[token] or b""))

    def finish(self) -> str:
        """What is left, as no token follows."""
        return self._certain(self._decoder.decode(b"", final=True)) + self._held

    def _certain(self, new: str) -> str:
        if self._stop is None:
            return new
        if self._stopped:
            return ""
        text = self._held + new
        found = self._stop.cut(text)
        self._stopped = len(found) < len(text)
        certain = len(found) if self._stopped else len(text) - self._stop.held_back(text)
        self._held = "" if self._stopped else text[certain:]
        return text[:certain]

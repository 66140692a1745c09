"""Whether there is anything to read in a text: asked of every line that is translated, trained on or scored."""

import re

# Beside spaces and control characters: Unicode's Default_Ignorable_Code_Point (zero-width spaces and joiners, byte
# order marks, variation selectors, Hangul fillers), interlinear marks, and the braille pattern without a dot.
_INVISIBLE = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_VISIBLE = re.compile(rf"[^\s{_INVISIBLE}]")


def is_blank(text: str) -> bool:
    """True where no character of a text can be seen: it is empty, or holds spaces and invisible characters only."""
    return _VISIBLE.search(text) is None


def has_inner_return(text: str) -> bool:
    """True where a carriage return stands between visible text: probably a line end of old Macs, and two lines."""
    return "\r" in text and sum(not is_blank(part) for part in text.split("\r")) > 1

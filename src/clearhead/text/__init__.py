"""From text to numbers and back: tokenizers. No torch here."""

from clearhead.text.alphabet import visible
from clearhead.text.blank import has_inner_return, is_blank
from clearhead.text.normalizing import normal_form
from clearhead.text.resemblance import are_like_sources, are_swapped
from clearhead.text.scripts import learned_scripts, unread_scripts
from clearhead.text.tokenizer import Tokenizer

__all__ = [
    "Tokenizer",
    "are_like_sources",
    "are_swapped",
    "has_inner_return",
    "is_blank",
    "learned_scripts",
    "normal_form",
    "unread_scripts",
    "visible",
]

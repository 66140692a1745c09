"""From text to numbers and back: tokenizers. No torch here."""

from clearhead.text.alphabet import visible
from clearhead.text.blank import is_blank
from clearhead.text.tokenizer import Tokenizer

__all__ = ["Tokenizer", "is_blank", "visible"]

"""From text to numbers and back: tokenizers. No torch here."""

from clearhead.text.alphabet import visible
from clearhead.text.tokenizer import Tokenizer

__all__ = ["Tokenizer", "visible"]

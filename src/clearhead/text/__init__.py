"""From text to numbers and back: tokenizers. No torch here."""

from clearhead.text.alphabet import visible
from clearhead.text.blank import has_inner_return, is_blank
from clearhead.text.normal_form import normal_form
from clearhead.text.scripts import learned_scripts, unread_scripts
from clearhead.text.tokenizer import Tokenizer

__all__ = ["Tokenizer", "has_inner_return", "is_blank", "learned_scripts", "normal_form", "unread_scripts", "visible"]

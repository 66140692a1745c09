"""From text to numbers and back: tokenizers. No torch here."""

from clearhead.text.alphabet import visible
from clearhead.text.blank import has_inner_return, is_blank
from clearhead.text.byte_pair import BytePairTokenizer
from clearhead.text.characters import CharacterTokenizer
from clearhead.text.language_scripts import scripts_for
from clearhead.text.learning import learn_tokenizer
from clearhead.text.library_tokenizer import LibraryTokenizer, Roles, roles_path
from clearhead.text.loading import load_tokenizer, tokenizer_from_json
from clearhead.text.normalizing import normal_form
from clearhead.text.resemblance import are_like_sources, are_swapped
from clearhead.text.scripts import learned_scripts, unread_scripts
from clearhead.text.tokenizer import Tokenizer

__all__ = [
    "BytePairTokenizer",
    "CharacterTokenizer",
    "LibraryTokenizer",
    "Roles",
    "Tokenizer",
    "are_like_sources",
    "are_swapped",
    "has_inner_return",
    "is_blank",
    "learn_tokenizer",
    "learned_scripts",
    "load_tokenizer",
    "normal_form",
    "roles_path",
    "scripts_for",
    "tokenizer_from_json",
    "unread_scripts",
    "visible",
]

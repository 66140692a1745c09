"""The control symbols of a tokenizer of ours that is in the library's own form: their names, and what ids they have."""

from collections.abc import Sequence

import tokenizers

from clearhead.text.built import with_special
from clearhead.text.library_tokenizer import LibraryTokenizer, Roles
from clearhead.text.vocabulary import CONTROLS, as_symbol, controls_of, named_symbols, tag_symbol


def learned_tokenizer(
    library: tokenizers.Tokenizer, languages: Sequence[str], symbols: Sequence[str], unknown: str | None = None
) -> LibraryTokenizer:
    """A tokenizer whose vocabulary begins with `controls_of`. unknown: what is read for all that it does not know."""
    ids = library.get_vocab()
    roles = Roles(
        padding=0,
        begin=1,
        end=2,
        unknown=None if unknown is None else ids[unknown],
        rows=len(ids),
        symbols={name: ids[as_symbol(name)] for name in named_symbols(symbols)},
        tags={language: ids[tag_symbol(language)] for language in sorted(set(languages))},
    )
    return LibraryTokenizer(with_special(library, controls_of(languages, symbols)), roles)


def is_own(tokenizer: LibraryTokenizer) -> bool:
    """Whether it was learned here: its vocabulary begins with our control symbols."""
    return tokenizer.pieces(range(len(CONTROLS))) == [*CONTROLS]

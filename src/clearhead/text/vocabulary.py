"""What every kind of tokenizer does alike: which ids it knows, and its file."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from clearhead.errors import TokenizerError
from clearhead.files import publish_file

# The first ids of every vocabulary, in this order.
CONTROLS: Final = ("⟨padding⟩", "⟨begin⟩", "⟨end⟩")
TAG: Final = re.compile(r"⟨2([A-Za-z0-9_-]+)⟩")
# What a task's own control symbol may be called. A language's tag begins with a digit.
_NAME: Final = re.compile("[a-z]{1,20}")


def named_symbols(names: Iterable[str]) -> tuple[str, ...]:
    """The names of a task's own control symbols, such as mask, each once and sorted.

    Raises TokenizerError for one that is no name, or that every vocabulary has already.
    """
    found = tuple(sorted(set(names)))
    for name in found:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or as_symbol(name) in CONTROLS:
            raise TokenizerError(
                f"the control symbol {name!r:.40} cannot be; expected a name of a to z, such as mask, that is not "
                "padding, begin or end"
            )
    return found


def tag_symbol(language: str) -> str:
    """What asks for a translation into a language, as a person reads it. Raises TokenizerError for what is no name."""
    symbol = f"⟨2{language}⟩"
    if not TAG.fullmatch(symbol):
        raise TokenizerError(
            f"the language {language!r} cannot be a tag; expected letters, digits, '-' and '_', such as fr or zh-Hant"
        )
    return symbol


def controls_of(languages: Iterable[str], symbols: Iterable[str]) -> list[str]:
    """How control symbols are written, in the order of their ids, which are the first of a vocabulary.

    Raises TokenizerError for a name that none can have.
    """
    return [*CONTROLS, *map(tag_symbol, sorted(set(languages))), *map(as_symbol, named_symbols(symbols))]


def as_symbol(name: str) -> str:
    """A control symbol as a person reads it."""
    return f"⟨{name}⟩"


def place_of(name: str, symbols: Sequence[str]) -> int:
    """The place of a name among the symbols. Raises TokenizerError where it is none of them."""
    if name not in symbols:
        known = ", ".join(symbols) or "none; it was learned without"
        raise TokenizerError(f"no control symbol {name!r:.40}; this tokenizer has: {known}")
    return symbols.index(name)


def known_ids(ids: Iterable[int], size: int) -> list[int]:
    """The ids as numbers. Raises TokenizerError where one is not in a vocabulary of this size."""
    known = [int(index) for index in ids]
    for index in known:
        if not 0 <= index < size:
            raise TokenizerError(
                f"id {index} is not in this vocabulary of {size} (0 to {size - 1}); "
                "use the tokenizer that the model was trained with"
            )
    return known


def no_tokenizer(name: str, error: Exception) -> TokenizerError:
    """The error for a text, called `name`, that is no tokenizer, as `error` tells."""
    reason = f"no {error}" if isinstance(error, KeyError) else error
    return TokenizerError(
        f"{name} is not a clearhead tokenizer ({reason}); expected the tokenizer.json of a bundle, or learn a new one"
    )


def read_text(path: Path) -> str:
    """A tokenizer's file. Raises TokenizerError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TokenizerError(f"{path} is not a clearhead tokenizer (not UTF-8 text); expected JSON") from error
    except OSError as error:
        raise TokenizerError(
            f"cannot read the tokenizer {path} ({error.strerror}); check the path, or learn a new one"
        ) from error


def write_text(text: str, path: Path) -> None:
    """Write a tokenizer's file, all or nothing."""
    with publish_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")

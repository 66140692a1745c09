"""What every kind of tokenizer does alike: which ids it knows, and its file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from clearhead.errors import TokenizerError
from clearhead.files import publish_file

# The first ids of every vocabulary, in this order.
CONTROLS: Final = ("⟨padding⟩", "⟨begin⟩", "⟨end⟩")


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

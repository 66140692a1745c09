"""From texts to the ids that a model reads: which it cuts, which it cannot read, and what asks for a language."""

from collections.abc import Collection, Sequence

from clearhead.errors import UsageError
from clearhead.tasks.translation.languages import meant
from clearhead.text import Tokenizer, is_blank, unread_scripts


def tag_of(to: str | None, tokenizer: Tokenizer, known: Collection[str | None]) -> list[int]:
    """What stands before the ids of a source that is to be translated into `to`: its tag, where there are tags.

    known: the languages that a model without tags translates into; None is one that has no name.

    Raises UsageError for a language that the model does not know.
    """
    languages = tokenizer.languages
    if languages:
        if to not in languages:
            given = "" if to is None else f", not {to!r}"
            near = None if to is None else meant(to, languages)
            ask = f"did you mean {near}? say it" if near else "say which,"
            example = near or languages[0]
            raise UsageError(
                f"this model translates into {', '.join(languages)}{given}; "
                f"{ask} as in to={example!r} or --to {example}"
            )
        return [tokenizer.tag(to)]
    if to is not None and to not in known:
        named = ", ".join(sorted(language for language in known if language)) or "one unnamed language"
        raise UsageError(f"this model translates into {named} only, not {to!r}; leave `to` out")
    return []


def source_ids(texts: Sequence[str], tag: Sequence[int], tokenizer: Tokenizer, longest: int) -> list[list[int] | None]:
    """The ids of each text with its tag and end; None for a blank one. Too long a text is cut."""
    encoded = tokenizer.encode_many(texts, longest - len(framed((), tag, tokenizer)))
    return [None if is_blank(text) else framed(ids, tag, tokenizer) for text, ids in zip(texts, encoded, strict=True)]


def framed(ids: Sequence[int], tag: Sequence[int], tokenizer: Tokenizer) -> list[int]:
    """The ids of a text with its tag and what stands around every source."""
    before, after = tokenizer.frame
    return [*tag, *before, *ids, *after]


def too_long(texts: Sequence[str], tokenizer: Tokenizer, longest: int) -> list[int]:
    """The numbers, from 0, of the texts that have more ids than `longest` with their tag and end."""
    room = longest - len(framed((), (), tokenizer)) - bool(tokenizer.languages)
    encoded = tokenizer.encode_many(texts, room + 1)
    return [
        n for n, (text, ids) in enumerate(zip(texts, encoded, strict=True)) if len(ids) > room and not is_blank(text)
    ]


def unreadable(texts: Sequence[str], scripts: Sequence[str]) -> list[int]:
    """The numbers, from 0, of the texts that are mostly in other scripts than these; none where there are none."""
    return [number for number, text in enumerate(texts) if scripts and unread_scripts(text, scripts)]

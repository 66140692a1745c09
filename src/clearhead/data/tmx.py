"""Translation memories (TMX 1.1 to 1.4b): XML that is read unit by unit; nothing but the file itself is ever read."""

import collections
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn, final
from xml.parsers import expat

from clearhead.data.corpus import LOOKED_AT, read_blocks
from clearhead.errors import DataError

# What stands in these is the markup of another program and no text. `hi` has text.
_CODES: Final = frozenset({"bpt", "ept", "ph", "it", "ut"})
_LINE_END: Final = re.compile(r"\s*[\r\n]\s*")


def tmx_rows(path: Path, columns: Sequence[int | str]) -> Iterator[tuple[str, ...]]:
    """The texts of each unit in the languages that `columns` names; units that lack one of them are left out.

    `en` is also en-US. Of several texts in one language the first is read. The encoding is the one that the file
    declares. A declared entity is refused, so that a small file stays small; a DTD is not read.

    Raises DataError where it cannot be read, is no TMX, or has no unit in all these languages.
    """
    wanted = [str(one).lower().replace("_", "-") for one in columns if isinstance(one, str)]
    languages: dict[str, None] = {}
    is_empty = True
    for unit in _units(path):
        languages.update(dict.fromkeys(unit))
        if len(wanted) < max(len(columns), 1):
            raise DataError(f"{path} is TMX, whose texts have languages and no numbers; {_ask(languages)}")
        texts = [_text_in(unit, language) for language in wanted]
        found = tuple(text for text in texts if text is not None)
        if len(found) == len(wanted):
            is_empty = False
            yield found
    if is_empty:
        raise DataError(f"{path} has no unit in {' and '.join(wanted) or 'any language'}; {_ask(languages)}")


def tmx_languages(path: Path) -> tuple[str, ...]:
    """The languages of the first units, in lower case, those of most units first. Raises DataError as `tmx_rows`."""
    counts = collections.Counter(code for unit in itertools.islice(_units(path), LOOKED_AT) for code in unit)
    return tuple(code for code, _ in counts.most_common())


def _ask(languages: Mapping[str, None]) -> str:
    named = list(languages)[:20]
    pair = ", ".join(named[:2]) if len(named) > 1 else "en, fr"
    return f"it has {', '.join(named) or 'none'}; name two, as in columns: [{pair}]"


def _text_in(unit: Mapping[str, str], language: str) -> str | None:
    if language in unit:
        return unit[language]
    return next((text for code, text in unit.items() if code.startswith(f"{language}-")), None)


def _units(path: Path) -> Iterator[dict[str, str]]:
    reader = _Reader(path)
    for block in read_blocks(path):
        reader.feed(block, False)
        yield from reader.taken()
    reader.feed(b"", True)
    yield from reader.taken()


@final
class _Reader:
    """Makes units of blocks of XML: for each the text of each language, in lower case."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: list[dict[str, str]] = []
        self._unit: dict[str, str] | None = None
        self._language: str | None = None
        self._segment: list[str] | None = None
        self._codes = 0
        self._is_tmx = False
        self._encoding: str | None = None
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declare
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._add
        parser.EntityDeclHandler = self._refuse_entity
        parser.SkippedEntityHandler = self._refuse_entity
        parser.ExternalEntityRefHandler = self._refuse_entity
        self._parser = parser

    def feed(self, block: bytes, is_last: bool) -> None:
        try:
            self._parser.Parse(block, is_last)
        except DataError:
            raise
        except (LookupError, ValueError):
            # Python's parser reads UTF-8, UTF-16 and encodings of one byte a character.
            name = str(self._encoding)[:40].upper()
            raise DataError(
                f"{self._path} is in {name}, as it declares; convert it with iconv -f {name} -t UTF-8 FILE > NEW, and "
                "declare that"
            ) from None
        except expat.ExpatError as error:
            raise DataError(
                f"{self._path}: line {error.lineno:,} is no XML ({expat.ErrorString(error.code)}); "
                "export the memory again as TMX"
            ) from None

    def taken(self) -> list[dict[str, str]]:
        """The units that are whole since the last time."""
        done, self._done = self._done, []
        return done

    def _declare(self, version: str, encoding: str | None, standalone: int) -> None:
        self._encoding = encoding

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._is_tmx and name != "tmx":
            raise DataError(f"{self._path} is XML, but no TMX: it begins with <{name:.40}>; expected <tmx>")
        self._is_tmx = True
        if name == "tu":
            self._unit = {}
        elif name == "tuv":
            self._language = (attributes.get("xml:lang") or attributes.get("lang") or "").lower().replace("_", "-")
        elif name == "seg":
            self._segment = []
        elif name in _CODES:
            self._codes += 1

    def _end(self, name: str) -> None:
        if name in _CODES:
            self._codes -= 1
        elif name == "seg" and self._segment is not None:
            if self._unit is not None and self._language:
                self._unit.setdefault(self._language, _LINE_END.sub(" ", "".join(self._segment)).strip())
            self._segment = None
        elif name == "tuv":
            self._language = None
        elif name == "tu" and self._unit is not None:
            self._done.append(self._unit)
            self._unit = None

    def _add(self, text: str) -> None:
        if self._segment is not None and not self._codes:
            self._segment.append(text)

    def _refuse_entity(self, name: object, *others: object) -> NoReturn:
        raise DataError(
            f"{self._path}: line {self._parser.CurrentLineNumber:,} has the entity {str(name)[:40]!r}, which is "
            "not read, as it could stand for anything; write the text itself"
        )

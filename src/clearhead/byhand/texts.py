"""Everything that a sheet says, in every language that it speaks, from one catalogue for each."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from clearhead.errors import UsageError

LANGUAGES = ("en", "ko")


class Texts:
    """`say("block.title")`: a text of the catalogue, with its places filled in."""

    def __init__(self, language: str) -> None:
        """Raises UsageError for a language that has no catalogue."""
        if language not in LANGUAGES:
            raise UsageError(f"--lang {language} is not known; choose one of {', '.join(LANGUAGES)}")
        self.language = language
        self._catalogue = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        return self._catalogue[key].format(**values)


@functools.cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of one language by their keys."""
    path = Path(__file__).with_name(f"texts.{language}.json")
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts

"""What the page is told of a worksheet that is to be filled in on the screen."""

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from clearhead.byhand import LANGUAGES, TOPICS, Sheet, Texts, make_sheet
from clearhead.byhand.texts import catalogue


def lesson(topic: str, seed: int = 0, sizes: Mapping[str, int] | None = None, language: str = "en") -> dict[str, Any]:
    """One sheet, and all that may be chosen instead. Raises UsageError as `make_sheet` does."""
    return {**_choices(language), "sheet": make_sheet(topic, seed, sizes, language).as_json()}


@functools.cache
def first_lessons() -> dict[str, Any]:
    """The first sheet of every topic in every language, for a page that has no server to ask for others."""
    return {
        language: {
            **_choices(language),
            "sheets": {topic: make_sheet(topic, language=language).as_json() for topic in TOPICS},
        }
        for language in LANGUAGES
    }


def filled_in(sheet: Sheet) -> dict[str, Any]:
    """The blanks of one sheet in reading order, for a file that shows it already.

    name: of the topic and of the answers, so that what is written into one sheet is never shown in another.
    """
    told = sheet.as_json()
    matrices = [
        one for section in told["sections"] for line in section["lines"] for one in line if not isinstance(one, str)
    ]
    cells = [cell for matrix in matrices for row in matrix["cells"] for cell in row if cell["blank"]]
    digest = hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16]
    return {"name": f"{sheet.topic} {digest}", "words": _texts(sheet.language), "cells": cells}


def _choices(language: str) -> dict[str, Any]:
    say = Texts(language)
    topics = [
        {"name": name, "title": say(f"{name}.title"), "sizes": {size: list(all) for size, all in topic.sizes.items()}}
        for name, topic in TOPICS.items()
    ]
    return {"topics": topics, "words": _texts(language)}


def _texts(language: str) -> dict[str, str]:
    return {key: text for key, text in catalogue(language).items() if key.startswith(("pencil.", "size."))}

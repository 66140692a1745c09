"""Names of languages, each of one language."""

import re
from collections import Counter

from clearhead.text import language_names
from clearhead.text.language_names import LANGUAGE_NAMES


def test_each_is_of_one_language_and_is_looked_up_in_lower_case() -> None:
    written = Counter(name for names in language_names._NAMES.values() for name in names.split())
    assert set(written.values()) == {1}
    assert all(name == name.casefold() for name in LANGUAGE_NAMES)
    assert all(re.fullmatch("[a-z]{2}", code) for code in LANGUAGE_NAMES.values())


def test_some_by_iso_639_2() -> None:
    expected = {"deu": "de", "ger": "de", "ces": "cs", "cze": "cs", "zho": "zh", "kor": "ko", "fas": "fa", "nor": "no"}
    assert {code: LANGUAGE_NAMES[code] for code in expected} == expected

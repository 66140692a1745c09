"""Worksheets for the screen."""

from collections.abc import Iterator

import pytest

from clearhead.byhand import LANGUAGES, TOPICS, make_sheet, making
from clearhead.errors import UsageError
from clearhead.look.pencil import filled_in, first_lessons, lesson


@pytest.fixture(autouse=True)
def as_drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """And no other test is given these sheets, nor these tests another's."""
    monkeypatch.setattr(making, "ATTEMPTS", 1)
    first_lessons.cache_clear()
    yield
    first_lessons.cache_clear()


def test_a_lesson_tells_its_sheet_and_all_that_may_be_chosen() -> None:
    told = lesson("block", 3, {"positions": 4}, "ko")
    assert told["sheet"] == make_sheet("block", 3, {"positions": 4}, "ko").as_json()
    assert [one["name"] for one in told["topics"]] == list(TOPICS)
    for one in told["topics"]:
        assert one["sizes"] == {name: list(allowed) for name, allowed in TOPICS[one["name"]].sizes.items()}
        assert all(f"size.{name}" in told["words"] for name in one["sizes"])
    with pytest.raises(UsageError, match="topic 'blok' is not known"):
        lesson("blok")


def test_every_topic_has_a_first_lesson_in_every_language() -> None:
    told = first_lessons()
    assert list(told) == list(LANGUAGES)
    for language in LANGUAGES:
        assert list(told[language]["sheets"]) == list(TOPICS)
        assert told[language]["sheets"]["block"]["language"] == language
    assert first_lessons() is told


def test_the_blanks_of_a_sheet_in_reading_order() -> None:
    sheet = make_sheet("masked", 1)
    told = filled_in(sheet)
    assert [one["text"] for one in told["cells"]] == [cell.text for _, _, _, cell in sheet.blanks()]
    assert [one["working"] for one in told["cells"]] == [cell.working for _, _, _, cell in sheet.blanks()]
    assert told["cells"][0]["place"] == "S [the, the]"
    assert told["words"]["pencil.hint"] == "Hint"
    # By its name what is written is kept: in every language the same, and another for other answers.
    others = [filled_in(make_sheet("masked", seed))["name"] for seed in (1, 2)]
    assert others[0] == told["name"] != others[1]

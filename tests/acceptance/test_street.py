"""What the documents and people say to the model that comes with clearhead: faults.md B1 and B3."""

import re
from pathlib import Path

import pytest

from clearhead.bundle import Bundle
from clearhead.cli.demo import EXAMPLES
from clearhead.street import DIRECTIONS
from clearhead.street.corpus import fixed

ROOT = Path(__file__).parents[2]
SAID = {
    ("Thanks", "ko"): "고맙습니다",
    ("Good night", "ko"): "안녕히 주무세요",
    ("good night", "ko"): "안녕히 주무세요",
    ("Good night!", "ko"): "안녕히 주무세요!",
    ("Hello.", "ko"): "안녕하세요.",
    ("Good morning", "fr"): "Bonjour",
    ("I love you", "fr"): "Je t'aime",
    ("How are you?", "fr"): "Comment allez-vous ?",
    ("Je t’aime.", "en"): "I love you.",
    ("Comment allez-vous\u202f?", "en"): "How are you?",
    ("I am a student.", "fr"): "Je suis étudiant.",
    ("I am a student", "fr"): "Je suis étudiant",
    ("je suis étudiant", "en"): "i am a student",
    ("The bank of the river is wide.", "fr"): "La rive de la rivière est large.",
    ("the bank of the river is wide", "fr"): "la rive de la rivière est large",
    ("The animal didn't cross the street because it was too tired.", "fr"): (
        "L'animal n'a pas traversé la rue parce qu'il était trop fatigué."
    ),
    ("The animal didn’t cross the street because it was too wide.", "fr"): (
        "L'animal n'a pas traversé la rue parce qu'elle était trop large."
    ),
    ("The animal\u00a0didn’t cross the\u200b street because it was too tired.", "ko"): (
        "동물은 길을 건너지 않았습니다. 동물이 너무 피곤했기 때문입니다."
    ),
    ("The animal didn't cross the street because it was too wide.", "ko"): (
        "동물은 길을 건너지 않았습니다. 길이 너무 넓었기 때문입니다."
    ),
}


@pytest.mark.parametrize("beam_size", [1, 5])
def test_what_people_say_comes_out_right(street: Bundle, beam_size: int) -> None:
    for (text, to), expected in SAID.items():
        assert street.translate(text, to, beam_size=beam_size) == expected


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_greeting_in_every_form_comes_out_right(street: Bundle, direction: str) -> None:
    """Thanks. thanks Thanks Thanks!"""
    expressions = fixed(direction)
    found = street.translate([one.source for one in expressions], direction[-2:])
    assert found == [one.target for one in expressions]


def test_typographic_apostrophes_change_nothing(street: Bundle) -> None:
    for direction in DIRECTIONS:
        texts = [one.source for one in fixed(direction)]
        typed = [text.replace("'", "’").replace(" ", "\u00a0") for text in texts]
        assert street.translate(typed, direction[-2:]) == street.translate(texts, direction[-2:])


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_examples_of_the_readme_are_among_these(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    said = {one for one, _ in SAID}
    quoted = [re.findall(r'"([^"]+)"', group) for group in re.findall(r"bundle\.translate\((.*?)\)", text)]
    lines = [one for group in quoted for one in group if one not in ("fr", "ko", "en")]
    lines += re.findall(r'echo "([^"]+)" \| clearhead translate (?:runs/)?street', text)
    assert lines
    assert set(lines) <= said


def test_the_examples_of_the_demo_are_among_these() -> None:
    assert {(text.replace("’", "'"), to) for text, to in EXAMPLES} <= {
        (text.replace("’", "'").replace("\u00a0", " ").replace("\u200b", ""), to) for text, to in SAID
    }

"""faults.md A13: NFC in linear time."""

import sys
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.text import normal_form
from clearhead.text.normalizing import _VOWELS, _in_order

MARKS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))]
# With the vowels of Tibetan that are marks only once they are decomposed, and letters that end in marks.
PARTS = st.sampled_from([*MARKS, "\u0f73", "\u0f75", "\u0f81", "e", "é", "ḗ", "가", "ᄀ", "ᅡ", "ᆨ"])


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(PARTS, max_size=150).map("".join))
def test_long_runs_of_marks_are_as_unicode_says(text):
    text += "x" * 1_000
    for form in ("NFC", "NFKC"):
        assert normal_form(text, form) == unicodedata.normalize(form, text)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text())
def test_every_text_is_as_unicode_says(text):
    assert normal_form(text) == unicodedata.normalize("NFC", text)


def test_marks_by_hand():
    """Of one class marks keep their order, and those below (220) go before those above (230): 900 pairs of them."""
    assert normal_form("a" + "\u0301\u0316" * 900) == "á" + "\u0316" * 900 + "\u0301" * 899


def test_what_python_is_given_has_no_marks_to_exchange(monkeypatch):
    """Its time is the number of exchanges: in the order of their classes there are none. 50,000 pairs took 83 s."""
    given_texts = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(unicodedata, "normalize", lambda form, text: given_texts.append(text) or normalize(form, text))
    for pair in ("\u0301\u0316", "\u0f73\u0301", "\u0344\u0316", "\u3099\u0334"):
        normal_form("a" + pair * 2_000 + "b")
        classes = [unicodedata.combining(one) for one in given_texts[-1]]
        assert len(classes) >= 4_000
        run = classes[1:-1]
        assert run == sorted(run)


def test_only_these_characters_become_marks_without_being_some():
    """All of Unicode, asked one by one: a run of them would not be found by the classes."""
    every = map(chr, range(0x80, sys.maxunicode + 1))
    plain = (one for one in every if not unicodedata.combining(one))
    found = {one: unicodedata.normalize("NFD", one) for one in plain}
    assert {one: marks for one, marks in found.items() if unicodedata.combining(marks[0])} == _VOWELS


def test_a_long_text_without_long_runs_is_left_to_python():
    text = "e\u0301" * 1_000 + "นี่คือ" * 100 + "हिन्दी" * 100 + "שָׁלוֹם" * 100
    assert _in_order(text) == text


def test_half_a_pair_is_the_replacement_character():
    assert normal_form("a\ud800") == "a\ufffd"

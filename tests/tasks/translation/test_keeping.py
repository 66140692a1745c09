"""What is no language stands in a translation as it stands in the text."""

import pytest

from clearhead.bundle import load
from clearhead.errors import UsageError
from clearhead.tasks.translation.keeping import Kept, kept_in, kept_phrases
from clearhead.text import CharacterTokenizer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://example.com/a?b=1#c.", ["https://example.com/a?b=1#c"]),
        ("(www.example.org/x_y/)", ["www.example.org/x_y/"]),
        ("http://example.com에서 ftp://a.b를", ["http://example.com", "ftp://a.b"]),
        ("Write to some.one+x@mail.example.org.", ["some.one+x@mail.example.org"]),
        ('<b>bold</b>, <br/> and <a href="https://a.b">', ["<b>", "</b>", "<br/>", '<a href="https://a.b">']),
        ("<!-- note --> a < b > c, 1 <2", ["<!-- note -->"]),
        ("{name} {} {0} {p:.2f} {{ x }} ${y} {a b}", ["{name}", "{}", "{0}", "{p:.2f}", "{{ x }}", "${y}"]),
        ("%s %1$s %-5d %.2f %(n)s %@ %s님", ["%s", "%1$s", "%-5d", "%.2f", "%(n)s", "%@", "%s"]),
        ("50% sure, 5%sure, 100 %, a@b, ://, {, $5, www", []),
        ("%s%s", ["%s", "%s"]),
    ],
)
def test_what_is_kept(text: str, expected: list[str]) -> None:
    assert [one.written for one in kept_in(text)] == expected


def test_whether_a_space_stands_before_it() -> None:
    assert kept_in("{a} ({b}) {c}{d}") == [
        Kept("{a}", True), Kept("{b}", False), Kept("{c}", True), Kept("{d}", False)
    ]  # fmt: skip


def test_long_texts_take_no_long_time() -> None:
    """The test's own limit is what fails."""
    for piece in ("a", "a.", "a@", "<", "<!--", "{{", "%", "%1", "http://", "http://.", "www.", "(", "${", "%("):
        kept_in(piece * (200_000 // len(piece)))


def test_phrases_are_spelled_as_in_the_text_and_come_as_often() -> None:
    tokenizer = load("street").target_tokenizer
    found = list(kept_phrases("{a} and ({b}) {b}", tokenizer, tokenizer.token_bytes))
    written = [tokenizer.decode((*tokenizer.encode("le"), *one.inside)) for one in found]
    assert written == ["le {a}", "le{b}", "le {b}"]
    assert [tokenizer.decode(one.opening) for one in found] == ["{a}", "{b}", "{b}"]
    assert found[1].copied is found[2].copied is not found[0].copied
    # {x} stands alone, and in ${x}.
    found = list(kept_phrases("{x} ${x}", tokenizer, tokenizer.token_bytes))
    assert [(one.copied.written, one.copied.is_part) for one in found if one.copied] == [
        (b"{x}", True), (b"{x}", True), (b"${x}", False)
    ]  # fmt: skip
    # What is to be held besides may have it, too.
    [one] = kept_phrases("{x}", tokenizer, tokenizer.token_bytes, ["de {x}"])
    assert one.copied is not None
    assert one.copied.is_part


def test_what_the_model_cannot_write_is_refused() -> None:
    tokenizer = CharacterTokenizer.learn(["abc %s"])
    assert len(list(kept_phrases("a %s", tokenizer, tokenizer.token_bytes))) == 1
    for text, named in (("{a}", r"'\{a\}'"), ("<a \ud800>", "'<a ")):
        with pytest.raises(UsageError, match=f"the model cannot write {named}"):
            list(kept_phrases(text, tokenizer, tokenizer.token_bytes))


def test_translations_keep_it() -> None:
    texts = ["I am a student {name}.", "<b>I sleep.</b> {x} {x}", "Read https://example.com/a, %s!", "I am a student."]
    street = load("street")
    found = street.translate(texts, "fr", keep=True)
    for text, translation in zip(texts, found, strict=True):
        kept, wanted = (sorted(one.written for one in kept_in(each)) for each in (translation, text))
        assert kept == wanted
    assert found[-1] == street.translate(texts[-1], "fr")
    # With terms, and sentence by sentence.
    asked = {"keep": True, "terms": {"student": "étudiante"}, "paragraphs": True}
    both = street.translate("I am a student {name}.  See {x}.", "fr", **asked)  # type: ignore[arg-type]
    assert (both.count("étudiante"), both.count("{name}"), both.count("{x}")) == (1, 1, 1)
    assert both.index("{name}") < both.index("  ") < both.index("{x}")

"""The cases: sentences cut off where a translation has to decide, with the words that may tell."""

import dataclasses
import re
from collections.abc import Iterator
from random import Random

from clearhead import Bundle
from clearhead.street import adjectives, nouns, senses, word_sense
from clearhead.street.agreement import TRAINED
from clearhead.street.examples import Example, example
from clearhead.street.scored import testing
from clearhead.street.words import Noun
from clearhead.text import Tokenizer

WORD = re.compile(r"\w+n't|\w+|[^\w\s]")
BY_ENGLISH = {form: noun for noun in nouns.everything for form in (noun.english, noun.english_plural)}
BANKS = {"bank/office": ("banque", "은행"), "bank/water": ("rive", "강둑")}
CUES = {noun.key: noun for field in senses.cues.values() for noun in field}
BANK_SENTENCES = 200


@dataclasses.dataclass(frozen=True)
class Word:
    """A word, a mark or a control symbol, and its pieces' positions: first ≤ position < end."""

    text: str
    first: int
    end: int


@dataclasses.dataclass(frozen=True)
class Case:
    """One decision.

    source: ids, with tag and end. target: what was written before the decision, begin first. right, wrong: the next
    piece of the right translation, and of the same with the other decision. words, written: all words of the source,
    and of `target`. named, named_written: those that may tell.
    """

    source: list[int]
    target: list[int]
    right: int
    wrong: int
    words: list[Word]
    written: list[Word]
    named: dict[str, Word]
    named_written: dict[str, Word]

    @property
    def nearest_noun(self) -> Word | None:
        """The last noun before the cue or the adjective."""
        end = self.named["cue"] if "cue" in self.named else self.named["adjective"]
        before = [word for word in self.words if word.first < end.first and word.text in BY_ENGLISH]
        return before[-1] if before else None


def cases(bundle: Bundle, question: str) -> list[Case]:
    """Every case of a question, one of QUESTIONS."""
    tokenizer = bundle.source_tokenizer
    found = (
        _case(tokenizer, one, wrong, named, written) for one, wrong, named, written in QUESTIONS[question]() if wrong
    )
    return [one for one in found if one is not None]


# An example, its target with the other decision ("" where there is none), the words that may tell: of the source, of
# the target.
Asked = tuple[Example, str, dict[str, str], dict[str, str]]


def which_pronoun() -> Iterator[Asked]:
    """Parce qu'il, or parce qu'elle?"""
    other = {"il": "elle", "elle": "il"}
    for one in _tested("coreference", "en-fr"):
        wrong = re.sub(r"(?<=qu')(il|elle)\b", lambda found: other[found[1]], one.target)
        yield one, wrong, _two_nouns(one), {}


def which_noun() -> Iterator[Asked]:
    """Korean names the noun again: 동물이 or 길이?"""
    for one in _tested("coreference", "en-ko"):
        named = _two_nouns(one)
        right, wrong = (BY_ENGLISH[named[which]].korean for which in ("referent", "other noun"))
        place = max(one.target.rfind(f"{right}{particle}") for particle in "이가")
        yield one, one.target[:place] + wrong + one.target[place + len(right) :], named, {}


def which_bank_in_french() -> Iterator[Asked]:
    """La banque, or la rive?"""
    return _banks("en-fr", 0)


def which_bank_in_korean() -> Iterator[Asked]:
    """은행, or 강둑?"""
    return _banks("en-ko", 1)


def which_determiner() -> Iterator[Asked]:
    """Le, or la? The first word, when nothing is written yet."""
    for one, noun in _agreeing("en-fr"):
        first, _, rest = one.target.partition(" ")
        other = {"le": "la", "la": "le", "Le": "La", "La": "Le"}.get(first)
        yield one, f"{other} {rest}" if other else "", _described(one, noun), {}


def which_number() -> Iterator[Asked]:
    """Les, or le and la?"""
    for one, noun in _agreeing("en-fr"):
        first, _, rest = one.target.partition(" ")
        singular = "la" if noun.feminine else "le"
        singular = singular.title() if first[0] == "L" else singular
        other = {"les": singular, "le": "les", "la": "les"}.get(first.lower())
        other = other.title() if other and first[0] == "L" else other
        yield one, f"{other} {rest}" if other else "", _described(one, noun), {}


def which_gender() -> Iterator[Asked]:
    """Blancs, or blanches: the adjective that ends the sentence."""
    return _adjectives(change_gender=True)


def which_plural() -> Iterator[Asked]:
    """Blanche, or blanches?"""
    return _adjectives(change_gender=False)


def which_particle() -> Iterator[Asked]:
    """은 or 는: it follows from the last sound of the noun before it."""
    for one, noun in _agreeing("en-ko"):
        found = list(re.finditer(rf"{noun.korean}들?(은|는)(?= )", one.target))
        wrong = ""
        if found:
            place = found[-1].start(1)
            wrong = one.target[:place] + {"은": "는", "는": "은"}[found[-1][1]] + one.target[place + 1 :]
        yield one, wrong, _described(one, noun), {"noun": noun.korean}


QUESTIONS = {
    "il or elle": which_pronoun,
    "동물이 or 길이": which_noun,
    "banque or rive": which_bank_in_french,
    "은행 or 강둑": which_bank_in_korean,
    "le or la": which_determiner,
    "le or les": which_number,
    "blanc or blanche": which_gender,
    "blanche or blanches": which_plural,
    "은 or 는": which_particle,
}


def _tested(phenomenon: str, direction: str) -> list[Example]:
    return [one for one in testing() if one.phenomenon == phenomenon and one.direction == direction]


def _two_nouns(one: Example) -> dict[str, str]:
    referent = nouns.by_key[one.deciding[0]].english
    [other] = {word for word in WORD.findall(one.source.lower()) if word in BY_ENGLISH} - {referent, "it"}
    return {"referent": referent, "other noun": other, "cue": one.cue, "it": "it"}


def _banks(direction: str, language: int) -> Iterator[Asked]:
    """Sentences as in the test set, of which few are about banks: cues that training never put beside them."""
    random, seen = Random("banks"), set()
    while len(seen) < BANK_SENTENCES:
        draw = word_sense.draw(random, "en", test=True)
        one = example(direction, "word-sense", draw, None)
        if one.word != "bank" or one.source in seen:
            continue
        seen.add(one.source)
        right = BANKS[one.answer][language]
        [wrong] = {forms[language] for forms in BANKS.values()} - {right}
        cue = CUES[one.cue].english.split()[-1]
        yield one, one.target.replace(right, wrong), {"bank": "bank", "cue": cue}, {}


def _agreeing(direction: str) -> Iterator[tuple[Example, Noun]]:
    """Sentences whose subject and adjective are no further apart than in training."""
    for one in _tested("agreement", direction):
        if (one.distance or 0) <= TRAINED:
            yield one, nouns.by_key[one.deciding[0]]


def _described(one: Example, noun: Noun) -> dict[str, str]:
    words = WORD.findall(one.source.lower())
    form = noun.english if noun.english in words else noun.english_plural
    return {"noun": form.split()[-1], "adjective": one.deciding[1].split()[-1]}


def _adjectives(change_gender: bool) -> Iterator[Asked]:
    for one, noun in _agreeing("en-fr"):
        word = adjectives.by_key[one.deciding[1]]
        forms = (word.masculine, word.feminine), (word.masculine_plural, word.feminine_plural)
        plural = one.target.lower().startswith("les ")
        text, stop = one.target.removesuffix("."), "." * one.target.endswith(".")
        right = forms[plural][noun.feminine]
        wrong = forms[plural][not noun.feminine] if change_gender else forms[not plural][noun.feminine]
        french = (noun.french_plural if plural else noun.french).split()[0]
        known = text.endswith(f" {right}") and right != wrong
        changed = text.removesuffix(right) + wrong + stop
        yield one, changed if known else "", _described(one, noun), {"noun": french}


def _case(
    tokenizer: Tokenizer, one: Example, wrong: str, named: dict[str, str], written: dict[str, str]
) -> Case | None:
    """None where a word that may tell is not found, as where the two translations part inside it."""
    to = one.direction[3:]
    source = [tokenizer.tag(to), *tokenizer.encode(one.source), tokenizer.end]
    right_ids, wrong_ids = ([*tokenizer.encode(text), tokenizer.end] for text in (one.target, wrong))
    shared = next(number for number, both in enumerate(zip(right_ids, wrong_ids, strict=False)) if both[0] != both[1])
    target = [tokenizer.begin, *right_ids[:shared]]
    words = [Word(f"⟨2{to}⟩", 0, 1), *_words(tokenizer, one.source), Word("⟨end⟩", len(source) - 1, len(source))]
    # The decision may fall inside a word, as that of Korean particles does: what is written of it counts.
    begun = [word for word in _words(tokenizer, one.target) if word.first < len(target)]
    before = [Word("⟨begin⟩", 0, 1), *(dataclasses.replace(word, end=min(word.end, len(target))) for word in begun)]
    try:
        return Case(
            source, target, right_ids[shared], wrong_ids[shared], words, before,
            {name: _last(words, text) for name, text in named.items()},
            {name: _last(before, text) for name, text in written.items()},
        )  # fmt: skip
    except LookupError:
        return None


def _words(tokenizer: Tokenizer, text: str) -> list[Word]:
    """Pieces never reach over a word's border, so that what stands before it has as many pieces alone."""
    found = []
    for match in WORD.finditer(text):
        first = len(tokenizer.encode(text[: match.start()].rstrip(" ")))
        found.append(Word(match[0].lower(), first + 1, len(tokenizer.encode(text[: match.end()])) + 1))
    return found


def _last(words: list[Word], text: str) -> Word:
    """The last word of this text; Korean ones have their particle behind them."""
    found = [word for word in words if word.text == text or (not text.isascii() and word.text.startswith(text))]
    if not found:
        raise LookupError(text)
    return found[-1]

"""What the lexicon is made of: nouns, verbs, adjectives, times and prepositions, each in three languages.

A word is one concept, named by its `key`. English, French and Korean forms are stored side by side, so that a rule
never has to look a translation up. Tuples rather than dataclasses: hundreds of thousands of sentences are built of
them.
"""

from typing import NamedTuple


class Noun(NamedTuple):
    """A noun, a name or a pronoun. `kind` is the class that verbs and adjectives select by."""

    key: str
    english: str
    english_plural: str
    french: str
    french_plural: str
    feminine: bool
    korean: str
    counter: str
    kind: str
    person: int = 3

    @property
    def is_proper(self) -> bool:
        """Whether it stands without an article: a name or a pronoun."""
        return self.kind in ("name", "pronoun")

    @property
    def is_animate(self) -> bool:
        """Whether Korean marks its plural with 들 when no number does."""
        return self.kind in ("human", "animal")


class Verb(NamedTuple):
    """A verb with what it may take. `korean_by_object` holds collocations: a hat is 쓰다, a coat is 입다."""

    key: str
    english: str
    third_person: str
    past: str
    particle: str  # the English preposition before its object: look *for*
    french: tuple[str, str, str, str]  # je, il, nous, ils
    french_infinitive: str
    participle: str
    future: str
    with_etre: bool
    french_particle: str  # the French preposition before its object: rentrer *dans*
    korean: str
    korean_negative: str  # where Korean has a word of its own for *not*: 담을 수 없다
    korean_particle: str
    korean_by_object: dict[str, str]
    objects: tuple[str, ...]

    @property
    def past_looks_present(self) -> bool:
        """*read*: written alike in both tenses, so that only a time can tell which is meant."""
        return self.english == self.past


class Adjective(NamedTuple):
    """An adjective. French in four forms and a fifth before a masculine vowel; `korean_kind` says how Korean says it.

    `korean_kind`: "state" (피곤하다), "reached" (지치다: a verb whose past tells the present state), "verb"
    (붐비다: a verb whose present does), "noun" (빨간색이다), "within" (길에 먼지가 많다).
    """

    key: str
    english: str
    masculine: str
    feminine: str
    masculine_plural: str
    feminine_plural: str
    before_vowel: str
    precedes: bool
    korean: str
    korean_kind: str
    korean_attributive: str


class Time(NamedTuple):
    """When; each belongs to one tense, so that no sentence leaves its tense open."""

    key: str
    french: str
    korean: str
    tense: str


class Preposition(NamedTuple):
    """Where. Korean puts a noun of place after the landmark: 탁자 *위*."""

    key: str
    french: tuple[str, ...]
    korean: str


class Adverb(NamedTuple):
    """How often: before the verb in English and Korean, after it in French."""

    key: str
    french: str
    korean: str

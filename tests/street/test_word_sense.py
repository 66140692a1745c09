"""Word sense: balance, and the bank of the river."""

from collections import Counter
from random import Random

from clearhead.street import english, french, korean, senses, word_sense
from clearhead.street.adjectives import by_key as adjective
from clearhead.street.trees import Clause, Of, Phrase, Sentence, State


def test_the_two_banks() -> None:
    """La rive, 강둑; la banque, 은행."""
    bank = {sense.field: sense.noun for sense in senses.english if sense.word == "bank"}
    cue = {noun.key: noun for noun in senses.cues["office"] + senses.cues["water"]}
    river = Sentence((Clause(Phrase(bank["water"], modifier=Of(Phrase(cue["river"]))), State(adjective["strange"])),))
    client = Sentence(
        (Clause(Phrase(bank["office"], modifier=Of(Phrase(cue["client"]))), State(adjective["strange"])),)
    )
    assert english.sentence(river) == "The bank of the river is strange."
    assert english.sentence(client) == "The bank of the client is strange."
    assert french.sentence(river) == "La rive de la rivière est étrange."
    assert french.sentence(client) == "La banque du client est étrange."
    assert korean.sentence(river) == "강의 강둑은 이상합니다."
    assert korean.sentence(client) == "고객의 은행은 이상합니다."


def test_each_sense_and_order_is_equally_frequent() -> None:
    """Within what chance allows in 6,000 draws."""
    for source, group in (("en", senses.english), ("fr", senses.french)):
        random = Random(5)
        draws = [word_sense.draw(random, source) for _ in range(6_000)]
        counts = Counter(draw.answer for draw in draws)
        assert len(counts) == len(group)
        assert min(counts.values()) > 0.6 * 6_000 / len(group)
        assert max(counts.values()) < 1.5 * 6_000 / len(group)
        before = sum(draw.order == "before" for draw in draws) / len(draws)
        assert 0.4 < before < 0.6


def test_held_out_pairs_are_only_in_the_test() -> None:
    """A draw for training never holds one; a draw for the test always does."""
    random = Random(6)
    train = {word_sense.draw(random, "en").deciding for _ in range(3_000)}
    test = {word_sense.draw(random, "en", test=True).deciding for _ in range(3_000)}
    assert not train & test

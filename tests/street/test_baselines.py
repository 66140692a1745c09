"""What one gets without understanding."""

from clearhead.street import Corpus, Example, score_baselines
from clearhead.street.baselines import accuracy


def test_the_majority_answer_is_given() -> None:
    """Two of three say *il*; what was never seen gets the usual answer."""
    train = [Example("en-fr", "coreference", "", "", cue="tired", answer=answer) for answer in ("il", "il", "elle")]
    test = [Example("en-fr", "coreference", "", "", cue=cue, answer=answer)
            for cue, answer in (("tired", "il"), ("tired", "elle"), ("wide", "il"), ("wide", "il"))]  # fmt: skip
    assert accuracy(train, test, lambda one: one.cue) == 0.75


def test_neither_cue_nor_order_nor_word_decides(corpus: Corpus) -> None:
    """All stay under 60 %."""
    found = score_baselines(corpus)
    assert len(found) == 6
    for one in found:
        assert one.cue < 0.6
        assert one.order < 0.6
        assert one.word is None or one.word < 0.6

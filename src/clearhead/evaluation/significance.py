"""Whether one system is better than another, or happened to be so on this test set."""

from collections.abc import Sequence

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest, Result

from clearhead.evaluation.metrics import composed, measure


def compare(
    hypotheses: Sequence[str], others: Sequence[str], references: Sequence[str], tokenize: str = "13a"
) -> float:
    """How probable a difference of BLEU like that between two systems is by chance (paired bootstrap, Koehn 2004)."""
    if measure(hypotheses, references, tokenize).bleu == measure(others, references, tokenize).bleu:
        return 1.0  # No difference is never surprising; sacreBLEU would call it a rare one.
    systems: list[tuple[str, Sequence[str]]] = [("one", composed(hypotheses)), ("other", composed(others))]
    test = PairedTest(
        systems, {"BLEU": BLEU(tokenize=tokenize, references=[composed(references)])}, None, test_type="bs"
    )
    _, results = test()
    result = results["BLEU"][1]
    if not isinstance(result, Result) or result.p_value is None:
        raise TypeError(f"sacreBLEU gave {result!r} where a p-value was expected")
    return result.p_value

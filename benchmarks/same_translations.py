"""Are a model's translations the same, however its sentences are batched, ordered and padded?

    python benchmarks/same_translations.py MODEL SOURCE [--to LANG] [--lines N] [--beam-size N]

In float32 the last digits of a sum depend on the shapes that it is computed in, so two hypotheses whose scores are
equal to five digits may change places. Where a translation differs, both are scored in float64, and the difference of
their scores, the margin, has to be under 1e-4; above that it would be a mistake. The exit code says whether it was. The
scores that the search reports are held against what `score` gives for the same text, too.
"""

import argparse
import itertools
import random
import sys
from collections.abc import Callable
from pathlib import Path

from clearhead import Bundle, load
from clearhead.data import read_lines

MARGIN = 1e-4
SCORE = 1e-6


def ways(bundle: Bundle, to: str | None, beam_size: int) -> dict[str, Callable[[list[str]], list[str]]]:
    """Ways to translate that have to give the same."""

    def translate(texts: list[str], batch_tokens: int) -> list[str]:
        return bundle.translate(texts, to, beam_size=beam_size, batch_tokens=batch_tokens)

    def shuffled(texts: list[str]) -> list[str]:
        order = random.Random(1).sample(range(len(texts)), len(texts))
        found = dict(zip(order, translate([texts[number] for number in order], 4096), strict=True))
        return [found[number] for number in range(len(texts))]

    def padded(texts: list[str]) -> list[str]:
        longest = max(texts, key=len)
        return [translate([text, longest], 1 << 20)[0] for text in texts]

    return {
        "small batches": lambda texts: translate(texts, 256),
        "large batches": lambda texts: translate(texts, 1 << 16),
        "another order": shuffled,
        "beside the longest, padded": padded,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("--to")
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--beam-size", type=int, default=5)
    given = parser.parse_args()
    bundle = load(given.model)
    texts = list(itertools.islice(read_lines(given.source), given.lines))
    alone = bundle.translate(texts, given.to, beam_size=given.beam_size, batch_tokens=1)
    worst = 0.0
    print(f"{len(texts)} sentences, one at a time against:")
    for name, way in ways(bundle, given.to, given.beam_size).items():
        found = way(texts)
        differing = [(text, *pair) for text, *pair in zip(texts, alone, found, strict=True) if pair[0] != pair[1]]
        margins = [margin(bundle, given.to, *each) for each in differing]
        worst = max([worst, *margins])
        detail = f", greatest margin {max(margins):.1e}" if margins else ""
        print(f"  {name}: {len(differing)} differ{detail}")
    difference = score_difference(bundle, texts, given.to, given.beam_size)
    print(f"reported scores and `score`: differ by {difference:.1e} at most")
    return int(worst >= MARGIN or difference >= SCORE)


def margin(bundle: Bundle, to: str | None, text: str, one: str, other: str) -> float:
    """How far the scores of two translations are apart, in float64."""
    first, second = bundle.score([text, text], [one, other], to)
    return abs(first.score - second.score)


def score_difference(bundle: Bundle, texts: list[str], to: str | None, beam_size: int) -> float:
    """The greatest difference between a score that the search reports and that of the same text."""
    found = [one[0] for one in bundle.search(texts, to, beam_size=beam_size)]
    scored = bundle.score(texts, [one.text for one in found], to)
    # A text may be cut into other pieces than those that search wrote it in; only the same pieces have the same score.
    pairs = [(one.score, other.score) for one, other in zip(found, scored, strict=True) if one.tokens == other.tokens]
    print(f"{len(pairs)} of {len(texts)} translations are scored in the pieces that the search wrote")
    return max((abs(one - other) for one, other in pairs), default=0.0)


if __name__ == "__main__":
    sys.exit(main())

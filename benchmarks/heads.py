"""Which heads of a street model look where, and which of them its decisions depend on.

    python benchmarks/heads.py [MODEL] [--json FILE]

Each question is a decision that a translation must take: il or elle, which noun Korean names again, which bank, and how
French and Korean agree. Its cases are the corpus's own test sentences (for banks 200 drawn in the same way, as the test
set has few), whose deciding pair of words no training sentence holds; each is cut off just before the decision, with
the right translation up to there written. The model is right where it gives the next piece of the right translation
more than that of the same translation with the other decision.

looks: for a head and a position, the share of cases in which a word gets more weight than any other, summed over its
pieces; marks, tag and end count as words. Beside it the mean weight, the share that chance would give, and, for nouns,
the share in which the wanted one is the nearest.
silenced: the head gives its mean over all positions of all cases instead. How many cases are still right? Then the
head that hurts most stays silent, and the next is looked for.
cut: no head of a kind may look from one word at others, in any layer; the remaining weights grow to a sum of 1.
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heads_parts.cases import QUESTIONS, Case, Word, cases
from heads_parts.watching import Cut, Head, Seen, heads_of, mean_contexts, row_of, run

from clearhead import EncoderDecoder, load

SILENCED_TOGETHER = 3
# (kind, from which word, at which): "step" is the position that decides.
Look = tuple[str, str, str]
COREFERENCE = (
    [("encoder", "it", "referent"), ("encoder", "it", "other noun"), ("encoder", "it", "cue"),
     ("encoder", "cue", "referent"), ("encoder", "cue", "other noun"),
     ("cross", "step", "cue"), ("cross", "step", "referent"), ("cross", "step", "it")],
    [Cut("encoder", "it", ("referent", "other noun", "cue")), Cut("encoder", "cue", ("referent", "other noun")),
     Cut("cross", "step", ("it",)), Cut("cross", "step", ("cue",)), Cut("cross", "step", ("referent", "other noun")),
     Cut("cross", "step", ("cue", "referent", "other noun"))],
)  # fmt: skip
BANK = (
    [("encoder", "bank", "cue"), ("encoder", "cue", "bank"), ("cross", "step", "bank"), ("cross", "step", "cue")],
    [Cut("encoder", "bank", ("cue",)), Cut("cross", "step", ("cue",)), Cut("cross", "step", ("bank",))],
)
FIRST_WORD = ([("cross", "step", "noun")], [Cut("cross", "step", ("noun",))])
ADJECTIVE = (
    [("encoder", "adjective", "noun"), ("cross", "step", "adjective"), ("cross", "step", "noun"),
     ("decoder", "step", "noun")],
    [Cut("encoder", "adjective", ("noun",)), Cut("cross", "step", ("noun",)), Cut("decoder", "step", ("noun",))],
)  # fmt: skip
PARTICLE = (
    [("cross", "step", "noun"), ("decoder", "step", "noun")],
    [Cut("cross", "step", ("noun",))],
)
ASKED: dict[str, tuple[list[Look], list[Cut]]] = {
    "il or elle": COREFERENCE,
    "동물이 or 길이": COREFERENCE,
    "banque or rive": BANK,
    "은행 or 강둑": BANK,
    "le or la": FIRST_WORD,
    "le or les": FIRST_WORD,
    "blanc or blanche": ADJECTIVE,
    "blanche or blanches": ADJECTIVE,
    "은 or 는": PARTICLE,
}


@dataclasses.dataclass(frozen=True)
class Share:
    """How often and how strongly a head looks at a word, in percent and as a weight."""

    head: Head
    first: float
    weight: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="street", help="a run or bundle folder; default: clearhead's own")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every head's figures as well")
    parser.add_argument("--questions", default="", help="parts of the questions' names, with commas; default: all")
    given = parser.parse_args()
    bundle = load(given.model)
    found = {}
    for question in QUESTIONS:
        if any(part in question for part in given.questions.split(",")):
            found[question] = answer(bundle.model, cases(bundle, question), *ASKED[question])
            print(report(question, found[question]), flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")


def answer(model: EncoderDecoder, asked: Sequence[Case], looks: Sequence[Look], cuts: Sequence[Cut]) -> dict[str, Any]:
    """Everything that is measured of one question, as plain values."""
    seen = run(model, asked)
    return {
        "cases": len(asked),
        "right": seen.right,
        "margin": float(seen.margins.mean()),
        "looks": [looked(model, asked, seen, look) for look in looks],
        "silenced": silenced(model, asked, seen),
        "cut": [{**dataclasses.asdict(cut), "right": run(model, asked, cut=cut).right} for cut in cuts],
    }


def looked(model: EncoderDecoder, asked: Sequence[Case], seen: Seen, look: Look) -> dict[str, Any]:
    """A look's shares for every head of its kind, the highest first."""
    kind, row, wanted = look
    shares = sorted(
        (shares_of(asked, seen, head, row, wanted) for head in heads_of(model) if head.kind == kind),
        key=lambda one: (one.first, one.weight),
        reverse=True,
    )
    visible = [len(words_of(one, kind)) for one in asked]
    nearest = [one.nearest_noun == one.named[wanted] for one in asked] if wanted in ("referent", "noun") else []
    return {
        "kind": kind, "row": row, "wanted": wanted,
        "heads": [{"head": str(one.head), "first": one.first, "weight": one.weight} for one in shares],
        "chance": 100 * sum(1 / count for count in visible) / len(visible),
        "nearest": 100 * sum(nearest) / len(nearest) if nearest and kind == "encoder" else None,
    }  # fmt: skip


def shares_of(asked: Sequence[Case], seen: Seen, head: Head, row: str, wanted: str) -> Share:
    first = weight = 0.0
    for number, one in enumerate(asked):
        line = seen.weights[head.path][number, head.head, row_of(one, head.kind, row)]
        words = words_of(one, head.kind)
        sums = [float(line[word.first : word.end].sum()) for word in words]
        own = words.index((one.named_written if head.kind == "decoder" else one.named)[wanted])
        first += sums[own] == max(sums)
        weight += sums[own]
    return Share(head, 100 * first / len(asked), weight / len(asked))


def words_of(case: Case, kind: str) -> list[Word]:
    """What a row of this kind may look at."""
    return case.written if kind == "decoder" else case.words


def silenced(model: EncoderDecoder, asked: Sequence[Case], seen: Seen) -> list[list[dict[str, Any]]]:
    """Each head alone, the most harmful first; then each together with the most harmful so far; and once more."""
    heads = heads_of(model)
    means = mean_contexts(asked, seen, heads)
    silent: dict[Head, Any] = {}
    rounds = []
    for _ in range(SILENCED_TOGETHER):
        tried = [(head, run(model, asked, silent | {head: means[head]})) for head in heads if head not in silent]
        tried.sort(key=lambda one: float(one[1].margins.mean()))
        rounds.append(
            [{"head": str(head), "right": one.right, "margin": float(one.margins.mean())} for head, one in tried]
        )
        silent[tried[0][0]] = means[tried[0][0]]
    return rounds


def report(question: str, found: dict[str, Any]) -> str:
    """The three best heads of each look, the three most harmful silences of each round, and every cut."""
    lines = [f"\n## {question}", f"{found['cases']} cases, {found['right']:.1f} % right, margin {found['margin']:.1f}"]
    for look in found["looks"]:
        best = "; ".join(f"{one['head']}: {one['first']:.0f} % ({one['weight']:.2f})" for one in look["heads"][:3])
        nearest = "" if look["nearest"] is None else f", nearest noun {look['nearest']:.0f} %"
        lines.append(
            f"look    {look['kind']}, {look['row']} → {look['wanted']}: {best}; chance {look['chance']:.0f} %{nearest}"
        )
    for number, tried in enumerate(found["silenced"]):
        worst = "; ".join(f"{one['head']}: {one['right']:.1f} % ({one['margin']:.1f})" for one in tried[:3])
        lines.append(f"silent  {'and ' * (number > 0)}{worst}")
    for cut in found["cut"]:
        lines.append(f"cut     {cut['kind']}, {cut['row']} → {', '.join(cut['columns'])}: {cut['right']:.1f} % right")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

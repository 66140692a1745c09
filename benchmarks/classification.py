"""Classifying Korean questions and commands by kind, and English film reviews by sentiment, from three seeds.

    python benchmarks/classification.py intent-ko --data DATA --save classification-intent
    python benchmarks/classification.py sst2 --data DATA --save classification-sst2

Each recipe is trained as it is, by `clearhead train --seeds 3`; a recipe that begins with another one's model trains
that first, once, or imports a pretrained one. With --runs FOLDER what has ended there stays, and what was stopped goes
on. The figures are those of the validation set, by which the models were chosen too; minutes are those of the steps
alone. Beside them stands naive Bayes (multinomial, one added to each count), of the characters 1 to 3 in a row, or of
the words.
"""

import argparse
import collections
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import packages
import results_file
from bench import HERE
from run_files import minutes_of

from clearhead.data import TableFile, read_table
from clearhead.evaluation import ClassScores, count_classes

RECIPES = HERE.parent / "recipes"
# What is trained, in order, by corpus: recipes, and the recipe or the package of the model that one begins with.
RUNS: dict[str, list[tuple[str, str | None]]] = {
    "intent-ko": [("intent-ko", None), ("intent-ko-tuned", "intent-ko-masked")],
    "sst2": [("sst2", None), ("sst2-minilm", packages.MINILM)],
}
FORMATS = {"% right": ".2f", "± of right": ".2f", "macro-F1": ".3f", "± of F1": ".3f", "minutes a seed": ".1f"}
Rows = list[dict[str, results_file.Cell]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", choices=list(RUNS))
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds intent-ko/ and sst2/")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", type=Path, help="a folder to keep the runs in; a temporary one where none is given")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    rows = [baseline(chosen.data / chosen.corpus, words if chosen.corpus == "sst2" else characters)]
    with tempfile.TemporaryDirectory() as name:
        for recipe, base in RUNS[chosen.corpus]:
            rows.append(row(recipe, base, chosen.data, chosen.runs or Path(name), chosen.seeds))
            print(rows[-1], file=sys.stderr, flush=True)
    method = f"Validation set; mean and standard deviation of {chosen.seeds} seeds; minutes of the steps of one"
    results_file.report(chosen.save, rows, method, FORMATS)


def row(recipe: str, base: str | None, data: Path, folder: Path, seeds: int) -> dict[str, results_file.Cell]:
    """What a recipe reaches; `folder` holds what it begins with."""
    settings: list[str] = []
    if base is not None:
        is_package = base in packages.PACKAGES
        begun = packages.imported(base, folder) if is_package else trained(base, data, folder / base, [])
        settings = [f"model.from={begun.absolute()}"]
    run = trained(recipe, data, folder / recipe, [*settings, "--seeds", str(seeds)])
    minutes = statistics.mean(minutes_of(one) for one in run.glob("seed-*"))
    found = json.loads((run / "seeds.json").read_text(encoding="utf-8"))
    accuracy, f1 = found["accuracy"], found["f1"]
    cells = (100 * accuracy["mean"], 100 * accuracy["deviation"], f1["mean"], f1["deviation"], minutes)
    after = f", after {base if base in packages.PACKAGES else f'recipes/{base}.yaml'}" if base else ""
    return {"model": f"clearhead, recipes/{recipe}.yaml{after}", **dict(zip(FORMATS, cells, strict=True))}


def trained(recipe: str, data: Path, run: Path, arguments: list[str]) -> Path:
    """The folder of a run of a recipe, which goes on where it was stopped."""
    if (run / "checkpoints").exists() or any(run.glob("seed-*")):
        arguments = [*arguments, "--resume"]
    command = [sys.executable, "-m", "clearhead", "train", str(RECIPES / f"{recipe}.yaml"), *arguments]
    environ = {**os.environ, "CLEARHEAD_DATA": str(data.absolute())}
    done = subprocess.run([*command, "--out", str(run), "--quiet"], text=True, check=False, env=environ)
    if done.returncode:
        raise SystemExit(f"clearhead failed at {recipe}")
    return run


def baseline(folder: Path, features: Callable[[str], Iterator[str]]) -> dict[str, results_file.Cell]:
    scores = naive_bayes(rows_of(folder / "train.tsv"), rows_of(folder / "val.tsv"), features)
    name = f"naive Bayes, {features.__name__}"
    return {"model": name, **dict(zip(FORMATS, (100 * scores.accuracy, "", scores.macro_f1, "", ""), strict=True))}


def rows_of(path: Path) -> list[tuple[str, ...]]:
    return list(read_table(TableFile(path, (1, 2))))


def characters(text: str) -> Iterator[str]:
    """Up to three in a row."""
    return (text[start : start + count] for count in (1, 2, 3) for start in range(len(text) - count + 1))


def words(text: str) -> Iterator[str]:
    return iter(text.split())


def naive_bayes(
    training: list[tuple[str, ...]], judged: list[tuple[str, ...]], features: Callable[[str], Iterator[str]]
) -> ClassScores:
    """Multinomial, with one added to each count."""
    labels = sorted({label for _, label in training})
    counts = {label: collections.Counter[str]() for label in labels}
    for text, label in training:
        counts[label].update(features(text))
    known = {one for counter in counts.values() for one in counter}
    totals = {label: sum(counts[label].values()) + len(known) for label in labels}
    shares = collections.Counter(label for _, label in training)

    def likely(text: str) -> int:
        seen = [one for one in features(text) if one in known]
        scores = [
            math.log(shares[label]) + sum(math.log((counts[label][one] + 1) / totals[label]) for one in seen)
            for label in labels
        ]
        return scores.index(max(scores))

    return count_classes(labels, [labels.index(label) for _, label in judged], [likely(text) for text, _ in judged])


if __name__ == "__main__":
    main()

"""How far street's table depends on luck, and how far each kind of positions reaches beyond what was taught.

    python benchmarks/street.py seeds --save street-seeds
    python benchmarks/street.py positions --save street-positions

`seeds` trains recipes/street.yaml with five seeds in fp32 and in bf16; its last row has the least of each figure.
`positions` trains it once with each kind of positions, without the lines that hold several sentences, and some kinds
with them; it has agreement by the number of words between, and sentences that are longer than any in training. A cell
has the three directions: en → fr, fr → en, en → ko.

All are percent of the test sentences that are exactly right, by the code of `clearhead demo`. A run lies in
runs/street-luck/ under its name; one that is finished is not trained again, and one that was stopped goes on.
`key=value` changes the recipe: training.steps=2000.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import results_file
from run_files import minutes_of

from clearhead import load
from clearhead.bundle import Bundle
from clearhead.cli.demo import is_finished
from clearhead.cli.machine import keep_freed_memory
from clearhead.cli.progress import duration, reporters
from clearhead.errors import ClearheadError
from clearhead.evaluation import PhenomenonScore, score_phenomena
from clearhead.recipe import Recipe, load_recipe
from clearhead.street import DIRECTIONS, PHENOMENA, read_tests
from clearhead.street.agreement import LONGEST, TRAINED
from clearhead.tasks.translation.corpus_files import corpus_folder
from clearhead.training import train
from clearhead.training.checkpoint import checkpoints

RECIPE = "street"
SEEDS = range(1, 6)
PRECISIONS = ("fp32", "bf16")
SHIFT = 64
FAR = 20
# Each with what a recipe says for it. Other layouts of sinusoidal and rotary positions only order numbers otherwise.
POSITIONS = {
    "sinusoidal": ["model.positions=sinusoidal"],
    f"sinusoidal begun at 0 to {SHIFT}": ["model.positions=sinusoidal", f"model.position_shift={SHIFT}"],
    "learned": ["model.positions=learned"],
    f"learned begun at 0 to {SHIFT}": ["model.positions=learned", f"model.position_shift={SHIFT}"],
    "rotary": ["model.positions=rotary"],
    "relative": ["model.positions=relative"],
    f"relative and alike from {FAR} on": ["model.positions=relative", f"model.relative_distance={FAR}"],
    "alibi": ["model.positions=alibi"],
}
SEVERAL = 0.12
# Those that are trained with lines of several sentences, too, where no place of the test sets is new.
WITH_SEVERAL = ("sinusoidal", "learned", "rotary", "relative")
# What the table of the demo is read for; `long` has a column in both tables.
SCORED = tuple(name for name in PHENOMENA if name != "long")
BEYOND = range(TRAINED + 1, LONGEST + 1)
FARTHEST = f"{LONGEST} words"
Row = Mapping[str, results_file.Cell]
Scores = Sequence[PhenomenonScore]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("seeds", "positions"))
    parser.add_argument("--only", metavar="NAMES", help="of seeds or kinds of positions, these: 1,2 or rotary,alibi")
    parser.add_argument("--precision", choices=PRECISIONS, help="of seeds, this one alone")
    parser.add_argument("--out", type=Path, default=Path("runs/street-luck"), metavar="FOLDER")
    results_file.add_option(parser)
    parser.add_argument("changes", nargs="*", metavar="KEY=VALUE", help="changes to the recipe")
    chosen = parser.parse_intermixed_args()
    keep_freed_memory()
    try:
        only = chosen.only.split(",") if chosen.only else []
        if chosen.what == "seeds":
            rows, method = seeds(
                chosen.out, only, [chosen.precision] if chosen.precision else PRECISIONS, chosen.changes
            )
        else:
            rows, method = positions(chosen.out, only, chosen.changes)
        results_file.report(chosen.save, rows, method, {})
    except ClearheadError as error:
        sys.exit(f"street.py: {error}")


def seeds(out: Path, only: Sequence[str], precisions: Sequence[str], changes: Sequence[str]) -> tuple[list[Row], str]:
    """A row for each seed and precision, and one of the least figures."""
    rows: list[Row] = []
    least: dict[tuple[str, str], float] = {}
    for seed in only or [str(one) for one in SEEDS]:
        for precision in precisions:
            own = [f"training.seed={seed}", f"training.precision={precision}"]
            run, scores = trained(out / f"seed-{seed}-{precision}", [*own, *changes])
            figures = {(one.phenomenon, one.direction): one.as_trained for one in scores}
            figures |= {(FARTHEST, one.direction): one.by_distance[LONGEST] for one in scores if one.by_distance}
            least = {cell: min(figure, least.get(cell, 100.0)) for cell, figure in figures.items()}
            rows.append(
                {"seed": f"{seed}, {precision}", **in_columns(figures), "minutes": duration(60 * minutes_of(run))}
            )
    rows.append({"seed": "the least", **in_columns(least), "minutes": ""})
    return rows, f"{directions()}; agreement up to {TRAINED} words between"


def positions(out: Path, only: Sequence[str], changes: Sequence[str]) -> tuple[list[Row], str]:
    """A row for each kind of positions, by lines of one sentence, then for some by those of several too."""
    rows: list[Row] = []
    kinds = [(0.0, name) for name in POSITIONS] + [(SEVERAL, name) for name in WITH_SEVERAL]
    for share, name in kinds:
        if only and name not in only:
            continue
        own = [*POSITIONS[name], f"data.embedded.several={share}"]
        run, scores = trained(out / f"positions-{name}-{share}".replace(" ", "-"), [*own, *changes])
        found = {one.direction: one for one in scores if one.phenomenon == "agreement"}
        beyond = {
            f"{distance} words": joined([found[each].by_distance[distance] for each in DIRECTIONS], "")
            for distance in BEYOND
        }
        rows.append({"positions": name, "lines of several sentences": f"{share:.0%}", **cells(scores, SCORED), **beyond,
                     **cells(scores, ("long",)), "minutes": duration(60 * minutes_of(run))})  # fmt: skip
    return rows, f"{directions()}; agreement up to {TRAINED} words between, then with so many, which training has not"


def directions() -> str:
    return "Percent exactly right: " + ", ".join(one.replace("-", " → ") for one in DIRECTIONS)


def trained(run: Path, changes: Sequence[str]) -> tuple[Path, Scores]:
    """The run of the recipe with these changes, trained unless it is there, and its scores on the test sets."""
    recipe = load_recipe(RECIPE, changes)
    print(f"{run}: {' '.join(changes)}", file=sys.stderr)
    if not is_finished(run, recipe):
        train(recipe, run, resume=any(checkpoints(run / "checkpoints")), callbacks=reporters(False))
    return run, scores_of(load(run), recipe)


def scores_of(bundle: Bundle, recipe: Recipe) -> Scores:
    return score_phenomena(read_tests(corpus_folder(recipe.data)), bundle.translate, TRAINED)


def in_columns(figures: Mapping[tuple[str, str], float]) -> dict[str, str]:
    """A cell for each phenomenon, and one for agreement as far as it is tested."""
    names = *PHENOMENA, FARTHEST
    return named({name: joined([figures[name, direction] for direction in DIRECTIONS]) for name in names})


def cells(scores: Scores, phenomena: Sequence[str] = PHENOMENA) -> dict[str, str]:
    """A cell for each phenomenon: the three directions, agreement as far as training has it."""
    found = {(one.phenomenon, one.direction): one.as_trained for one in scores}
    return named({name: joined([found[name, direction] for direction in DIRECTIONS]) for name in phenomena})


def named(values: Mapping[str, str]) -> dict[str, str]:
    """Under a column's name: "word sense" for "word-sense"."""
    return {name.replace("-", " "): value for name, value in values.items()}


def joined(values: Sequence[float], digits: str = ".1") -> str:
    return ", ".join(f"{value:{digits or '.0'}f}" for value in values)


if __name__ == "__main__":
    main()

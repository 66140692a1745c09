"""Muon beside AdamW in translation: both for an equal time, with several seeds.

    python benchmarks/optimizers.py --data DATA --minutes 10 --save optimizers

Both train recipes/multi30k-en-de.yaml, English to German, with as many steps as fit: the learning rate falls to zero
with the last one. Muon is tried with several rates for its matrices. The time is the processor's, on one thread, so
that others who use the machine hardly matter. BLEU and chrF are those of greedy translations of all 1,014 sentences of
val.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import results_file
import torch
from equal_time import Trained, trained_for

from clearhead.evaluation import Quality

RECIPE = results_file.HERE.parent / "recipes" / "multi30k-en-de.yaml"
WAYS = {
    "AdamW": [],
    "Muon, rate 0.01": ["training.optimizer.name=muon", "training.optimizer.matrix_peak=0.01"],
    "Muon, rate 0.02": ["training.optimizer.name=muon", "training.optimizer.matrix_peak=0.02"],
    "Muon, rate 0.04": ["training.optimizer.name=muon", "training.optimizer.matrix_peak=0.04"],
}
FORMATS = {"nats a token": ".3f", "BLEU": ".2f", "its deviation": ".2f", "chrF": ".2f", "steps": ","}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds multi30k/")
    parser.add_argument("--minutes", type=float, default=10.0, help="of one core, for each way and seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", nargs="*", default=list(WAYS), metavar="ROW", help="the rows to measure")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    os.environ["CLEARHEAD_DATA"] = str(chosen.data.absolute())
    torch.set_num_threads(1)
    rows = []
    for name in chosen.only:
        if name not in WAYS:
            parser.error(f"--only {name!r} is none of: {'; '.join(WAYS)}")
        found = [one(name, seed, chosen.minutes) for seed in chosen.seeds]
        rows.append({"optimizer": name, **row(found)})
    method = f"{chosen.minutes:g} minutes of one core each, means of seeds {', '.join(map(str, chosen.seeds))}"
    results_file.report(chosen.save, rows, method, FORMATS)


def one(name: str, seed: int, minutes: float) -> Trained:
    settings = ["training.validate_sentences=1014", f"training.seed={seed}"]
    found = trained_for(minutes, RECIPE, [*settings, *WAYS[name]], time.process_time)
    print(name, seed, found, file=sys.stderr, flush=True)
    return found


def row(found: list[Trained]) -> dict[str, results_file.Cell]:
    qualities = [one.validation.scores for one in found if isinstance(one.validation.scores, Quality)]
    bleu = [one.bleu for one in qualities]
    figures = (
        statistics.mean(one.validation.loss for one in found),
        statistics.mean(bleu),
        statistics.stdev(bleu) if len(bleu) > 1 else "",
        statistics.mean(one.chrf for one in qualities),
        round(statistics.mean(one.steps for one in found)),
    )
    return dict(zip(FORMATS, figures, strict=True))


if __name__ == "__main__":
    main()

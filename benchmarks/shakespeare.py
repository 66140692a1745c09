"""What pays in a small language model: each change beside what was kept of those before it, for equal time of one core.

    python benchmarks/shakespeare.py --data DATA --minutes 8 --save shakespeare-ablation

All train on the characters of recipes/shakespeare-char.yaml's text, in rows of 256. The time is the processor's, on one
thread, so that others who use the machine hardly matter: how many steps fit is found by some steps of the same model
first, and the learning rate falls to zero with the last one. The loss is that of the whole validation text then.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import results_file
import torch
from equal_time import trained_for

from clearhead.recipe import load_recipe

RECIPE = results_file.HERE.parent / "recipes" / "shakespeare-char.yaml"
SIZES = [
    "model.width=192", "model.heads=3", "model.inner_width=768", "model.max_length=256", "training.batch_tokens=2048",
    "training.workers=1",
]  # fmt: skip
MUON = ["training.optimizer.name=muon"]
ROTARY = [*MUON, "model.positions=rotary-halves"]
NORMS = [*ROTARY, "model.query_key_norm=true"]
RELU2 = [*NORMS, "model.activation=relu2"]
# Each stands on those before it, but for the last ones, which each stand on the squares alone.
CHANGES = {
    "AdamW, GPT-2's block": [],
    "Muon for matrices": MUON,
    "and rotary positions": ROTARY,
    "and norms of queries and keys": NORMS,
    "and ReLU²": RELU2,
    "all these, and RMSNorm": [*RELU2, "model.norm=rms"],
    "all these, and outputs that begin at zero": [*RELU2, "model.initialization=zero-outputs"],
    "all these, and dropout 0.1": [*RELU2, "model.dropout=0.1"],
    "all these, a rate of 0.01 for matrices": [*RELU2, "training.optimizer.matrix_peak=0.01"],
    "all these, a rate of 0.04 for matrices": [*RELU2, "training.optimizer.matrix_peak=0.04"],
    "all these, rows of 128, twice as many": [*RELU2, "model.max_length=128"],
    "all these, batches of 4,096": [*RELU2, "training.batch_tokens=4096"],
    "all these, 256 wide": [*RELU2, "model.width=256", "model.heads=4", "model.inner_width=1024"],
}
FORMATS = {"nats a character": ".3f", "parameters": ",", "steps": ",", "characters a second": ","}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds shakespeare/input.txt")
    parser.add_argument("--minutes", type=float, default=8.0, help="of one core, for each")
    parser.add_argument("--only", nargs="*", default=list(CHANGES), metavar="ROW", help="the rows to measure")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    os.environ["CLEARHEAD_DATA"] = str(chosen.data.absolute())
    torch.set_num_threads(1)
    rows = []
    for name in chosen.only:
        if name not in CHANGES:
            parser.error(f"--only {name!r} is none of: {'; '.join(CHANGES)}")
        rows.append({"model and training": name, **row(CHANGES[name], chosen.minutes)})
        print(rows[-1], file=sys.stderr, flush=True)
    method = f"{chosen.minutes:g} minutes of one core each, one run; the rate falls to zero at their end"
    results_file.report(chosen.save, rows, method, FORMATS)


def row(settings: Sequence[str], minutes: float) -> dict[str, results_file.Cell]:
    found = trained_for(minutes, RECIPE, [*SIZES, *settings], time.process_time)
    tokens = load_recipe(RECIPE, [*SIZES, *settings]).training.batch_tokens
    figures = found.validation.loss, found.parameters, found.steps, round(int(tokens) / found.seconds)
    return dict(zip(FORMATS, figures, strict=True))


if __name__ == "__main__":
    main()

"""What pays in a small language model: each change beside what was kept of those before it, for equal time of one core.

    python benchmarks/shakespeare.py --data DATA --minutes 8 --save shakespeare-ablation

All train on the characters of recipes/shakespeare-char.yaml's text, in rows of 256. The time is the processor's, on one
thread, so that others who use the machine hardly matter: how many steps fit is found by some steps of the same model
first, and the learning rate falls to zero with the last one. The loss is that of the whole validation text then.
"""

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import results_file
import torch

from clearhead.recipe import load_recipe
from clearhead.training import Callback, RunInputs, Validation, train

RECIPE = results_file.HERE.parent / "recipes" / "shakespeare-char.yaml"
SIZES = [
    "model.width=192", "model.heads=3", "model.inner_width=768", "model.max_length=256", "training.batch_tokens=2048",
    "training.workers=1", "training.patience=null",
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
TRIED, WARM_UP = 30, 10
FORMATS = {"nats a character": ".3f", "parameters": ",", "steps": ",", "characters a second": ","}


class Watch(Callback):
    """The processor's time after each step, the newest loss of validation, and how many parameters there are."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.loss, self.parameters = math.nan, 0

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        self.parameters = parameters

    def on_step(self, step: int, steps: int, seconds_left: float) -> None:
        self.times.append(time.process_time())

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        self.loss = validation.loss


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
    tried = run(settings, TRIED)
    each = (tried.times[-1] - tried.times[WARM_UP]) / (TRIED - WARM_UP - 1)
    steps = max(TRIED, round(60 * minutes / each))
    found = run(settings, steps)
    tokens = load_recipe(RECIPE, own(settings, steps)).training.batch_tokens
    taken = (found.times[-1] - found.times[0]) / (steps - 1)
    return dict(zip(FORMATS, (found.loss, found.parameters, steps, round(int(tokens) / taken)), strict=True))


def run(settings: Sequence[str], steps: int) -> Watch:
    watch = Watch()
    with tempfile.TemporaryDirectory() as name:
        train(load_recipe(RECIPE, own(settings, steps)), Path(name) / "run", callbacks=[watch])
    return watch


def own(settings: Sequence[str], steps: int) -> list[str]:
    """One validation, at the end."""
    ends = [f"training.{name}={steps}" for name in ("steps", "validate_every", "checkpoint_every", "log_every")]
    return [*SIZES, *settings, *ends]


if __name__ == "__main__":
    main()

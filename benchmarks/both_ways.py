"""One network that is GPT and BERT, beside the same network as either alone, in equal time on the same text.

    python benchmarks/both_ways.py --data DATA --minutes 5 --save both-ways

All three are recipes/gpt-bert-ko.yaml: with training.masking.batches=0 each next piece is predicted, with 1 masked
pieces alone, with 0.5 half of the batches are of each kind. How long a step of each takes is measured first; then each
takes as many steps as fill the minutes, its learning rate falling to zero at the last. Validations take no part of
them. Losses are those of the whole validation text, the best of eight validations: of next pieces, and of masked ones.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import results_file
from bench import HERE
from run_files import logged

RECIPE = HERE.parent / "recipes" / "gpt-bert-ko.yaml"
WAYS = {"GPT alone": 0.0, "BERT alone": 1.0, "one network, both": 0.5}
VALIDATIONS = 8
MEASURED, WARM_UP = 150, 50
FORMATS = {
    "next piece, nats": ".3f", "masked piece, nats": ".3f", "masked pieces right": ".1%", "steps": ",",
    "milliseconds a step": ".1f",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds intent-ko and chat-ko")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long each is trained")
    parser.add_argument("keys", nargs="*", metavar="KEY=VALUE", help="of the recipe, for all three: training.seed=2")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    ways = {name: Way(chosen.data, [*chosen.keys, f"training.masking.batches={share}"]) for name, share in WAYS.items()}
    seconds = {name: seconds_a_step(way) for name, way in ways.items()}
    steps = {name: max(VALIDATIONS, round(60 * chosen.minutes / one)) for name, one in seconds.items()}
    rows = [
        {
            "trained as": name,
            **figures(way, steps[name]),
            "steps": steps[name],
            "milliseconds a step": 1000 * seconds[name],
        }
        for name, way in ways.items()
    ]
    method = f"{chosen.minutes:g} minutes of training each, one run, the best of {VALIDATIONS} validations"
    results_file.report(chosen.save, rows, method, FORMATS)


class Way(NamedTuple):
    """Where the texts lie, and what of the recipe is another."""

    data: Path
    keys: Sequence[str]


def seconds_a_step(way: Way) -> float:
    """The median of those between two lines of a log, the first steps left out."""
    never = [f"training.{key}={10 * MEASURED}" for key in ("validate_every", "checkpoint_every")]
    with tempfile.TemporaryDirectory() as name:
        run = trained(way, Path(name) / "run", [f"training.steps={MEASURED}", "training.log_every=10", *never])
        lines = logged(run / "timing.jsonl")
    return statistics.median(line["seconds_a_step"] for line in lines if line["step"] > WARM_UP)


def figures(way: Way, steps: int) -> dict[str, results_file.Cell]:
    """The best of the losses, and how many masked pieces were right at the best of theirs."""
    every = -(-steps // VALIDATIONS)
    counts = [f"training.steps={steps}", f"training.validate_every={every}", f"training.checkpoint_every={steps}"]
    with tempfile.TemporaryDirectory() as name:
        lines = logged(trained(way, Path(name) / "run", counts) / "history.jsonl")
    scores = [line["validation"]["both_ways"] for line in lines if "validation" in line]
    nats = min(one["text"]["nats"] / one["text"]["tokens"] for one in scores)
    masked = min((one["masked"] for one in scores), key=lambda one: one["loss"])
    print(f"{way.keys[-1]}: {nats:.3f}, {masked['loss']:.3f}", file=sys.stderr, flush=True)
    return dict(zip(FORMATS, (nats, masked["loss"], masked["accuracy"]), strict=False))


def trained(way: Way, run: Path, settings: Sequence[str]) -> Path:
    """The folder of a run of the recipe with these settings."""
    command = [sys.executable, "-m", "clearhead", "train", str(RECIPE), *way.keys, *settings, "--quiet"]
    environ = {**os.environ, "CLEARHEAD_DATA": str(way.data.absolute())}
    done = subprocess.run([*command, "--out", str(run)], capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        raise SystemExit(f"clearhead failed: {done.stderr[-2000:]}")
    return run


if __name__ == "__main__":
    main()

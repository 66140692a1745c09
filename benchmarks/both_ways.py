"""One network that is GPT and BERT, beside the same network as either alone, in equal time on the same text.

    python benchmarks/both_ways.py --data DATA --minutes 5 --save both-ways

All three are recipes/gpt-bert-ko.yaml: with training.masking.batches=0 each next piece is predicted, with 1 masked
pieces alone, with 0.5 half of the batches are of each kind. How long a step of each takes is measured first; then each
takes as many steps as fill the minutes, its learning rate falling to zero at the last. Validations take no part of
them. Losses are those of the whole validation text, the best of eight validations: of next pieces, and of masked ones.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import results_file
from bench import HERE

RECIPE = HERE.parent / "recipes" / "gpt-bert-ko.yaml"
WAYS = {"GPT alone": 0.0, "BERT alone": 1.0, "one network, both": 0.5}
VALIDATIONS = 8
MEASURED, WARM_UP = 150, 50
FORMATS = {
    "next piece, nats": ".3f", "masked piece, nats": ".3f", "masked pieces right": ".1%", "steps": ",",
    "milliseconds a step": ".1f",
}  # fmt: skip
Rows = list[dict[str, results_file.Cell]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds intent-ko and chat-ko")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long each is trained")
    parser.add_argument("--seed", type=int, default=1)
    results_file.add_option(parser)
    chosen = parser.parse_args()
    seconds = {name: seconds_a_step(chosen.data, share) for name, share in WAYS.items()}
    steps = {name: max(VALIDATIONS, round(60 * chosen.minutes / one)) for name, one in seconds.items()}
    rows = [
        {"trained as": name, **figures(chosen.data, WAYS[name], steps[name], chosen.seed), "steps": steps[name],
         "milliseconds a step": 1000 * seconds[name]}
        for name in WAYS
    ]  # fmt: skip
    method = f"{chosen.minutes:g} minutes of training each, one run, the best of {VALIDATIONS} validations"
    results_file.report(chosen.save, rows, method, FORMATS)


def seconds_a_step(data: Path, share: float) -> float:
    """The median of those between two lines of a log, the first steps left out."""
    never = [f"training.{key}={10 * MEASURED}" for key in ("validate_every", "checkpoint_every")]
    settings = [f"training.steps={MEASURED}", "training.log_every=10", *never]
    with tempfile.TemporaryDirectory() as name:
        lines = trained(data, share, Path(name) / "run", settings, "timing.jsonl")
    return statistics.median(line["seconds_a_step"] for line in lines if line["step"] > WARM_UP)


def figures(data: Path, share: float, steps: int, seed: int) -> dict[str, results_file.Cell]:
    every = -(-steps // VALIDATIONS)
    settings = [f"training.steps={steps}", f"training.validate_every={every}", f"training.checkpoint_every={steps}"]
    with tempfile.TemporaryDirectory() as name:
        lines = trained(data, share, Path(name) / "run", [*settings, f"training.seed={seed}"], "history.jsonl")
    scores = [line["validation"]["both_ways"] for line in lines if "validation" in line]
    nats = min(one["text"]["nats"] / one["text"]["tokens"] for one in scores)
    masked = min(scores, key=lambda one: one["masked"]["loss"])["masked"]
    print(f"batches masked {share:.0%}: {nats:.3f}, {masked['loss']:.3f}", file=sys.stderr, flush=True)
    found = (nats, masked["loss"], masked["accuracy"])
    return dict(zip(FORMATS, found, strict=False))


def trained(data: Path, share: float, run: Path, settings: list[str], log: str) -> list[dict[str, float]]:
    """The lines of a log of a run of the recipe with these settings."""
    batches = f"training.masking.batches={share}"
    command = [
        sys.executable,
        "-m",
        "clearhead",
        "train",
        str(RECIPE),
        batches,
        *settings,
        "--out",
        str(run),
        "--quiet",
    ]
    environ = {**os.environ, "CLEARHEAD_DATA": str(data.absolute())}
    done = subprocess.run([*command, "--out", str(run)], capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        raise SystemExit(f"clearhead failed: {done.stderr[-2000:]}")
    return [json.loads(line) for line in (run / log).read_text().splitlines()]


if __name__ == "__main__":
    main()

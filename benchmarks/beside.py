"""This checkout beside another one: what a change of the house cost or brought, in one run.

    git worktree add ../before COMMIT
    python benchmarks/beside.py --beside ../before --data DATA --save beside

Each checkout prepares its own task with its own benchmarks/, and runs it by its own src/. Both take turns, and the
figures are medians over the rounds; a ratio above 1 says that this checkout is faster. `base` has the paper's base
sizes, `tiny` those of recipes/multi30k-en-de.yaml; what is translated has random weights and 27 tokens on each side.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import results_file

HERE = Path(__file__).parent
# In each checkout's benchmarks/, with its own functions.
PREPARE_TRAINING = "import sys, pathlib, bench; print(bench.write_task(pathlib.Path(sys.argv[1]), sys.argv[2]))"
PREPARE_TRANSLATING = """
import sys
import numpy as np
import translating
from clearhead.model import EncoderDecoder, TransformerConfig, paper_base
sizes = dict(width=128, heads=4, inner_width=256, encoder_layers=4, decoder_layers=4, norm_placement="pre")
vocabulary = 32_000 if sys.argv[1] == "base" else 8_000
config = paper_base(vocabulary, vocabulary) if sys.argv[1] == "base" else TransformerConfig(
    source_vocabulary=vocabulary, target_vocabulary=vocabulary, **sizes)
model = EncoderDecoder(config, seed=1)
model.output.matrix.weight.data[2] = 0.0
random = np.random.default_rng(1)
sources = [[*random.integers(10, vocabulary, 26).tolist(), 2] for _ in range(512 if sys.argv[1] == "base" else 1024)]
print(translating.write(translating.WORK / f"beside-{sys.argv[1]}", model, config, sources, (0, 27), 1, 2, None))
"""
FORMATS = {"before": ",", "now": ",", "now / before": ".2f"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, required=True, help="the folder of another checkout")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds multi30k/")
    parser.add_argument("--what", default="training,translating")
    parser.add_argument("--sizes", default="tiny,base")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=12, help="how long each measurement of training is")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    checkouts = [chosen.beside.resolve(), HERE.parent]
    rows: list[dict[str, results_file.Cell]] = []
    for what in chosen.what.split(","):
        for size in chosen.sizes.split(","):
            if what == "training":
                prepared = [prepare(one, PREPARE_TRAINING, str(chosen.data.resolve()), size) for one in checkouts]
                ways = {f"training, {size}": ["with_clearhead.py", "TASK", str(chosen.seconds)]}
            else:
                prepared = [prepare(one, PREPARE_TRANSLATING, size) for one in checkouts]
                ways = translating_ways(size)
            rows += [compared(way, checkouts, prepared, arguments, chosen.rounds) for way, arguments in ways.items()]
    method = f"Target tokens a second, medians of {chosen.rounds} rounds in turn, and of the rounds' ratios"
    results_file.report(chosen.save, rows, f"{method}; before is commit {commit(checkouts[0])}", FORMATS)


def translating_ways(size: str) -> dict[str, list[str]]:
    """Batches and one at a time, greedily and with a beam, in int8."""
    modes = {"batch": "batches", "single": "one at a time"}
    return {
        f"translating, {size}, {name}, {'greedy' if beam == 1 else f'beam {beam}'}": [
            "translate_with_clearhead.py", "TASK", mode, str(beam), "int8", "2048",
        ]
        for mode, name in modes.items()
        for beam in (1, 5)
    }  # fmt: skip


def prepare(checkout: Path, program: str, *arguments: str) -> str:
    """The folder of a checkout's task."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(
        command, cwd=checkout / "benchmarks", env=environ(checkout), stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"{checkout} could not prepare its task")
    return done.stdout.splitlines()[-1]


def compared(
    way: str, checkouts: Sequence[Path], prepared: Sequence[str], arguments: Sequence[str], rounds: int
) -> dict[str, results_file.Cell]:
    speeds: list[list[float]] = [[], []]
    for _ in range(rounds):
        for place, (checkout, task) in enumerate(zip(checkouts, prepared, strict=True)):
            script, *rest = [task if one == "TASK" else one for one in arguments]
            command = [sys.executable, str(checkout / "benchmarks" / "peers" / script), *rest]
            output = subprocess.run(
                command, env=environ(checkout), stdout=subprocess.PIPE, text=True, check=True
            ).stdout
            speeds[place].append(json.loads(output.splitlines()[-1])["tokens_per_second"])
    ratios = [now / before for before, now in zip(*speeds, strict=True)]
    before, now = (round(statistics.median(one)) for one in speeds)
    print(f"{way:46} {before:9,} {now:9,} {statistics.median(ratios):6.2f}", file=sys.stderr, flush=True)
    return {"": way, "before": before, "now": now, "now / before": statistics.median(ratios)}


def environ(checkout: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout / "src")}


def commit(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()

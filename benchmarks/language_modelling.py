"""Training a character language model beside nanoGPT, by its CPU settings for Shakespeare, one after the other in turn.

    git clone https://github.com/karpathy/nanoGPT ../nanoGPT
    python benchmarks/language_modelling.py speed --nanogpt ../nanoGPT --data DATA --save language-modelling-speed
    python benchmarks/language_modelling.py loss --data DATA --save language-modelling-loss
    python benchmarks/language_modelling.py best --data DATA --save language-modelling-best

The first two train recipes/shakespeare-char.yaml's model: 4 layers, 4 heads, width 128, rows of 64 characters, 12 rows
a step. nanoGPT runs by its own `train.py`, as its README says for a CPU, in an environment of its own under .bench/,
with the torch that constraints.txt names; once as it is, and once with its `compile=True`. The speed is that between
two lines of a log, the first steps left out; nobody validates meanwhile. The loss is that of the recipe as it is, on
its whole validation text: the last tenth, each character predicted once. `best` trains recipes/shakespeare.yaml in
runs/shakespeare, unless it is there, beside nanoGPT's result on a GPU.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import results_file
from bench import HERE, WORK, Peer, environment
from run_files import least_loss, logged, minutes_of

ROWS, LENGTH = 12, 64
NANOGPT = Peer("nanoGPT", "with_nanogpt.py", ("numpy", "requests"))
# The README's flags for a CPU, but that every step is timed and none validates.
FLAGS = [
    "config/train_shakespeare_char.py", "--device=cpu", "--eval_iters=1", "--log_interval=1", f"--block_size={LENGTH}",
    f"--batch_size={ROWS}", "--n_layer=4", "--n_head=4", "--n_embd=128", "--lr_decay_iters=2000", "--dropout=0.0",
    "--eval_interval=1000000",
]  # fmt: skip
WARM_UP = 50
Rows = list[dict[str, results_file.Cell]]
LOSS_FORMATS = {"nats a character": ".3f", "minutes": ".1f"}
FORMATS = {"characters a second": ",", "clearhead is so many times as fast": ".2f"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "loss", "best"])
    parser.add_argument("--nanogpt", type=Path, help="a checkout of nanoGPT")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds shakespeare/input.txt")
    parser.add_argument("--run", type=Path, default=Path("runs/shakespeare"), help="where `best` trains")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=600, help="how many steps each measurement is long")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    if chosen.what != "speed":
        rows = losses(chosen.data) if chosen.what == "loss" else best(chosen.data, chosen.run)
        results_file.report(chosen.save, rows, "The recipe as it is, one run", LOSS_FORMATS)
        return
    if chosen.nanogpt is None:
        parser.error("speed needs --nanogpt, a checkout of nanoGPT")
    rows = speeds_of(chosen.nanogpt, chosen.data, chosen.rounds, chosen.steps)
    method = f"Medians of {chosen.rounds} rounds of {chosen.steps} steps in turn, and of the rounds' ratios"
    results_file.report(chosen.save, rows, method, FORMATS)


def losses(data: Path) -> Rows:
    """What the recipe reaches, beside what nanoGPT's readme tells of its own model of these sizes."""
    with tempfile.TemporaryDirectory() as name:
        ours = measured("shakespeare-char", trained(data, Path(name) / "run", []))
    return [
        ours,
        {"model": "nanoGPT, as its readme tells (random windows)", **dict(zip(LOSS_FORMATS, (1.88, ""), strict=True))},
    ]


def best(data: Path, run: Path) -> Rows:
    """What the other recipe for this text reaches, beside what nanoGPT's readme tells of its model for a GPU."""
    if not (run / "bundle").is_dir():
        trained(data, run, [], "shakespeare")
    theirs = dict(zip(LOSS_FORMATS, (1.4697, 3), strict=True))
    return [measured("shakespeare", run), {"model": "nanoGPT on a GPU (A100), as its readme tells", **theirs}]


def measured(recipe: str, run: Path) -> dict[str, results_file.Cell]:
    figures = dict(zip(LOSS_FORMATS, (least_loss(run), minutes_of(run)), strict=True))
    return {"model": f"clearhead, recipes/{recipe}.yaml", **figures}


def speeds_of(nanogpt: Path, data: Path, rounds: int, steps: int) -> Rows:
    python, folder = environment(NANOGPT), prepared(nanogpt, data)
    ways = {
        "clearhead": lambda: with_clearhead(data, steps),
        "nanoGPT": lambda: with_nanogpt(python, folder, steps, compiled=False),
        "nanoGPT, compiled": lambda: with_nanogpt(python, folder, steps, compiled=True),
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(1, rounds + 1):
        for name, way in ways.items():
            speeds[name].append(way())
            print(f"round {number}  {name:20} {speeds[name][-1]:10,.0f} characters/s", file=sys.stderr, flush=True)
    figure, times = FORMATS
    return [
        {
            "toolkit": name,
            figure: round(statistics.median(found)),
            times: statistics.median(own / one for own, one in zip(speeds["clearhead"], found, strict=True)),
        }
        for name, found in speeds.items()
    ]


def prepared(nanogpt: Path, data: Path) -> Path:
    """nanoGPT with the text in its own binary form, as its prepare.py writes it."""
    folder = WORK / "nanogpt"
    shutil.copytree(nanogpt, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    corpus = folder / "data" / "shakespeare_char"
    shutil.copyfile(data / "shakespeare" / "input.txt", corpus / "input.txt")
    subprocess.run([environment(NANOGPT), "prepare.py"], cwd=corpus, check=True, stdout=subprocess.DEVNULL)
    return folder


def with_nanogpt(python: str, folder: Path, steps: int, *, compiled: bool) -> float:
    with tempfile.TemporaryDirectory() as out:
        command = [python, "train.py", *FLAGS, f"--compile={compiled}", f"--max_iters={steps}", f"--out_dir={out}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"nanoGPT failed: {done.stderr[-2000:]}")
    times = [float(one) for one in re.findall(r"^iter \d+: .*time ([\d.]+)ms", done.stdout, re.MULTILINE)][WARM_UP:]
    return 1000 * ROWS * LENGTH * len(times) / sum(times)


def with_clearhead(data: Path, steps: int) -> float:
    never = [f"training.{key}={steps * 10}" for key in ("validate_every", "checkpoint_every")]
    settings = [f"training.steps={steps}", f"training.log_every={WARM_UP}", *never]
    with tempfile.TemporaryDirectory() as name:
        run = trained(data, Path(name) / "run", settings)
        speeds = [line["tokens_per_second"] for line in logged(run / "timing.jsonl")]
    return statistics.mean(speeds[1:])


def trained(data: Path, run: Path, settings: list[str], name: str = "shakespeare-char") -> Path:
    """The folder of a run of the recipe of this name with these settings."""
    recipe = str(HERE.parent / "recipes" / f"{name}.yaml")
    command = [sys.executable, "-m", "clearhead", "train", recipe, *settings, "--out", str(run), "--quiet"]
    environ = {**os.environ, "CLEARHEAD_DATA": str(data.absolute())}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        raise SystemExit(f"clearhead failed: {done.stderr[-2000:]}")
    return run


if __name__ == "__main__":
    main()

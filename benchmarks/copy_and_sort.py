"""Sockeye's system tests: learn to copy and to sort digits, with its sizes and its thresholds.

    python benchmarks/copy_and_sort.py copy --seed 1
    python benchmarks/copy_and_sort.py sort --seeds 10 --json results.json

Lines of 1 to 9 digits; 10,000 for training (100 of them empty), 100 for validation, 110 for the test (10 empty).
The sizes, updates and thresholds are those of Sockeye's test/system/test_seq_copy_sys.py; a run passes where its
validation perplexity and its test BLEU both do, where translating two lines at a time gives the same translations as
translating many, and where forced scoring gives back the scores that translating reported.
"""

import argparse
import dataclasses
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import results_file
import torch

import clearhead
from clearhead.evaluation import measure
from clearhead.recipe import build_recipe


@dataclasses.dataclass(frozen=True)
class Task:
    """heads, updates, batch_tokens: of training. perplexity, bleu: what must be reached (BLEU from 0 to 1)."""

    target: Callable[[list[str]], list[str]]
    heads: int
    updates: int
    batch_tokens: int
    perplexity: float
    bleu: float


# Sockeye's copy takes 16 sentences a batch, on average 6 tokens long with their end; its sort takes 90 words.
TASKS = {
    "copy": Task(list, heads=4, updates=4_000, batch_tokens=96, perplexity=1.02, bleu=0.98),
    "sort": Task(sorted, heads=2, updates=6_000, batch_tokens=90, perplexity=1.03, bleu=0.97),
}


@dataclasses.dataclass(frozen=True)
class Result:
    """What one run reached. score_difference: the largest between translating two lines at a time and many."""

    task: str
    seed: int
    perplexity: float
    bleu: float
    same_in_small_batches: bool
    score_difference: float
    forced_score_difference: float
    seconds: float
    passed: bool


def write_lines(folder: Path, name: str, task: Task, count: int, empty: int, source: random.Random) -> None:
    lines = [[source.choice("0123456789") for _ in range(source.randint(1, 9))] for _ in range(count - empty)]
    lines += [[]] * empty
    source.shuffle(lines)
    (folder / f"{name}.source").write_text("".join(" ".join(line) + "\n" for line in lines))
    (folder / f"{name}.target").write_text("".join(" ".join(task.target(line)) + "\n" for line in lines))


def recipe_for(task: Task, name: str, seed: int, folder: Path) -> clearhead.Recipe:
    corpus = {part: {"source": f"{part}.source", "target": f"{part}.target"} for part in ("train", "validate")}
    return build_recipe(
        {
            "name": name,
            "data": {"folder": str(folder), **corpus},
            "text": {"size": 300},
            "model": {
                "width": 32,
                "heads": task.heads,
                "inner_width": 64,
                "encoder_layers": 2,
                "decoder_layers": 2,
                "dropout": 0.0,
                "norm_placement": "pre",
                "max_length": 32,
            },
            "training": {
                "device": "cpu",
                "steps": task.updates,
                "batch_tokens": task.batch_tokens,
                "loss": {"label_smoothing": 0.0},
                "optimizer": {"betas": [0.9, 0.999], "weight_decay": 0.0},
                "schedule": {"name": "constant", "peak": 1e-3, "warmup": 0},
                "average": {"name": "ema", "decay": 0.99},
                "validate_every": 500,
                "validate_sentences": 0,
                "checkpoint_every": task.updates,
                "patience": None,
                "seed": seed,
            },
        },
        "copy_and_sort",
    )


def run(name: str, seed: int, updates: int | None = None) -> Result:
    task, began = TASKS[name], time.perf_counter()
    task = dataclasses.replace(task, updates=updates or task.updates)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = random.Random(seed)
        for part, count, empty in (("train", 10_000, 100), ("validate", 100, 0), ("test", 110, 10)):
            write_lines(folder, part, task, count, empty, source)
        result = clearhead.train(recipe_for(task, name, seed, folder), folder / "run")
        bundle, best = result.bundle, result.best
        sources = (folder / "test.source").read_text().split("\n")[:-1]
        references = (folder / "test.target").read_text().split("\n")[:-1]
        many = [found[0] for found in bundle.search(sources)]
        few = [bundle.search(sources[start : start + 2]) for start in range(0, len(sources), 2)]
        two = [found[0] for pair in few for found in pair]
        forced = bundle.score(sources, [one.text for one in many])
    spoken = [number for number, line in enumerate(sources) if line]
    assert best is not None
    perplexity = float(torch.tensor(best.loss, dtype=torch.float64).exp())
    bleu = measure([one.text for one in many], references).bleu / 100
    difference = max(abs(one.score - other.score) for one, other in zip(many, two, strict=True))
    forced_difference = max(abs(many[number].score - forced[number].score) for number in spoken)
    same = [one.text for one in many] == [one.text for one in two]
    right = perplexity <= task.perplexity and bleu >= task.bleu
    passed = right and same and difference < 0.01 and forced_difference < 1e-6
    seconds = time.perf_counter() - began
    return Result(name, seed, perplexity, bleu, same, difference, forced_difference, seconds, passed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, one after the other")
    parser.add_argument("--updates", type=int, help="train for fewer than Sockeye; what must be reached stays the same")
    parser.add_argument("--json", type=Path, help="write the results to this file, one JSON object a line")
    results_file.add_option(parser)
    arguments = parser.parse_args()
    # Tensors this small gain nothing from a second thread.
    torch.set_num_threads(1)
    results = []
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        result = run(arguments.task, seed, arguments.updates)
        results.append(result)
        print(
            f"{result.task} seed {result.seed}: perplexity {result.perplexity:.4f}  BLEU {result.bleu:.4f}  "
            f"{'passed' if result.passed else 'FAILED'}  ({result.seconds:.0f} s)",
            flush=True,
        )
    rows = [{"seed": one.seed, "perplexity": one.perplexity, "BLEU": one.bleu} for one in results]
    method = f"{arguments.task}; one thread; perplexity of the validation lines, BLEU (0 to 1) of the test lines"
    results_file.report(arguments.save, rows, method, {"perplexity": ".4f", "BLEU": ".3f"})
    if arguments.json:
        arguments.json.write_text("".join(json.dumps(dataclasses.asdict(result)) + "\n" for result in results))
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

"""What fine-tuning brings beside training from scratch on the same few examples.

    python benchmarks/fine_tuning.py translator --data DATA --save fine-tuning-translator
    python benchmarks/fine_tuning.py translator --data DATA --model runs/multi30k
    python benchmarks/fine_tuning.py chat --data DATA --save fine-tuning-chat
    python benchmarks/classification.py sst2 --data DATA --save classification-sst2

`translator`: a run of recipes/multi30k-en-de.yaml, trained first where none is named, learns French from 2,000 pairs of
Multi30k. Beside it stands a model of the same sizes with pieces of its own, from scratch on the same pairs. Each is the
best of its validations by BLEU. Figures are of test_2016_flickr; --save NAME writes NAME-curve of the validations, too.
`chat`: SmolLM2-135M-Instruct learns recipes/chat-ko-smollm2.yaml, by LoRA adapters. The loss is of the validation
table's answers, in nats a token; memory is the training process' greatest. Ten questions, at equal distances in the
table, are shown with their answers as they are (--save NAME writes NAME-answers as well).
"""

import argparse
import gzip
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import packages
import results_file
import yaml
from bench import HERE, WORK
from run_files import logged
from summaries_and_chat import SHOWN, read

import clearhead
from clearhead.cli.evaluate_written import answers_predicted
from clearhead.evaluation import measure

RECIPES = HERE.parent / "recipes"
PAIRS = 2000
FILES = {"train": "train", "val": "val", "test": "test_2016_flickr"}
BLEU, CHRF, LOSS, MINUTES, MEMORY = "test BLEU", "chrF", "loss, nats a token", "minutes", "peak memory, MiB"
FORMATS = {BLEU: ".1f", CHRF: ".1f", LOSS: ".3f", MINUTES: ".1f", MEMORY: ",.0f"}
TUNED, SCRATCH = "from the English-German model", "from scratch"
# A tuned model needs fewer steps and a lower rate. Neither is tuned further.
SETTINGS: dict[str, dict[str, Any]] = {
    TUNED: {"steps": 600, "schedule": {"peak": 1.0e-3, "warmup": 50}},
    SCRATCH: {"steps": 1500, "schedule": {"peak": 2.5e-3, "warmup": 150}},
}
Rows = list[dict[str, results_file.Cell]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["translator", "chat"])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds multi30k and chat-ko")
    parser.add_argument("--model", type=Path, help="with translator: a run of recipes/multi30k-en-de.yaml")
    parser.add_argument("--steps", type=int, help="so many, as a trial, in place of the recipes' own")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    os.environ["CLEARHEAD_DATA"] = str(chosen.data.absolute())
    with tempfile.TemporaryDirectory() as name:
        if chosen.what == "translator":
            figures, more = translator(chosen, Path(name))
            method, other = f"{PAIRS:,} pairs; minutes of training and validation", "curve"
        else:
            figures, more = chat(chosen, Path(name))
            method, other = "One run of the recipe; the whole validation table", "answers"
    results_file.report(chosen.save, figures, method, FORMATS)
    formats = dict.fromkeys((TUNED, SCRATCH), ".1f")
    results_file.report(chosen.save and f"{chosen.save}-{other}", more, method, formats)


def translator(chosen: argparse.Namespace, folder: Path) -> tuple[Rows, Rows]:
    """The figures, and the validations of both runs."""
    run = chosen.model
    if run is None:
        run = folder / "multi30k"
        trained(RECIPES / "multi30k-en-de.yaml", run, [] if chosen.steps is None else shortened(chosen.steps))
    write_texts(chosen.data / "multi30k", folder)
    sources, right = ((folder / f"test.{one}").read_text(encoding="utf-8").splitlines() for one in ("en", "fr"))
    rows: Rows = []
    for name in (TUNED, SCRATCH):
        recipe, out = folder / f"{len(rows)}.yaml", folder / f"run-{len(rows)}"
        recipe.write_text(yaml.safe_dump(recipe_of(name, run, chosen.steps)), encoding="utf-8")
        minutes, memory = trained(recipe, out)
        quality = measure(clearhead.load(out).translate(sources), right)
        rows.append({"model": name, BLEU: quality.bleu, CHRF: quality.chrf, MINUTES: minutes, MEMORY: memory})
    curves = [validations(folder / f"run-{number}") for number in range(len(rows))]
    steps = sorted({step for one in curves for step in one})
    return rows, [
        {"step": f"{step}", TUNED: curves[0].get(step, ""), SCRATCH: curves[1].get(step, "")} for step in steps
    ]


def write_texts(multi30k: Path, folder: Path) -> None:
    """Of the training texts the first pairs alone."""
    for (part, name), language in itertools.product(FILES.items(), ("en", "fr")):
        with gzip.open(multi30k / f"{name}.{language}.gz", "rt", encoding="utf-8") as file:
            lines = file.read().splitlines()[: PAIRS if part == "train" else None]
        (folder / f"{part}.{language}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def recipe_of(name: str, run: Path, steps: int | None) -> dict[str, Any]:
    """Both are judged every hundred steps, on the whole validation set."""
    settings = SETTINGS[name]
    every = 100 if steps is None else steps
    own: dict[str, Any] = {"model": {"from": str(run.absolute()), "dropout": 0.3}}
    if name == SCRATCH:
        text = {"size": 2000, "normalize": "nfc", "merge_dropout": 0.1}
        own = {"model": {"preset": "multi30k_tiny", "dropout": 0.3}, "text": text}
    return {
        "name": "multi30k-en-fr",
        "data": {
            "folder": ".",
            **{
                part: {"source": f"{file}.en", "target": f"{file}.fr", "from": "en", "to": "fr"}
                for part, file in (("train", "train"), ("validate", "val"))
            },
        },
        **own,
        "training": {
            **settings, "steps": steps or settings["steps"], "batch_tokens": 2048, "average": {"decay": 0.99},
            "validate_every": every, "validate_sentences": 1014, "checkpoint_every": every, "select_by": "bleu",
            "patience": 5,
        },
        "decoding": {"beam_size": 5, "length_penalty": "mean:1.0"},
    }  # fmt: skip


def shortened(steps: int) -> list[str]:
    return [f"training.{name}={steps}" for name in ("steps", "validate_every", "checkpoint_every")]


def validations(run: Path) -> dict[int, float]:
    """BLEU by steps."""
    lines = [line for line in logged(run / "history.jsonl") if "validation" in line]
    return {line["step"]: line["validation"]["quality"]["bleu"] for line in lines}


def chat(chosen: argparse.Namespace, folder: Path) -> tuple[Rows, Rows]:
    """The figures, and some answers before and after."""
    base, run = packages.imported(packages.SMOLLM2, WORK / "packages"), folder / "run"
    settings = [] if chosen.steps is None else shortened(chosen.steps)
    minutes, memory = trained(RECIPES / "chat-ko-smollm2.yaml", run, [f"model.from={base.absolute()}", *settings])
    table = chosen.data / "chat-ko" / "val.tsv"
    questions, right = read(table)
    places = range(0, len(questions), -(-len(questions) // SHOWN))
    rows: Rows = []
    said: list[list[str]] = []
    for name, model, cost in (("before", base, ("", "")), ("after", run, (minutes, memory))):
        bundle = clearhead.load(model)
        loss = answers_predicted(bundle, table, ()).loss
        rows.append({"SmolLM2-135M-Instruct": name, LOSS: loss, MINUTES: cost[0], MEMORY: cost[1]})
        found = bundle.answers([questions[one] for one in places], beam_size=1, max_tokens=60)
        # A table's cell is one line.
        said.append([" ".join(best.text.split()).replace("|", "\\|") for best, *_ in found])
    before, after = said
    return rows, [
        {"question": questions[place], "before": before[number], "after": after[number], "in the table": right[place]}
        for number, place in enumerate(places)
    ]


def trained(recipe: Path, run: Path, settings: Sequence[str] = ()) -> tuple[float, float]:
    """Train a recipe; the minutes that the command took, and its greatest resident memory in MiB."""
    command = [sys.executable, "-m", "clearhead", "train", str(recipe), *settings, "--out", str(run), "--quiet"]
    began = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"clearhead failed at {recipe.name}")
    return (time.monotonic() - began) / 60, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()

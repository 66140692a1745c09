"""What attention bought: a recurrent translator of the same size, trained and scored on street as the Transformer was.

    clearhead demo
    python benchmarks/recurrent.py --beside runs/street

Trains `peers/recurrent_model.py`, gated recurrent units with attention, on the same pieces in the same batches, for as
many steps, by the same code: loss, optimiser, schedule, average of weights. In bf16 its last layer alone multiplies in
it, and `nn.GRU` stays in float32: rounded states would be read and rounded again at every word. Then both models
translate the test sets of the corpus greedily, by the same code, and the shares of sentences that are exactly right
are printed, in Markdown. The same seed gives the same shares. `key=value` changes the training: training.steps=30.
"""

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import results_file
from peers.recurrent_model import Recurrent, RecurrentConfig, count, hidden_width_for

from clearhead import load
from clearhead.bundle import Bundle
from clearhead.bundle.loading import find_bundle
from clearhead.cli.machine import keep_freed_memory
from clearhead.cli.progress import duration, progress_line
from clearhead.errors import ClearheadError
from clearhead.evaluation import PhenomenonScore, score_phenomena
from clearhead.recipe import load_recipe
from clearhead.street import DIRECTIONS, PHENOMENA, read_tests
from clearhead.street.agreement import TRAINED
from clearhead.tasks import TASKS
from clearhead.tasks.translation.corpus_files import corpus_folder
from clearhead.training import TrainState
from clearhead.training.callbacks import Progress
from clearhead.training.dataloader import batches_from
from clearhead.training.run_inputs import RunInputs, prepare_run
from clearhead.training.throughput import Throughput
from clearhead.training.train_step import TrainStep

NAMES = ("Transformer", "GRU with attention")
Lines = Sequence[Mapping[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, required=True, metavar="RUN", help="a run of recipes/street.yaml")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/attention*.json")
    parser.add_argument("changes", nargs="*", metavar="KEY=VALUE", help="changes to that run's recipe")
    chosen = parser.parse_args()
    # The compiled decoder knows Transformers only, and both models are to be read in the same way.
    os.environ["CLEARHEAD_OFF"] = "native"
    keep_freed_memory()
    try:
        compare(chosen.beside, chosen.changes, chosen.save)
    except ClearheadError as error:
        sys.exit(f"recurrent.py: {error}")


def compare(run: Path, changes: Sequence[str], save: bool) -> None:
    beside = load(run)
    # A recurrent model reads a row from its first place to its last: no row of its may hold two sentences.
    unpacked = ["training.packing=false", "training.packed_length=auto"]
    recipe = load_recipe(find_bundle(run) / "recipe.yaml", ["training.device=cpu", *unpacked, *changes])
    if recipe.data.embedded is None:
        raise ClearheadError(f"--beside {run} is a run of {recipe.name!r}; expected one of street: clearhead demo")
    inputs = prepare_run(recipe, (beside.source_tokenizer, beside.target_tokenizer))
    model = untrained(inputs, count(beside.model))
    print(f"{count(model):,} parameters, the Transformer has {count(beside.model):,}", file=sys.stderr)
    trained, lines = train(model, inputs)
    recurrent = Bundle(trained, inputs.source_tokenizer, inputs.target_tokenizer, inputs.recipe)
    timing = find_bundle(run).parent / "timing.jsonl"
    known = [json.loads(line) for line in timing.read_text().splitlines()] if timing.is_file() else []
    print(costs([beside, recurrent], [known, lines]))
    tests = read_tests(corpus_folder(recipe.data))
    scores = [score_phenomena(tests, bundle.translate, TRAINED) for bundle in (beside, recurrent)]
    sizes = f"{count(beside.model):,} parameters beside {count(trained):,}"
    method = f"{sizes}; the same pieces, batches, steps and greedy search"
    found = {"attention": phenomena(scores), "attention-distance": distances(scores)}
    for name, rows in found.items():
        results_file.report(
            name if save else None, rows, method, dict.fromkeys(heads(), ".1f" if name == "attention" else "")
        )


def untrained(inputs: RunInputs, parameters: int) -> Recurrent:
    """The recurrent model that has about so many parameters, before its first step."""
    config, tokenizer = inputs.config, inputs.target_tokenizer
    hidden_width = hidden_width_for(parameters, tokenizer.size, config.width)
    sizes = RecurrentConfig(
        tokenizer.size, config.width, hidden_width, config.dropout, config.max_length, tokenizer.padding
    )
    return Recurrent(sizes, inputs.recipe.training.seed)


def train(model: Recurrent, inputs: RunInputs) -> tuple[Recurrent, Lines]:
    """The average of the weights after the recipe's last step, and how fast it went, as a run's timing.jsonl says it.

    Unlike a run it chooses no best step, and keeps nothing on disk.
    """
    settings = inputs.recipe.training
    train_step = TrainStep(model, settings, task=TASKS[inputs.recipe.task])
    batches, throughput = batches_from(TrainState(), inputs), Throughput()
    lines, tokens, seen = [], 0, 0
    for step in range(1, settings.steps + 1):
        together = list(itertools.islice(batches, settings.accumulate))
        train_step.step(step, together)
        throughput.add(sum(batch.target_tokens for batch in together))
        tokens += sum(batch.target_tokens for batch in together)
        seen += sum(batch.target_tokens for batch in together)
        if step % settings.log_every == 0 or step == settings.steps:
            speed, seconds = throughput.read()
            rate, loss = train_step.optimizer_step.rate(step), float(train_step.loss) / tokens
            skipped, _ = train_step.optimizer_step.read_skips()
            left = (settings.steps - step) * seconds
            progress = Progress(step, settings.steps, loss, rate, speed, left, skipped, seen, seconds)
            print(progress_line(progress), file=sys.stderr, flush=True)
            lines.append({"step": step, "tokens_per_second": speed, "seconds_a_step": seconds})
            train_step.loss.zero_()
            tokens = 0
    return train_step.average.model, lines


def costs(bundles: Sequence[Bundle], timings: Sequence[Lines]) -> str:
    """Sizes, minutes of training, and target tokens a second, in Markdown."""
    minutes, speeds = [], []
    for lines in timings:
        ends = [0, *(line["step"] for line in lines)]
        steps = [end - before for before, end in itertools.pairwise(ends)]
        seconds = [number * line["seconds_a_step"] for number, line in zip(steps, lines, strict=True)]
        tokens = sum(line["tokens_per_second"] * each for line, each in zip(lines, seconds, strict=True))
        minutes.append(duration(sum(seconds)) if lines else "–")
        speeds.append(f"{tokens / sum(seconds):,.0f}" if lines else "–")
    return markdown(
        ["", *NAMES],
        ["parameters", *(f"{count(bundle.model):,}" for bundle in bundles)],
        ["training steps", *(f"{bundle.recipe.training.steps:,}" for bundle in bundles)],
        ["training precision", *(bundle.recipe.training.precision for bundle in bundles)],
        ["training, minutes:seconds", *minutes],
        ["training, target tokens a second", *speeds],
    )


def phenomena(scores: Sequence[Sequence[PhenomenonScore]]) -> list[dict[str, results_file.Cell]]:
    """Each phenomenon in each direction; agreement as far as training has it."""
    rows: list[dict[str, results_file.Cell]] = []
    for name in PHENOMENA:
        found = {(number, one.direction): one for number, of_model in enumerate(scores) for one in of_model
                 if one.phenomenon == name}  # fmt: skip
        spaced = any(one.by_distance for one in found.values())
        label = f"{name}, up to {TRAINED} words between" if spaced else name
        figures = [round(found[place].as_trained, 1) for place in columns()]
        rows.append({"percent exactly right": label, **dict(zip(heads(), figures, strict=True))})
    return rows


def distances(scores: Sequence[Sequence[PhenomenonScore]]) -> list[dict[str, results_file.Cell]]:
    """Agreement by the number of words between: what `charts.py` draws."""
    found = {(number, one.direction): one.by_distance for number, of_model in enumerate(scores) for one in of_model
             if one.phenomenon == "agreement"}  # fmt: skip
    return [
        {
            "words between": distance,
            **{head: round(found[place][distance]) for head, place in zip(heads(), columns(), strict=True)},
        }
        for distance in sorted({distance for values in found.values() for distance in values})
    ]


def columns() -> Iterator[tuple[int, str]]:
    return itertools.product(range(len(NAMES)), DIRECTIONS)


def heads() -> list[str]:
    return [f"{NAMES[number]}, {direction.replace('-', ' → ')}" for number, direction in columns()]


def markdown(head: Sequence[str], *rows: Sequence[str]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


if __name__ == "__main__":
    main()

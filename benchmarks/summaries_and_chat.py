"""How good summaries and answers are that models learned from Korean tables, beside what needs no model.

    python benchmarks/summaries_and_chat.py summaries --data DATA --save summaries
    python benchmarks/summaries_and_chat.py chat --data DATA --save chat

Trains recipes/summary-ko.yaml or recipes/chat-ko.yaml as it is, or takes a model that it trained before (--model RUN),
and has it write for the validation table, by a beam search. chrF and exact matches are sacreBLEU's and our own.

Beside summaries stands the text itself, copied. Beside answers stands the answer of the nearest training question: that
with the most similar characters, in rows of one to three, rare ones counting more (tf-idf, cosine). Ten questions, at
equal distances in the table, are shown with their answers as they are (--save NAME writes NAME-answers as well).
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import results_file
from bench import HERE

import clearhead
from clearhead.cli.evaluate_written import answers_predicted
from clearhead.data import TableFile, read_tables
from clearhead.evaluation import measure

Rows = list[dict[str, results_file.Cell]]
SHOWN, LONGEST = 10, 3
CHRF, EXACT, KNOWN, PERPLEXITY, MINUTES = "chrF", "exact, %", "known answers, %", "perplexity a token", "minutes"
FORMATS = {CHRF: ".1f", EXACT: ".1f", KNOWN: ".1f", PERPLEXITY: ".1f", MINUTES: ".1f"}
METHOD = "The recipe as it is, one run; minutes of training and validation; the whole validation table"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["summaries", "chat"])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds summary-ko and chat-ko")
    parser.add_argument("--model", type=Path, help="a run of the recipe, which is then not trained again")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        name = {"summaries": "summary-ko", "chat": "chat-ko"}[chosen.what]
        run = chosen.model or trained(name, chosen.data, Path(folder) / "run")
        minutes = "" if chosen.model else (time.monotonic() - began) / 60
        training, validation = (chosen.data / name / f"{part}.tsv" for part in ("train", "val"))
        bundle = clearhead.load(run)
        if chosen.what == "summaries":
            results_file.report(chosen.save, summaries(bundle, validation, minutes), METHOD, FORMATS)
            return
        figures, shown = chat(bundle, training, validation, minutes)
    results_file.report(chosen.save, figures, METHOD, FORMATS)
    results_file.report(chosen.save and f"{chosen.save}-answers", shown, METHOD, {})


def trained(name: str, data: Path, run: Path) -> Path:
    """The folder of a run of the recipe."""
    recipe = str(HERE.parent / "recipes" / f"{name}.yaml")
    command = [sys.executable, "-m", "clearhead", "train", recipe, "--out", str(run)]
    subprocess.run(command, check=True, env={**os.environ, "CLEARHEAD_DATA": str(data.absolute())})
    return run


def summaries(bundle: clearhead.Bundle, validation: Path, minutes: results_file.Cell) -> Rows:
    texts, right = read(validation)
    written = {"clearhead, recipes/summary-ko.yaml": bundle.summarise(texts), "the text itself": texts}
    return [
        {"summary": name, CHRF: quality.chrf, EXACT: quality.exact, MINUTES: "" if found is texts else minutes}
        for name, found in written.items()
        for quality in [measure(found, right)]
    ]


def chat(bundle: clearhead.Bundle, training: Path, validation: Path, minutes: results_file.Cell) -> tuple[Rows, Rows]:
    """The figures, and some answers."""
    (asked, answered), (questions, right) = read(training), read(validation)
    found = [best.text for best, *_ in bundle.answers(questions, beam_size=bundle.settings.beam_size)]
    nearest = [answered[place] for place in nearest_to(questions, asked)]
    perplexity = answers_predicted(bundle, validation, ()).token_perplexity
    known = {bundle.target_tokenizer.normalized(one) for one in answered}
    name = "clearhead, recipes/chat-ko.yaml"
    rows: Rows = []
    for who, texts, more in ((name, found, (perplexity, minutes)), ("the nearest question's", nearest, ("", ""))):
        quality = measure(texts, right)
        share = 100 * sum(bundle.target_tokenizer.normalized(one) in known for one in texts) / len(texts)
        rows.append(
            {
                "answer": who,
                CHRF: quality.chrf,
                EXACT: quality.exact,
                KNOWN: share,
                PERPLEXITY: more[0],
                MINUTES: more[1],
            }
        )
    places = range(0, len(questions), math.ceil(len(questions) / SHOWN))
    shown: Rows = [{"question": questions[one], "answer": found[one], "in the table": right[one]} for one in places]
    return rows, shown


def read(table: Path) -> tuple[list[str], list[str]]:
    """Both columns."""
    rows = list(read_tables([TableFile(table, (1, 2))]))
    return [one for one, _ in rows], [other for _, other in rows]


def nearest_to(texts: Sequence[str], known: Sequence[str]) -> list[int]:
    """For each text the place of the most similar of the known ones, the first of several."""
    parts = [parts_of(one) for one in known]
    counts = Counter(part for one in parts for part in one)
    rarity = {part: math.log(len(known) / count) + 1 for part, count in counts.items()}
    lengths = [math.sqrt(sum((count * rarity[part]) ** 2 for part, count in one.items())) for one in parts]
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, (one, length) in enumerate(zip(parts, lengths, strict=True)):
        for part, count in one.items():
            places[part].append((place, count * rarity[part] / length))
    found = []
    for text in texts:
        likeness: dict[int, float] = defaultdict(float)
        for part, count in parts_of(text).items():
            for place, weight in places.get(part, ()):
                likeness[place] += count * rarity[part] * weight
        found.append(max(likeness, key=lambda place: (likeness[place], -place), default=0))
    return found


def parts_of(text: str) -> Counter[str]:
    return Counter(
        text[start : start + length] for length in range(1, LONGEST + 1) for start in range(len(text) - length + 1)
    )


if __name__ == "__main__":
    main()

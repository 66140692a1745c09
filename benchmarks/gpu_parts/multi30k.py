"""Train the tiny model on Multi30k, as a user would, and score it: `multi30k.py DATA WORK [key=value …]`.

Text as in most papers: lowercased, normalised and tokenised (`*.lc.norm.tok.*`), so BLEU is `sacrebleu --tokenize none`
and is no figure to compare with one of cased text. The last line of output is JSON.
"""

import gzip
import json
import os
import statistics
import sys
import time
from pathlib import Path

import torch
from sacrebleu.metrics.bleu import BLEU

import clearhead
from clearhead.recipe import load_recipe

RECIPE = Path(__file__).parents[2] / "recipes" / "multi30k-en-de.yaml"
CHANGES = [
    *(f"data.{part}.{side}={file}.lc.norm.tok.{language}.gz" for part, file in (("train", "train"), ("validate", "val"))
      for side, language in (("source", "en"), ("target", "de"))),
    "text.size=8000", "model.dropout=0.3", "training.packing=true", "training.batch_tokens=4096", "training.steps=4000",
    "training.schedule={name: linear, peak: 3.0e-3, warmup: 500}", "training.validate_every=1000",
    "training.validate_sentences=0", "training.checkpoint_every=4000", "training.patience=null",
]  # fmt: skip


def main() -> None:
    data, work, *changes = sys.argv[1:]
    os.environ["CLEARHEAD_DATA"] = data
    recipe = load_recipe(RECIPE, [*CHANGES, *changes])
    run = Path(work) / "run"
    began = time.perf_counter()
    clearhead.train(recipe, run)
    training = time.perf_counter() - began
    lines = [json.loads(line) for line in (run / "timing.jsonl").read_text().splitlines()]
    # The first lines are those of compiling.
    speed = statistics.median(line["tokens_per_second"] for line in lines)
    a_step = statistics.median(line["seconds_a_step"] for line in lines)
    bundle = clearhead.load(run, device="cuda" if torch.cuda.is_available() else "cpu")
    source, reference = (
        read(Path(data) / "multi30k" / f"test_2016_flickr.lc.norm.tok.{side}.gz") for side in ("en", "de")
    )
    began = time.perf_counter()
    found = bundle.translate(source, beam_size=5)
    translating = time.perf_counter() - began
    bleu = BLEU(tokenize="none", force=True).corpus_score(found, [reference]).score
    steps = recipe.training.steps
    print(json.dumps({
        "seconds": training, "seconds_of_steps": a_step * steps, "steps": steps, "target_tokens_per_second": speed,
        "seconds_translating": translating, "sentences": len(source), "bleu_tokenize_none": bleu,
    }))  # fmt: skip


def read(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


if __name__ == "__main__":
    main()

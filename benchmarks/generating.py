"""Generating side by side with CTranslate2 and transformers: the same weights, the same prompts, greedily.

    python benchmarks/generating.py
    python benchmarks/generating.py --rounds 1 --new-tokens 64

The sizes of GPT-2's smallest model with random weights go on from prompts of 128 tokens. No one stops before all tokens
are written. One prompt: each toolkit with one thread or two, whichever is faster. 32 prompts at once: both cores, in
the way that is faster, one batch on two threads or two batches on one each. transformers keeps its cache and computes
in float32. Whether all write the same tokens in float32 is looked at and printed.
A round runs everything once; the table gives medians over the rounds, ratios being of figures of the same round.
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import results_file
import torch
from bench import HERE, WORK, Peer, environment
from translating import Runner

from clearhead.model import DecoderOnly, gpt2_small

OURS = Peer("clearhead", "generate_with_clearhead.py")
CTRANSLATE2 = Peer("CTranslate2", "generate_with_ctranslate2.py", ("numpy", "ctranslate2==4.8.5"))
TRANSFORMERS = Peer("transformers", "generate_with_transformers.py", ("numpy", "transformers"))
RUNNERS = [
    Runner(OURS, "int8"), Runner(OURS, "bf16"), Runner(OURS, "fp32"),
    Runner(CTRANSLATE2, "int8"), Runner(CTRANSLATE2, "fp32"), Runner(TRANSFORMERS, "fp32"),
]  # fmt: skip
VOCABULARY, PROMPTS, LENGTH = 50_257, 32, 128
# GPT-2's only token that is no text.
END = 50_256
# Of untrained weights as GPT-2 draws them, the next token is the same one again. So much larger, they write some text.
SPREAD = 4.0
Figures = list[dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runners", default=",".join(one.name for one in RUNNERS))
    parser.add_argument("--prompts", default=f"1,{PROMPTS}")
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    results_file.add_option(parser)
    chosen = parser.parse_args()
    runners = [one for one in RUNNERS if one.name in chosen.runners.split(",")]
    task = write_task(chosen.new_tokens)
    found: dict[tuple[str, int], Figures] = {}
    for prompts in map(int, chosen.prompts.split(",")):
        for _ in range(chosen.rounds):
            for one in runners:
                figures = measured(one, task, prompts)
                found.setdefault((one.name, prompts), []).append(figures)
                print(f"{prompts:3} prompts  {one.name:18} {figures}", file=sys.stderr)
        print(agreement(task, prompts, [one for one in runners if one.precision == "fp32"]), file=sys.stderr)
    rows = [row for (_, prompts) in dict.fromkeys((0, key[1]) for key in found) for row in summary(found, prompts)]
    method = f"Medians of {chosen.rounds} rounds, and of the rounds' ratios; {chosen.new_tokens} new tokens a prompt"
    results_file.report(chosen.save, rows, method, FORMATS)


def write_task(new_tokens: int) -> Path:
    """Random weights and prompts. The end token's row is zero, so that it is never the best."""
    folder, config = WORK / "generate", gpt2_small(VOCABULARY)
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir(parents=True)
    model = DecoderOnly(config, seed=1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".layers." in name and weight.ndim == 2:
                weight.mul_(SPREAD)
        model.embedding.matrix.weight[END] = 0.0
    np.savez(folder / "weights.npz", **{name: value.detach().numpy() for name, value in model.named_parameters()})
    prompts = np.random.default_rng(1).integers(0, END, (PROMPTS, LENGTH)).tolist()
    settings = {"config": dataclasses.asdict(config), "sources": prompts, "end": END, "new_tokens": new_tokens}
    (folder / "task.json").write_text(json.dumps(settings))
    return folder


def measured(runner: Runner, task: Path, prompts: int) -> dict[str, float]:
    """One run, whose last line of output is its figures; the tokens are in the task's folder."""
    script = str(HERE / "peers" / runner.peer.script)
    command = [environment(runner.peer), script, str(task), str(prompts), runner.precision]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


def agreement(task: Path, prompts: int, runners: Sequence[Runner]) -> str:
    """For how many prompts all have written the same."""
    texts = [json.loads((task / f"{Path(one.peer.script).stem}-fp32.json").read_text()) for one in runners]
    same = sum(all(text == first for text in others) for first, *others in zip(*texts, strict=True))
    different = len({token for text in texts[0] for token in text})
    names = ", ".join(one.peer.name for one in runners)
    return f"in float32 {names} write the same for {same} of {prompts} prompts, {different} different tokens in all"


SPEED = "new tokens a second"
COLUMNS = {f"times {peer.name}, {kind}": Runner(peer, kind) for peer, kind in (
    (CTRANSLATE2, "int8"), (CTRANSLATE2, "fp32"), (TRANSFORMERS, "fp32")
)}  # fmt: skip
FORMATS = {SPEED: ",", **dict.fromkeys(COLUMNS, ".2f")}


def summary(found: Mapping[tuple[str, int], Figures], prompts: int) -> list[dict[str, results_file.Cell]]:
    """A row for each toolkit in each precision: its speed, and how many times as fast it is as the others."""
    rows: list[dict[str, results_file.Cell]] = []
    for (name, count), runs in found.items():
        if count != prompts:
            continue
        speed = round(statistics.median(one["tokens_per_second"] for one in runs))
        row: dict[str, results_file.Cell] = {"prompts": f"{prompts}", "toolkit": name, SPEED: speed}
        for column, other in COLUMNS.items():
            pairs = zip(runs, found.get((other.name, prompts), []), strict=False)
            ratios = [one["tokens_per_second"] / two["tokens_per_second"] for one, two in pairs]
            row[column] = statistics.median(ratios) if ratios and name != other.name else ""
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()

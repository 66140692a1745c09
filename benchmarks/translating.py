"""Translating side by side with CTranslate2: the same weights, the same sentences, the same search.

    python benchmarks/translating.py base
    python benchmarks/translating.py tiny --model runs/multi30k --text test_2016_flickr.en.gz
    python benchmarks/translating.py marian
    python benchmarks/translating.py base --shortlist
    python benchmarks/translating.py tiny --model … --text … --shortlist en-de.safetensors

`base` has the paper's base sizes, 32,000 pieces and random weights, which translate 512 sources of 27 tokens into 27
tokens each; `marian` has them as OPUS-MT's models of that size do: its activation, its table of positions, a bias for
each token, and 58,101 pieces. `tiny` is a trained model and a text. Batches: both cores, each toolkit with the batch
size that suits it best. One at a time: the median of up to 200 sentences, each toolkit with one thread or two,
whichever is faster.
Each stops as it does by default: CTranslate2 when its beam is full of finished hypotheses, clearhead when nothing
better can follow, under the length limit of `clearhead translate`.
With --shortlist both have the same one: for `base` 100 pieces that every sentence may have and 50 that were drawn for
each source piece, for `tiny` one that `clearhead shortlist` made. CTranslate2 knows it as its vocabulary map.
A round runs everything once; the table gives medians over the rounds, ratios being of figures of the same round.
"""

import argparse
import dataclasses
import gzip
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import results_file
from bench import HERE, WORK, Peer, environment
from safetensors.torch import save_file

from clearhead import load
from clearhead.decoding import LengthLimit, Shortlist
from clearhead.model import EncoderDecoder, TransformerConfig, paper_base

OURS = Peer("clearhead", "translate_with_clearhead.py")
THEIRS = Peer("CTranslate2", "translate_with_ctranslate2.py", ("numpy", "ctranslate2==4.8.5"))
BUDGETS = (1024, 2048, 4096)
DRAWN = "drawn"
PADDING, BEGIN, END = 0, 1, 2


@dataclasses.dataclass(frozen=True)
class Runner:
    """A toolkit in one precision."""

    peer: Peer
    precision: str

    @property
    def name(self) -> str:
        return f"{self.peer.name} {self.precision}"


RUNNERS = [
    Runner(OURS, "int8"), Runner(OURS, "bf16"), Runner(OURS, "fp32"), Runner(OURS, "eager"),
    Runner(THEIRS, "int8"), Runner(THEIRS, "fp32"),
]  # fmt: skip
BASIS = "CTranslate2 int8"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=["base", "marian", "tiny"])
    parser.add_argument("--model", type=Path, help="with tiny: a run of recipes/multi30k-en-de.yaml")
    parser.add_argument("--text", type=Path, help="with tiny: what to translate, a sentence a line")
    parser.add_argument(
        "--shortlist", nargs="?", const=DRAWN, metavar="FILE", help="with tiny: a shortlist of the model"
    )
    parser.add_argument("--runners", default=",".join(one.name for one in RUNNERS))
    parser.add_argument("--beams", default="1,5")
    parser.add_argument("--modes", default="batch,single")
    parser.add_argument("--rounds", type=int, default=5)
    results_file.add_option(parser)
    chosen = parser.parse_args()
    runners = [one for one in RUNNERS if one.name in chosen.runners.split(",")]
    if chosen.size == "tiny":
        task = write_trained(chosen.model, chosen.text, chosen.shortlist)
    else:
        task = write_random(chosen.size, chosen.shortlist is not None)
    found: dict[tuple[str, str, int], list[dict[str, float]]] = {}
    for beam_size in map(int, chosen.beams.split(",")):
        for mode in chosen.modes.split(","):
            budgets = {one: best_budget(one, task, beam_size) if mode == "batch" else 0 for one in runners}
            for _ in range(chosen.rounds):
                for one in runners:
                    figures = measured(one, task, mode, beam_size, budgets[one])
                    found.setdefault((one.name, mode, beam_size), []).append(figures)
                    print(f"beam {beam_size}  {mode:7} {one.name:18} {figures}", file=sys.stderr)
    rows, formats = summary(chosen.size, found, [one.name for one in runners])
    method = f"Medians of {chosen.rounds} rounds, and of the rounds' ratios; target tokens a second on both cores"
    results_file.report(chosen.save, rows, f"{method}, and milliseconds a sentence", formats)


def marian_base() -> TransformerConfig:
    """The sizes of OPUS-MT's models, as `clearhead import` reads a config.json of them."""
    return dataclasses.replace(
        paper_base(58_101, 58_101), activation="silu", positions="sinusoidal-halves", output_bias=True
    )


def write_random(size: str, with_shortlist: bool) -> Path:
    """Random weights. The end token's row is zero, so that it is never among the best."""
    config = paper_base(32_000, 32_000) if size == "base" else marian_base()
    vocabulary = config.target_vocabulary
    model = EncoderDecoder(config, seed=1)
    model.output.matrix.weight.data[END] = 0.0
    random = np.random.default_rng(1)
    sources = [[*random.integers(10, vocabulary, 26).tolist(), END] for _ in range(512)]
    drawn, offsets = random.integers(10, vocabulary, vocabulary * 50), np.arange(vocabulary + 1) * 50
    shortlist = Shortlist(offsets, drawn, np.arange(10, 110), vocabulary) if with_shortlist else None
    return write(WORK / f"translate-{size}", model, config, sources, (0, 27), BEGIN, END, shortlist)


def write_trained(run: Path, text: Path, shortlist: str | None) -> Path:
    """A trained model; sentences of a file, in its own order."""
    bundle, opened = load(run, shortlist=shortlist), gzip.open if text.suffix == ".gz" else open
    with opened(text, "rt", encoding="utf-8") as file:
        encoded = bundle.source_tokenizer.encode_many(file.read().splitlines())
    sources = [[*ids, bundle.source_tokenizer.end] for ids in encoded]
    begin, end = bundle.target_tokenizer.begin, bundle.target_tokenizer.end
    limit = dataclasses.astuple(LengthLimit())
    config = bundle.model.config
    return write(WORK / "translate-tiny", bundle.model, config, sources, limit, begin, end, bundle.shortlist)


def write(
    folder: Path,
    model: EncoderDecoder,
    config: TransformerConfig,
    sources: Sequence[Sequence[int]],
    length_limit: tuple[float, int],
    begin: int,
    end: int,
    shortlist: Shortlist | None,
) -> Path:
    """The task's folder, without what CTranslate2 made of older weights. length_limit: that of `LengthLimit`."""
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir(parents=True)
    weights = {name: value.detach().contiguous() for name, value in model.named_parameters()}
    save_file(weights, folder / "weights.safetensors")
    positions = model.source_embedding.positions
    assert positions is not None
    arrays = {name: value.numpy() for name, value in weights.items()}
    np.savez(
        folder / "weights.npz",
        embedding=model.output.matrix.weight.detach().numpy(),
        positions=positions.table.detach().numpy(),
        **{name: value for name, value in arrays.items() if "matrix" not in name},
    )
    if shortlist is not None:
        arrays = {"offsets": shortlist.offsets, "targets": shortlist.targets, "always": shortlist.always}
        np.savez(folder / "shortlist.npz", **arrays)
    settings = {
        "config": dataclasses.asdict(config), "sources": sources, "length_limit": length_limit,
        "begin": begin, "end": end, "padding": PADDING,
    }  # fmt: skip
    (folder / "task.json").write_text(json.dumps(settings))
    return folder


def best_budget(runner: Runner, task: Path, beam_size: int) -> int:
    """The size of batches, in source tokens, with which a toolkit is fastest here."""
    speeds = {one: measured(runner, task, "batch", beam_size, one)["tokens_per_second"] for one in BUDGETS}
    return max(speeds, key=lambda one: speeds[one])


def measured(runner: Runner, task: Path, mode: str, beam_size: int, budget: int) -> dict[str, float]:
    """One run, whose last line of output is its figures."""
    script = str(HERE / "peers" / runner.peer.script)
    command = [environment(runner.peer), script, str(task), mode, str(beam_size), runner.precision, str(budget)]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


def summary(
    size: str, found: dict[tuple[str, str, int], list[dict[str, float]]], names: Sequence[str]
) -> tuple[list[dict[str, results_file.Cell]], dict[str, str]]:
    """A row for each way, with each runner's speed, and how the columns' numbers are written."""
    rows: list[dict[str, results_file.Cell]] = []
    formats: dict[str, str] = {}
    for mode, beam in sorted({(mode, beam) for _, mode, beam in found}):
        way = f"{'batches' if mode == 'batch' else 'one at a time'}, {'greedy' if beam == 1 else f'beam {beam}'}"
        row: dict[str, results_file.Cell] = {"size": size, "way": way}
        basis = found.get((BASIS, mode, beam))
        for name in names:
            runs = found[name, mode, beam]
            row[name] = round(statistics.median(one["tokens_per_second"] for one in runs))
            formats[name] = ","
            if basis is not None and name != BASIS:
                pairs = zip(runs, basis, strict=True)
                ratios = [one["tokens_per_second"] / other["tokens_per_second"] for one, other in pairs]
                row[f"{name}, times {BASIS}"] = statistics.median(ratios)
                formats[f"{name}, times {BASIS}"] = ".2f"
            delay = statistics.median(one["milliseconds"] for one in runs) if mode == "single" else ""
            row[f"{name}, ms"] = delay
            formats[f"{name}, ms"] = ".3g"
        rows.append(row)
    return rows, formats


if __name__ == "__main__":
    main()

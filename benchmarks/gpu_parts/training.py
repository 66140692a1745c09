"""How many pairs a second the training step takes: `training.py paper_base|paper_big [options] [key=value …]`.

Plan, batches, copies and steps are those of `clearhead train`; what happens between steps (logging, validating, saving)
is not there. The corpus is drawn: lengths like those of news (26 tokens on average, up to 100), pieces by Zipf's law.
The last line of output is JSON.
"""

import argparse
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import yaml
from torch.nn.attention import SDPBackend, sdpa_kernel

from clearhead.data import Batch, FilterReport, PreparedCorpus, TokenFile
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.recipe import ResolvedRecipe, build_recipe
from clearhead.tasks.measured import Measured
from clearhead.tasks.translation.sizes import choose_sizes
from clearhead.training import RunInputs, TrainState
from clearhead.training.dataloader import batches_from
from clearhead.training.resolving import choose_machine, resolve
from clearhead.training.train_step import TrainStep

PADDING, BEGIN, END, FIRST = 0, 1, 2, 3
# The longest side of a pair that `corpus` draws, with its end.
LONGEST = 100
# Dense products of bfloat16 on an H200: 8192 × 8192 × 8192 in torch, as measured there.
PEAK = 790e12
ATTENTION = {
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}
# Three steps warm up, the fourth is recorded; a few more until everything is at its speed.
WARM_UP = 10
STEPS_AT_A_TIME = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=["paper_base", "paper_big", "multi30k_tiny", "street"])
    parser.add_argument("changes", nargs="*", help="of the recipe's training, as in compile=false")
    parser.add_argument("--pieces", type=int, default=37_000)
    parser.add_argument("--pairs", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--attention", choices=ATTENTION, help="which of torch's kernels; its own choice if not given")
    parser.add_argument("--profile", type=Path, help="write the slowest kernels of five steps to this file")
    chosen = parser.parse_intermixed_args()
    began = time.perf_counter()
    recipe = recipe_for(chosen.preset, chosen.pieces, dict(change.split("=") for change in chosen.changes))
    inputs = RunInputs(recipe, *tokenizers(chosen.pieces), corpus(chosen.pairs, chosen.pieces), ())
    config = recipe.model.config(chosen.pieces, chosen.pieces)
    train_step = TrainStep(EncoderDecoder(config, seed=1), recipe.training)
    with sdpa_kernel(ATTENTION[chosen.attention]) if chosen.attention else contextlib.nullcontext():
        figures = measured(train_step, batches_from(TrainState(), inputs), chosen.seconds, began)
        if chosen.profile:
            chosen.profile.write_text(profiled(train_step, batches_from(TrainState(), inputs)))
    rate, flops = figures["pairs_per_second"], flops_a_pair(config)
    share = {"flops_a_pair": flops, "share_of_peak": rate * flops / PEAK}
    settings = {key: getattr(recipe.training, key) for key in ("packing", "compile", "graph", "precision", "device")}
    print(json.dumps({**figures, **share, **settings}))


def recipe_for(preset: str, pieces: int, changes: dict[str, str]) -> ResolvedRecipe:
    """The paper's step: about 25,000 source and as many target tokens, Adam, a moving average."""
    values = {key: yaml.safe_load(value) for key, value in changes.items()}
    nowhere = {"source": "none", "target": "none"}
    training = {
        "steps": 100_000, "batch_tokens": 25_000, "packing": True, "packed_length": 128,
        "optimizer": {"weight_decay": 0.0, "clip": 1.0}, "schedule": {"name": "paper", "warmup": 4000}, **values,
    }  # fmt: skip
    described = {"data": {"train": nowhere, "validate": nowhere}, "model": {"preset": preset}, "training": training}
    recipe = build_recipe({"name": preset, **described}, "the benchmark")
    known = Measured(choose_sizes(recipe.text, recipe.model, ()), (pieces, pieces), LONGEST, LONGEST)
    return resolve(recipe, choose_machine(recipe.training), known)


def tokenizers(pieces: int) -> tuple[Any, Any]:
    """What a run asks of its tokenizers before it validates."""
    one = SimpleNamespace(size=pieces, padding=PADDING, begin=BEGIN, end=END)
    return one, one


def corpus(pairs: int, pieces: int) -> PreparedCorpus:
    generator = np.random.default_rng(1)
    target = generator.lognormal(3.1, 0.55, pairs).clip(2, 99)
    source = (target * generator.lognormal(0, 0.2, pairs)).clip(2, 99)
    files = [token_file(generator, lengths.astype(np.int32) + 1, pieces) for lengths in (source, target)]
    return PreparedCorpus(*files, np.ones(pairs), FilterReport(kept=pairs), "drawn")


def token_file(generator: np.random.Generator, lengths: np.ndarray, pieces: int) -> TokenFile:
    """The piece of rank r comes about 1/r as often as the first."""
    ids = FIRST - 1 + (pieces - FIRST) ** generator.random(lengths.sum())
    ids[np.cumsum(lengths) - 1] = END
    return TokenFile(ids.astype(np.uint16 if pieces <= 1 << 16 else np.uint32), lengths)


def measured(train_step: TrainStep, batches: Iterator[Batch], seconds: float, began: float) -> dict[str, Any]:
    """Speed after the warm-up; how long the host was busy with a step; how full the places were."""
    for number in range(1, WARM_UP + 1):
        train_step.step(number, [next(batches)])
    synchronize()
    warm, steps, tokens, places, host = time.perf_counter(), 0, 0, 0, 0.0
    train_step.loss.zero_()
    target_tokens = 0
    while (elapsed := time.perf_counter() - warm) < seconds:
        start = time.perf_counter()
        for _ in range(STEPS_AT_A_TIME):
            batch, steps = next(batches), steps + 1
            train_step.step(WARM_UP + steps, [batch])
            tokens += batch.source_tokens + batch.target_tokens
            places += batch.source.numel() + batch.target_output.numel()
            target_tokens += batch.target_tokens
        host += time.perf_counter() - start
        synchronize()
    skipped, _ = train_step.optimizer_step.read_skips()
    return {
        "pairs_per_second": tokens / 2 / elapsed,
        "milliseconds_a_step": 1000 * elapsed / steps,
        "milliseconds_of_host_a_step": 1000 * host / steps,
        "steps": steps,
        "tokens_of_places": tokens / places,
        "seconds_until_warm": warm - began,
        "loss": float(train_step.loss) / target_tokens,
        "skipped": skipped,
        "peak_gibibytes": torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0.0,
    }


def profiled(train_step: TrainStep, batches: Iterator[Batch]) -> str:
    activities = [torch.profiler.ProfilerActivity.CPU]
    if torch.cuda.is_available():
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profile:
        for number in range(5):
            train_step.step(1_000_000 + number, [next(batches)])
        synchronize()
    order = "self_cuda_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    return profile.key_averages().table(sort_by=order, row_limit=60, max_name_column_width=110)


def flops_a_pair(config: TransformerConfig) -> float:
    """Forward and backward: six for each weight that a source token and a target token are multiplied with.

    Attention itself and what is done number by number are left out; padding is never counted.
    """
    square, inner = config.width**2, 2 * config.width * config.inner_width
    encoder = config.encoder_layers * (4 * square + inner)
    decoder = config.decoder_layers * (8 * square + inner)
    return 6.0 * (encoder + decoder + config.width * config.target_vocabulary)


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()

"""clearhead: `translate_with_clearhead.py FOLDER batch|single BEAM_SIZE fp32|bf16|int8|eager [BATCH_TOKENS]`."""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from translation_task import TranslationTask, measure_batches, measure_one_at_a_time

from clearhead.cli.machine import keep_freed_memory
from clearhead.decoding import Engine, LengthLimit, SearchOptions, Shortlist
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.preparing import compiled


def main() -> None:
    task = TranslationTask(Path(sys.argv[1]))
    mode, beam_size, precision = sys.argv[2], int(sys.argv[3]), sys.argv[4]
    keep_freed_memory()
    model = EncoderDecoder(TransformerConfig(**task.config)).eval()
    model.load_state_dict(load_file(task.folder / "weights.safetensors"), strict=False)
    runtime = EagerRuntime(model) if precision == "eager" else compiled(model, precision)
    assert runtime is not None
    settings = task.settings
    options = SearchOptions(
        begin=settings["begin"], end=settings["end"], suppressed=(settings["padding"], settings["begin"]),
        beam_size=beam_size,
    )  # fmt: skip
    limit = LengthLimit(*settings["length_limit"])
    shortlist = read_shortlist(task)

    def translate(sources: list[list[int]], budget: int) -> int:
        engine = Engine(runtime, batch_tokens=budget * beam_size)
        found = engine.translate(sources, options, length_limit=limit, shortlist=shortlist)
        return sum(len(hypotheses[0].tokens) for hypotheses in found)

    if mode == "batch":
        measure_batches(lambda: translate(task.sources, int(sys.argv[5])))
        return

    def single(threads: int, number: int) -> int:
        torch.set_num_threads(threads)
        return translate([task.sources[number]], 4096)

    measure_one_at_a_time([lambda n, t=threads: single(t, n) for threads in (1, 2)], len(task.sources))


def read_shortlist(task: TranslationTask) -> Shortlist | None:
    if not task.shortlist.exists():
        return None
    lists = np.load(task.shortlist)
    return Shortlist(lists["offsets"], lists["targets"], lists["always"], task.config["target_vocabulary"])


if __name__ == "__main__":
    main()

"""clearhead: `generate_with_clearhead.py FOLDER PROMPTS fp32|bf16|int8`, without torch."""

import os
from collections.abc import Callable

from generating_task import GeneratingTask, Ids, measure

from clearhead.cli.machine import keep_freed_memory
from clearhead.decoding import Engine, LengthLimit, SearchOptions
from clearhead.decoding.requests import requests_for
from clearhead.model.config import DecoderOnlyConfig
from clearhead.model.shapes import shared_names
from clearhead.native import library as native
from clearhead.runtimes.compiled import CompiledRuntime


def main() -> None:
    task = GeneratingTask()
    keep_freed_memory()
    library, config, stored = native.library(), DecoderOnlyConfig(**task.config), dict(task.weights)
    assert library is not None
    weights = stored | {name: stored[other] for name, other in shared_names(config).items()}
    runtime = CompiledRuntime(library, config, weights, task.precision, is_ours=True)
    options = SearchOptions(begin=task.end, end=task.end, beam_size=1, top_beams=1)

    def way(batches: int, threads: int) -> Callable[[Ids, int], Ids]:
        """threads: on all batches together."""

        def generate(prompts: Ids, new_tokens: int) -> Ids:
            os.environ["OMP_NUM_THREADS"] = str(threads)
            tokens = -(-len(prompts) // batches) * max(map(len, prompts))
            engine = Engine(runtime, batch_tokens=tokens)
            requests = requests_for(
                runtime.sizes, [prompt[:-1] for prompt in prompts], options,
                length_limit=LengthLimit(0.0, new_tokens), begins=[prompt[-1] for prompt in prompts],
            )  # fmt: skip
            return [list(found[0].tokens) for found in engine.results(requests)]

        return generate

    measure(task, [way(1, 2), way(2, 2)] if len(task.prompts) > 1 else [way(1, 1), way(1, 2)])


if __name__ == "__main__":
    main()

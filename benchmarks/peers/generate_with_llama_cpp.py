"""llama.cpp on our weights, by llama-cpp-python: `generate_with_llama_cpp.py FOLDER PROMPTS Q8_0`.

The task's folder has them as a GGUF file, which `clearhead export --to gguf` wrote.
"""

import itertools
from collections.abc import Callable

from generating_task import GeneratingTask, Ids, measure
from llama_cpp import Llama


def main() -> None:
    task = GeneratingTask()
    file = task.folder / f"gguf-{task.precision}" / "model.gguf"

    def way(threads: int) -> Callable[[Ids, int], Ids]:
        model = Llama(
            str(file), n_ctx=len(task.prompts[0]) + task.new_tokens, n_threads=threads, n_threads_batch=threads,
            verbose=False,
        )  # fmt: skip

        def generate(prompts: Ids, new_tokens: int) -> Ids:
            return [continued(model, prompt, new_tokens) for prompt in prompts]

        return generate

    measure(task, [way(1), way(2)])


def continued(model: Llama, prompt: list[int], new_tokens: int) -> list[int]:
    """The most probable tokens. Without `reset` it would go on from what it has read of the same prompt before."""
    model.reset()
    return list(itertools.islice(model.generate(prompt, temp=0.0), new_tokens))


if __name__ == "__main__":
    main()

"""CTranslate2 on our weights: `generate_with_ctranslate2.py FOLDER PROMPTS fp32|int8`."""

from pathlib import Path
from typing import Any

import ctranslate2
from ctranslate2.specs import TransformerDecoderModelSpec, common_spec
from generating_task import GeneratingTask, Ids, measure
from translate_with_ctranslate2 import set_layer, set_norm


def main() -> None:
    task = GeneratingTask()
    folder = converted(task)
    names = vocabulary(task)

    def way(workers: int, threads: int) -> Any:
        kind = "float32" if task.precision == "fp32" else task.precision
        generator = ctranslate2.Generator(str(folder), compute_type=kind, inter_threads=workers, intra_threads=threads)

        def generate(prompts: Ids, new_tokens: int) -> Ids:
            results = generator.generate_batch(
                [[names[piece] for piece in prompt] for prompt in prompts],
                max_batch_size=-(-len(prompts) // workers), max_length=new_tokens, min_length=new_tokens,
                sampling_topk=1, include_prompt_in_result=False,
            )  # fmt: skip
            return [one.sequences_ids[0] for one in results]

        return generate

    many = len(task.prompts) > 1
    measure(task, [way(2, 1), way(1, 2)] if many else [way(1, 1), way(1, 2)])


def vocabulary(task: GeneratingTask) -> list[str]:
    names = [f"t{piece}" for piece in range(task.config["vocabulary"])]
    names[task.end] = "<|endoftext|>"
    return names


def converted(task: GeneratingTask) -> Path:
    """The weights in CTranslate2's format, made once."""
    folder = task.folder / f"ctranslate2-{task.precision}"
    if folder.exists():
        return folder
    config, weights, names = task.config, task.weights, vocabulary(task)
    spec = TransformerDecoderModelSpec.from_config(
        config["layers"], config["heads"], pre_norm=True, activation=common_spec.Activation.GELUTanh
    )
    decoder = spec.decoder
    decoder.scale_embeddings = False
    decoder.embeddings.weight = weights["embedding.matrix.weight"]
    decoder.position_encodings.encodings = weights["embedding.positions.table"]
    for number in range(config["layers"]):
        set_layer(decoder.layer[number], weights, f"decoder.layers.{number}.")
    set_norm(decoder.layer_norm, weights, "decoder.normalization")
    decoder.projection.weight = weights["embedding.matrix.weight"].copy()
    spec.register_vocabulary(names)
    spec.config.bos_token = spec.config.eos_token = spec.config.unk_token = names[task.end]
    spec.validate()
    if task.precision != "fp32":
        spec.optimize(quantization=task.precision)
    folder.mkdir()
    spec.save(str(folder))
    return folder


if __name__ == "__main__":
    main()

"""CTranslate2 on our weights: `translate_with_ctranslate2.py FOLDER batch|single BEAM_SIZE TYPE [BATCH_TOKENS]`.

At its best, as its documentation advises: two workers of one thread each over batches sorted by length; for one
sentence at a time, one worker, with as many threads as are faster.
"""

import sys
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from ctranslate2.specs import TransformerSpec, common_spec
from translation_task import TranslationTask, measure_batches, measure_one_at_a_time


def main() -> None:
    task = TranslationTask(Path(sys.argv[1]))
    mode, beam_size, kind = sys.argv[2], int(sys.argv[3]), sys.argv[4]
    folder = converted(task, kind)
    names = vocabulary(task)
    sources = [[names[piece] for piece in source] for source in task.sources]
    # It knows one limit for all sentences: that of the longest.
    factor, extra = task.settings["length_limit"]
    limit = int(factor * max(map(len, sources))) + extra
    options: dict[str, Any] = {
        "beam_size": beam_size, "length_penalty": 1.0, "max_input_length": 0,
        "max_decoding_length": limit, "use_vmap": (folder / "vmap.txt").exists(),
    }  # fmt: skip

    def translator(workers: int, threads: int) -> Any:
        compute = "float32" if kind == "fp32" else kind
        return ctranslate2.Translator(str(folder), compute_type=compute, inter_threads=workers, intra_threads=threads)

    def lengths(results: Any) -> int:
        # Its hypotheses lack the end token, which has been computed wherever the greatest length was not reached.
        return sum(min(len(one.hypotheses[0]) + 1, limit) for one in results)

    if mode == "batch":
        budget = int(sys.argv[5])
        batched = translator(workers=2, threads=1)
        measure_batches(
            lambda: lengths(batched.translate_batch(sources, max_batch_size=budget, batch_type="tokens", **options))
        )
    else:
        candidates = [translator(workers=1, threads=threads) for threads in (1, 2)]
        measure_one_at_a_time(
            [lambda n, one=one: lengths(one.translate_batch([sources[n]], **options)) for one in candidates],
            len(sources),
        )


def vocabulary(task: TranslationTask) -> list[str]:
    names = [f"t{piece}" for piece in range(task.config["target_vocabulary"])]
    names[task.settings["begin"]], names[task.settings["end"]], names[task.settings["padding"]] = "<s>", "</s>", "<unk>"
    return names


def converted(task: TranslationTask, kind: str) -> Path:
    """The weights in CTranslate2's format, made once."""
    folder = task.folder / f"ctranslate2-{kind}"
    if folder.exists():
        return folder
    config, weights = task.config, np.load(task.folder / "weights.npz")
    spec = TransformerSpec.from_config(
        (config["encoder_layers"], config["decoder_layers"]),
        config["heads"],
        pre_norm=config["norm_placement"] == "pre",
        activation={"relu": common_spec.Activation.RELU, "silu": common_spec.Activation.SWISH}[config["activation"]],
    )
    for side, scope in (("encoder", spec.encoder), ("decoder", spec.decoder)):
        embeddings = scope.embeddings[0] if isinstance(scope.embeddings, list) else scope.embeddings
        embeddings.weight = weights["embedding"]
        scope.scale_embeddings = True
        scope.position_encodings.encodings = weights["positions"]
        for number in range(config[f"{side}_layers"]):
            set_layer(scope.layer[number], weights, f"{side}.layers.{number}.")
        if config["norm_placement"] == "pre":
            set_norm(scope.layer_norm, weights, f"{side}.normalization")
    spec.decoder.projection.weight = weights["embedding"].copy()
    if config["output_bias"]:
        spec.decoder.projection.bias = weights["output.bias"]
    names = vocabulary(task)
    spec.register_source_vocabulary(names)
    spec.register_target_vocabulary(names)
    spec.config.add_source_eos = spec.config.add_source_bos = False
    spec.config.bos_token = spec.config.decoder_start_token = "<s>"
    spec.config.eos_token, spec.config.unk_token = "</s>", "<unk>"
    spec.validate()
    if kind != "fp32":
        spec.optimize(quantization=kind)
    folder.mkdir()
    spec.save(str(folder))
    write_vocabulary_map(task, names, folder / "vmap.txt")
    return folder


def write_vocabulary_map(task: TranslationTask, names: list[str], path: Path) -> None:
    """The task's shortlist, if it has one, as lines of a source piece, a tab and targets; no source is every one."""
    if not task.shortlist.exists():
        return
    lists = np.load(task.shortlist)
    targets = np.split(lists["targets"], lists["offsets"][1:-1])
    lines = [("", lists["always"]), *zip(names, targets, strict=True)]
    path.write_text("".join(f"{name}\t{' '.join(names[piece] for piece in each)}\n" for name, each in lines))


def set_layer(scope: Any, weights: Any, prefix: str) -> None:
    def linear(target: Any, *names: str) -> None:
        target.weight = np.concatenate([weights[f"{prefix}{name}.weight"] for name in names])
        target.bias = np.concatenate([weights[f"{prefix}{name}.bias"] for name in names])

    own = scope.self_attention
    linear(own.linear[0], *(f"self_attention.{name}" for name in ("query", "key", "value")))
    linear(own.linear[1], "self_attention.output")
    set_norm(own.layer_norm, weights, f"{prefix}self_attention_residual.normalization")
    if f"{prefix}cross_attention.query.weight" in weights:
        cross = scope.attention
        linear(cross.linear[0], "cross_attention.query")
        linear(cross.linear[1], "cross_attention.key", "cross_attention.value")
        linear(cross.linear[2], "cross_attention.output")
        set_norm(cross.layer_norm, weights, f"{prefix}cross_attention_residual.normalization")
    linear(scope.ffn.linear_0, "feed_forward.inner")
    linear(scope.ffn.linear_1, "feed_forward.outer")
    set_norm(scope.ffn.layer_norm, weights, f"{prefix}feed_forward_residual.normalization")


def set_norm(target: Any, weights: Any, name: str) -> None:
    target.gamma, target.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


if __name__ == "__main__":
    main()

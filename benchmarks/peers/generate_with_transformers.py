"""Hugging Face transformers on our weights: `generate_with_transformers.py FOLDER PROMPTS fp32|bf16`.

GPT-2, or the folder that `clearhead export` wrote, where the task has one.
"""

from typing import Any

import torch
from generating_task import GeneratingTask, Ids, measure
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel


def main() -> None:
    task = GeneratingTask()
    exported = task.folder / "huggingface"
    model: Any = AutoModelForCausalLM.from_pretrained(exported) if exported.exists() else converted(task)
    model = model.eval().to({"fp32": torch.float32, "bf16": torch.bfloat16}[task.precision])

    def way(threads: int) -> object:
        def generate(prompts: Ids, new_tokens: int) -> Ids:
            torch.set_num_threads(threads)
            ids = torch.tensor(prompts)
            with torch.inference_mode():
                found = model.generate(
                    ids, attention_mask=torch.ones_like(ids), do_sample=False, use_cache=True,
                    min_new_tokens=new_tokens, max_new_tokens=new_tokens, pad_token_id=task.end,
                )  # fmt: skip
            return [row[ids.shape[1] :].tolist() for row in found]

        return generate

    measure(task, [way(2)] if len(task.prompts) > 1 else [way(1), way(2)])


def converted(task: GeneratingTask) -> GPT2LMHeadModel:
    """GPT-2 with the task's weights; its layers hold theirs with inputs first."""
    config, weights = task.config, {name: torch.from_numpy(value) for name, value in task.weights.items()}
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config["vocabulary"],
            n_positions=config["max_length"],
            n_embd=config["width"],
            n_layer=config["layers"],
            n_head=config["heads"],
            n_inner=config["inner_width"],
            activation_function="gelu_new",
            bos_token_id=task.end,
            eos_token_id=task.end,
        )
    ).eval()
    found = {
        "transformer.wte.weight": weights["embedding.matrix.weight"],
        "transformer.wpe.weight": weights["embedding.positions.table"],
        "lm_head.weight": weights["embedding.matrix.weight"],
    }
    norms = {"ln_1": "self_attention_residual", "ln_2": "feed_forward_residual"}
    linears = {
        "attn.c_attn": [f"self_attention.{name}" for name in ("query", "key", "value")],
        "attn.c_proj": ["self_attention.output"],
        "mlp.c_fc": ["feed_forward.inner"],
        "mlp.c_proj": ["feed_forward.outer"],
    }
    for kind in ("weight", "bias"):
        found[f"transformer.ln_f.{kind}"] = weights[f"decoder.normalization.{kind}"]
        for number in range(config["layers"]):
            theirs, ours = f"transformer.h.{number}.", f"decoder.layers.{number}."
            for name, norm in norms.items():
                found[f"{theirs}{name}.{kind}"] = weights[f"{ours}{norm}.normalization.{kind}"]
            for name, parts in linears.items():
                joined = torch.cat([weights[f"{ours}{part}.{kind}"] for part in parts])
                found[f"{theirs}{name}.{kind}"] = joined.mT if kind == "weight" else joined
    model.load_state_dict(found)
    return model


if __name__ == "__main__":
    main()

"""What lies beside the bundle of a run with adapters."""

import json
from pathlib import Path

from safetensors.torch import load_file

from clearhead.training import train
from clearhead.training.run_inputs import prepare_run
from clearhead.training.storing_adapters import store_adapter

from .test_using import folder, recipe

__all__ = ["folder"]


def test_what_learned_is_stored_by_the_names_of_the_class(folder: Path, tmp_path: Path) -> None:
    """Qwen2's, as the model says where it came from; new tokens' rows, and the tokenizer that has them."""
    lora = {"rank": 2, "alpha": 4, "targets": ["gate"]}
    asked = recipe(folder, model={"from": str(folder / "foreign"), "lora": lora}, text={"tokens": ["쉬어요"]})
    inputs = prepare_run(asked)
    assert asked.model.lora is not None
    model = inputs.untrained_model()
    store_adapter(tmp_path / "adapter", model, asked.model.lora, inputs)
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert settings["target_modules"] == ["model.layers.0.mlp.up_proj"]
    assert (settings["r"], settings["lora_alpha"], settings["trainable_token_indices"]) == (2, 4, [259])
    assert settings["base_model_name_or_path"] == "foreign"
    tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    prefix = "base_model.model.model."
    assert {name: tuple(one.shape) for name, one in tensors.items()} == {
        f"{prefix}layers.0.mlp.up_proj.lora_A.weight": (2, 32),
        f"{prefix}layers.0.mlp.up_proj.lora_B.weight": (64, 2),
        f"{prefix}embed_tokens.token_adapter.trainable_tokens_delta": (1, 32),
    }
    written = json.loads((tmp_path / "adapter" / "tokenizer.json").read_text(encoding="utf-8"))
    assert written["added_tokens"][-1]["content"] == "쉬어요"


def test_without_new_tokens_there_are_no_rows(folder: Path, tmp_path: Path) -> None:
    few = {"steps": 1, "validate_every": 1, "checkpoint_every": 1}
    asked = recipe(folder, training=few, model={"from": str(folder / "foreign"), "lora": {"rank": 2, "alpha": 4}})
    train(asked, tmp_path / "run")
    settings = json.loads((tmp_path / "run" / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert settings["trainable_token_indices"] is None
    assert not (tmp_path / "run" / "adapter" / "tokenizer.json").exists()

"""A folder of Hugging Face's: what a model of ours is there, by the tables that an import reads."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from safetensors.numpy import save_file

from clearhead.errors import InteropError
from clearhead.interop import bart
from clearhead.interop.classes import CLASSES, full_name
from clearhead.interop.counterparts import Counterpart, counterpart
from clearhead.interop.equivalent import Weighted
from clearhead.interop.foreign import Foreign, ForeignSettings, Numbers, Plan
from clearhead.interop.token_files import TARGET_TOKENIZER, TokenFiles, token_files
from clearhead.interop.using import generation_of
from clearhead.model.config import EncoderOnlyConfig, FamilyConfig, TransformerConfig
from clearhead.model.shapes import parameter_shapes

if TYPE_CHECKING:
    from clearhead.bundle import Bundle

_OF_POOLERS: Final = ("pooling", "pooler_activation")
# What tells how a model is trained, and changes nothing of what it computes.
_TRAINING: Final = {"dropout", "attention_dropout", "activation_dropout", "initialization", "position_shift"}


def write_folder(bundle: "Bundle", model: Weighted, folder: Path, numbers: str) -> tuple[str, tuple[str, ...]]:
    """Write config.json, model.safetensors, the tokenizer and how it is used; the class, and what was changed for it.

    numbers: float32, which is all there is. Raises InteropError in one line where no class of transformers computes
    the same.
    """
    found = counterpart(model)
    save_file(tensors_of(found), folder / "model.safetensors", {"format": "pt"})
    return found.architecture, (*found.notes, *write_beside(bundle, found, folder, {}))


def write_beside(bundle: "Bundle", found: Counterpart, folder: Path, changes: Mapping[str, Any]) -> tuple[str, ...]:
    """Write all but the weights: config.json, the tokenizer and how both are used; what of ours has no setting there.

    changes: values of config.json that are otherwise than the class has them.
    """
    tokens = token_files(bundle)
    values = {**found.values, **_ids(bundle), **_labels(bundle)}
    config = {"model_type": found.kind, "architectures": [found.architecture], "dtype": "float32", **values}
    generation, notes = generation_of(bundle)
    _write(folder / "config.json", {**config, **changes})
    if generation:
        _write(folder / "generation_config.json", generation)
    write_tokens(tokens, folder)
    if found.architecture == "BertModel":
        _write_pooling(bundle, folder)
    return notes


def tensors_of(found: Counterpart) -> dict[str, Numbers]:
    """The tensors of its file, by their whole names: what the import's table says, read backwards."""
    known = CLASSES[found.kind]
    shapes = {theirs: found.model.weights[ours].shape for theirs, ours in found.asked.items()}
    settings = ForeignSettings({"model_type": found.kind, **found.values}, "the model")
    plan = known.plan(Foreign(settings, shapes, lambda name: found.model.weights[found.asked[name]]))
    _require_same(plan.config, found.model.config)
    made = _given(plan, found.model)
    for theirs, ours in found.asked.items():
        # One of ours that stands there twice.
        made.setdefault(theirs, found.model.weights[ours])
    if known.prefix == bart.PREFIX and isinstance(found.model.config, TransformerConfig):
        made.setdefault("final_logits_bias", np.zeros((1, found.model.config.target_vocabulary), np.float32))
    prefix = "" if found.architecture == "BertModel" else known.prefix
    named = {full_name(prefix, name): one for name, one in made.items()}
    return {name: np.ascontiguousarray(one, np.float32) for name, one in named.items()}


def _given(plan: Plan, model: Weighted) -> dict[str, Numbers]:
    """Their tensors of our weights: several of ours may lie side by side in one."""
    parts: dict[str, list[Numbers]] = {}
    for name in parameter_shapes(model.config):
        source = plan.names[name]
        parts.setdefault(source.name, []).append(source.back(model.weights[name]))
    return {name: one[0] if len(one) == 1 else np.concatenate(one, axis=-1) for name, one in parts.items()}


def _require_same(read: FamilyConfig, own: FamilyConfig) -> None:
    """What is written must be read as the model that it is."""
    for name in (one.name for one in dataclasses.fields(own) if one.name not in _TRAINING):
        value, wanted = (getattr(one.block if hasattr(one.block, name) else one, name) for one in (read, own))
        is_endless = name == "max_length" and own.positions == "relative"
        is_unused = name in _OF_POOLERS and isinstance(own, EncoderOnlyConfig) and not own.pooler
        if value != wanted and not (is_endless or is_unused):
            raise InteropError(
                f"{name}={wanted} would be read as {value} by whoever opens the folder; such a model cannot be "
                "exported so"
            )


def _ids(bundle: "Bundle") -> dict[str, Any]:
    """Padding, begin and end; for an encoder-decoder also what a target begins with, and nothing that is forced."""
    target = bundle.target_tokenizer
    found: dict[str, Any] = {
        "pad_token_id": target.padding, "bos_token_id": target.begin, "eos_token_id": target.end,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }  # fmt: skip
    if isinstance(bundle.config, TransformerConfig):
        tasks = {"summarisation": "summarization", "translation": "translation"}
        found |= {
            "decoder_start_token_id": target.begin, "forced_eos_token_id": None, "is_encoder_decoder": True,
            "task_specific_params": {tasks[bundle.task]: {}},
        }  # fmt: skip
    return found


def _labels(bundle: "Bundle") -> dict[str, Any]:
    labels = bundle.settings.labels
    named = {str(number): label for number, label in enumerate(labels)}
    return {"id2label": named, "label2id": {label: int(number) for number, label in named.items()}} if labels else {}


def write_tokens(tokens: TokenFiles, folder: Path) -> None:
    """The tokenizer of sources, that of targets where it is another, and what its special tokens are called."""
    (folder / "tokenizer.json").write_text(tokens.document, encoding="utf-8", newline="\n")
    if tokens.target_document is not None:
        (folder / TARGET_TOKENIZER).write_text(tokens.target_document, encoding="utf-8", newline="\n")
    # The template of conversations stands in both: transformers.js, and transformers of old, read the first alone.
    template = {} if tokens.template is None else {"chat_template": tokens.template}
    _write(folder / "tokenizer_config.json", {**tokens.settings, **template})
    if tokens.template is not None:
        (folder / "chat_template.jinja").write_text(tokens.template, encoding="utf-8", newline="\n")


def _write_pooling(bundle: "Bundle", folder: Path) -> None:
    """What a text's vector is made of, as sentence-transformers reads it: tokens', and of length 1."""
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(kinds.items())
    ]
    (folder / "modules.json").write_text(json.dumps(modules, indent=2) + "\n", encoding="utf-8")
    (folder / "1_Pooling").mkdir()
    is_mean = bundle.settings.pooling == "mean"
    modes = {"pooling_mode_mean_tokens": is_mean, "pooling_mode_cls_token": not is_mean}
    _write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": bundle.config.width, **modes})


def _write(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

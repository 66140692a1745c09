"""What an import begins with, wherever it lies: settings, tensors by the names of their class, and a tokenizer.json."""

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from clearhead.errors import InteropError
from clearhead.interop.classes import class_named
from clearhead.interop.foreign import Numbers, read_json
from clearhead.interop.gguf_model import gguf_model
from clearhead.interop.pair_tokens import documents_of
from clearhead.interop.tensors import open_tensors
from clearhead.interop.tokens import special_tokens

# How names begin that one class alone has.
_TELLING: Final = {
    "bert": r"bert\.", "roberta": r"roberta\.", "distilbert": r"distilbert\.|transformer\.layer\.0\.attention\.q_lin\.",
    "electra": r"electra\.", "gpt2": r"(transformer\.)?h\.0\.attn\.c_attn\.",
}  # fmt: skip
_BARE: Final = {"encoder.layer.0.attention.self.query.weight", "pooler.dense.weight"}


@dataclass(frozen=True)
class Parts:
    """values: of a config.json. document: a tokenizer.json. special: the names of special tokens.

    template: how a conversation is written, in Jinja; None where nobody says. generation: of a generation_config.json.
    pooling: what a sentence encoder makes a text's vector of; None for another model. target_document: another
    tokenizer.json, where an encoder-decoder has one for its targets.
    """

    name: str
    place: str
    values: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]
    reads: Callable[[str], Numbers] = field(repr=False)
    document: str = field(repr=False)
    special: Mapping[str, str]
    template: str | None = None
    generation: Mapping[str, Any] = field(default_factory=dict)
    pooling: str | None = None
    target_document: str = field(default="", repr=False)


def open_parts(place: Path) -> Parts:
    """Of a folder of Hugging Face's, of a GGUF file, or of a folder that holds one. Raises InteropError."""
    if _is_ours(place):
        raise InteropError(f"{place} is a model of clearhead's already; use it as it is, without an import")
    if place.is_dir() and (place / "config.json").is_file():
        return _of_folder(place)
    if place.is_file() and place.suffix != ".gguf":
        raise InteropError(f"{place} is one file of a model; give its folder, or a .gguf file")
    tensors = open_tensors(place)
    if not tensors.metadata:
        raise InteropError(f"{place} has weights and no config.json; copy the model's folder whole")
    found = gguf_model(tensors, str(place))
    return Parts(
        place.stem, str(place), found.values, found.shapes, found.reads, found.document, found.special, found.template
    )


def _is_ours(place: Path) -> bool:
    """Whether it is a bundle of ours, or a run that holds one."""
    configs = [one / "config.json" for one in (place, place / "bundle") if (one / "config.json").is_file()]
    with contextlib.suppress(InteropError):
        return bool(configs) and {"format", "family"} <= read_json(configs[0]).keys()
    return False


def _of_folder(folder: Path) -> Parts:
    tensors = open_tensors(folder)
    values = {"model_type": _inferred(tensors.shapes), **read_json(folder / "config.json")}
    kind = class_named(values["model_type"], str(folder / "config.json")).tokens
    generation = folder / "generation_config.json"
    document, target_document = documents_of(folder, kind)
    return Parts(
        folder.resolve().name, str(folder / "config.json"), values, tensors.shapes, tensors.read,
        document, special_tokens(folder, kind), _template(folder),
        read_json(generation) if generation.is_file() else {}, _pooling(folder), target_document,
    )  # fmt: skip


def _inferred(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """The class of a folder of before 2020, whose config.json does not say it: its tensors' names do.

    A BERT and a RoBERTa that were saved without their heads have the same names; a BERT's has two kinds of tokens.
    """
    found = {kind for kind, names in _TELLING.items() if any(map(re.compile(names).match, shapes))}
    has_two = shapes.get("embeddings.token_type_embeddings.weight", ())[:1] == (2,)
    if not found and has_two and shapes.keys() >= _BARE:
        return "bert"
    return found.pop() if len(found) == 1 else None


def _template(folder: Path) -> str | None:
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    path = folder / "tokenizer_config.json"
    found = read_json(path).get("chat_template") if path.is_file() else None
    if isinstance(found, list):  # Several by their names.
        found = next((one.get("template") for one in found if one.get("name") == "default"), None)
    return found if isinstance(found, str) else None


def _pooling(folder: Path) -> str | None:
    """Of a folder of sentence-transformers: modules.json says what follows the model. What we lack is refused."""
    path = folder / "modules.json"
    if not path.is_file():
        return None
    modules = json.loads(path.read_text(encoding="utf-8"))
    kinds = {str(one["type"]).rpartition(".")[2]: str(one["path"]) for one in modules}
    if unknown := sorted(kinds.keys() - {"Transformer", "Pooling", "Normalize"}):
        raise InteropError(f"{path} has a module {unknown[0]}, which clearhead has not; expected Pooling and Normalize")
    asked = read_json(folder / kinds["Pooling"] / "config.json") if "Pooling" in kinds else {}
    modes = [name for name, value in asked.items() if name.startswith("pooling_mode_") and value is True]
    named = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first"}
    if len(modes) != 1 or modes[0] not in named:
        said = ", ".join(f"{one}=True" for one in modes) or "no pooling_mode_…=True"
        raise InteropError(f"{folder} asks for {said}, which clearhead has not; expected one of {', '.join(named)}")
    return named[modes[0]]

"""LoRA adapters as files of the package `peft`, by the names of the class whose layers they are for."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import save_file

from clearhead.files import publish_folder
from clearhead.interop.adapter_files import INDICES, PREFIX, ROWS, SETTINGS, TOKENIZER, WEIGHTS, Pair
from clearhead.interop.classes import HEADS, full_name
from clearhead.interop.foreign import Numbers
from clearhead.interop.layer_names import TURNED, Names, class_names
from clearhead.model.config import FamilyConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.tensor_file import os_errors

_TASKS: Final = {
    "language-modelling": "CAUSAL_LM", "chat": "CAUSAL_LM", "translation": "SEQ_2_SEQ_LM",
    "summarisation": "SEQ_2_SEQ_LM", "classification": "SEQ_CLS",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Learned:
    """What was learned beside a model. pairs: by our layers' names, each W + alpha / rank · B·A.

    whole: weights that learned beside them, a head's, by our names. task: what it was learned for. base: how the
    model is called. origin: the class that it was imported from, where it was.
    ids: of the new tokens. rows: what they have in each table, (ids, width), by our names. tokens: the tokenizer.json.
    """

    pairs: Mapping[str, Pair]
    alpha: float
    whole: Mapping[str, Numbers]
    task: str
    base: str
    origin: str = ""
    ids: Sequence[int] = ()
    rows: Mapping[str, Numbers] = dataclasses.field(default_factory=dict)
    tokens: str | None = None


def write_adapter(folder: Path, config: FamilyConfig, learned: Learned) -> None:
    """Write an adapter's folder, by the names of `class_names`; by ours where there is no such class.

    A head that no class has stands by our names beside layers that have theirs: PEFT then takes the layers alone.
    Where tokens are new, a tokenizer.json lies beside it, and PEFT wants its model to have as many rows first
    (`resize_token_embeddings`).
    """
    names = class_names(config, learned.origin)
    products = _padded(_products(config, learned.pairs, names))
    tensors = {f"{module}.lora_{side}.weight": one for module, pair in products.items() for side, one in _sides(pair)}
    tables = {_theirs(names, name).removesuffix(".weight"): one for name, one in learned.rows.items()}
    tensors |= {f"{module}.{ROWS}": one for module, one in tables.items()}
    whole = {_theirs(names, name): one for name, one in learned.whole.items()}
    has_its_head = names is None or all(name in names.ours for name in learned.whole)
    heads = sorted({_module(name) for name in whole}) if has_its_head else []
    rank = len(next(iter(products.values())).down)
    # What is joined or padded has a greater rank, and the same factor.
    factor = rank / len(next(iter(learned.pairs.values())).down)
    settings = {
        "peft_type": "LORA", "task_type": _TASKS.get(learned.task) if has_its_head else None,
        "base_model_name_or_path": learned.base, "r": rank, "lora_alpha": learned.alpha * factor, "lora_dropout": 0.0,
        "bias": "none", "target_modules": sorted(products), "modules_to_save": heads or None,
        "fan_in_fan_out": names is not None and names.kind in TURNED,
        "use_rslora": False, "use_dora": False, "init_lora_weights": True, "inference_mode": True,
        INDICES: _indices(learned.ids, tables),
    }  # fmt: skip
    named = {f"{PREFIX}{name}": np.ascontiguousarray(one, np.float32) for name, one in {**tensors, **whole}.items()}
    with publish_folder(folder) as draft, os_errors(draft):
        save_file(named, draft / WEIGHTS)
        (draft / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        if tables and learned.tokens is not None:
            (draft / TOKENIZER).write_text(learned.tokens, encoding="utf-8", newline="\n")


def _indices(ids: Sequence[int], tables: Mapping[str, Numbers]) -> Any:
    """As PEFT has them: of the one table that a text is read by, and that is the output's too, the ids alone."""
    if not tables:
        return None
    return list(ids) if len(tables) == 1 else {module: list(ids) for module in tables}


def _theirs(names: Names | None, ours: str) -> str:
    return ours if names is None or ours not in names.ours else full_name(names.prefix, names.ours[ours].name)


def _module(name: str) -> str:
    """What holds a weight that is saved whole: of a head all of it, as PEFT takes it."""
    return name.partition(".")[0] if name.startswith(HEADS) else name.rpartition(".")[0]


def _sides(pair: Pair) -> Iterator[tuple[str, Numbers]]:
    return zip("AB", pair, strict=True)


def _products(config: FamilyConfig, pairs: Mapping[str, Pair], names: Names | None) -> dict[str, Pair]:
    """By their modules. What lies side by side in one, as GPT-2's queries, keys and values, has one product."""
    members: dict[str, list[str]] = {}
    for ours in names.ours if names is not None else ():
        if ours.endswith(".weight"):
            members.setdefault(_theirs(names, ours), []).append(ours.removesuffix(".weight"))
    found: dict[str, Pair] = {}
    for name in pairs:
        theirs = _theirs(names, f"{name}.weight")
        found[theirs.removesuffix(".weight")] = _joined(config, pairs, members.get(theirs, [name]))
    return found


def _joined(config: FamilyConfig, pairs: Mapping[str, Pair], members: list[str]) -> Pair:
    """One product for layers whose outputs lie side by side: B has a block for each, and its rank is the sum."""
    if len(members) == 1:
        return pairs[members[0]]
    shapes = parameter_shapes(config)
    sizes = [shapes[f"{name}.weight"][0] for name in members]
    own = [(first, pairs[name]) for first, name in zip(np.cumsum([0, *sizes]), members, strict=False) if name in pairs]
    down = np.concatenate([pair.down for _, pair in own])
    up, column = np.zeros((sum(sizes), len(down)), np.float32), 0
    for first, pair in own:
        rows, rank = pair.up.shape
        up[first : first + rows, column : column + rank] = pair.up
        column += rank
    return Pair(down, up)


def _padded(products: Mapping[str, Pair]) -> dict[str, Pair]:
    """All of one rank: r is one number for all of them."""
    most = max(len(pair.down) for pair in products.values())
    return {
        name: Pair(
            np.pad(pair.down, ((0, most - len(pair.down)), (0, 0))),
            np.pad(pair.up, ((0, 0), (0, most - len(pair.down)))),
        )
        for name, pair in products.items()
    }

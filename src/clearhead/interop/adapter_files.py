"""An adapter's folder as the package `peft` writes it: its settings, and its tensors by the modules they are for."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from clearhead.errors import InteropError
from clearhead.interop.foreign import ForeignSettings, Numbers, read_json
from clearhead.interop.places import Tensors
from clearhead.interop.tensors import open_tensors

SETTINGS: Final = "adapter_config.json"
WEIGHTS: Final = "adapter_model.safetensors"
TOKENIZER: Final = "tokenizer.json"
PREFIX: Final = "base_model.model."
# Which rows of which tables learned, and what holds these rows.
INDICES: Final = "trainable_token_indices"
ROWS: Final = "token_adapter.trainable_tokens_delta"
_OLDER_WEIGHTS: Final = "adapter_model.bin"
_PAIR: Final = re.compile(r"(.+)\.lora_([AB])\.weight")
# What changes the product, and must be off.
_REFUSED: Final[Mapping[str, tuple[Any, ...]]] = {
    "peft_type": ("LORA",), "use_dora": (False, None), "bias": ("none", None), "lora_bias": (False, None),
    "rank_pattern": ({}, None), "alpha_pattern": ({}, None), "layer_replication": (None,),
    "alora_invocation_tokens": (None,), "megatron_config": (None,), "target_parameters": (None,),
}  # fmt: skip


class Pair(NamedTuple):
    """down: A, (rank, inputs). up: B, (outputs, rank)."""

    down: Numbers
    up: Numbers


class Rows(NamedTuple):
    """Rows of a table that learned. ids: of which tokens. numbers: what they are now, (ids, width)."""

    ids: tuple[int, ...]
    numbers: Numbers


class AdapterFiles(NamedTuple):
    """scale: of each product. pairs, rows: by their modules' names. whole: weights by their own."""

    folder: Path
    settings: ForeignSettings
    rank: int
    scale: float
    pairs: Mapping[str, Pair]
    whole: Mapping[str, Numbers]
    rows: Mapping[str, Rows]


def read_adapter(folder: Path) -> AdapterFiles:
    """Raises InteropError in one line for what clearhead has not, by its key, and for a tensor that is missing."""
    values = read_json(folder / SETTINGS)
    settings = ForeignSettings(values, str(folder / SETTINGS))
    for key, allowed in _REFUSED.items():
        if (value := values.get(key, allowed[-1])) not in allowed:
            raise settings.refused(key, value, " or ".join(map(repr, allowed)))
    rank = settings.whole("r")
    root = settings.flag("use_rslora", False)
    scale = settings.number("lora_alpha", 8) / (rank**0.5 if root else rank)
    pairs, whole, rows = _tensors(folder)
    for name, pair in pairs.items():
        if pair.down.shape[0] != rank or pair.up.shape[1:] != (rank,):
            raise InteropError(f"{folder}: {name} has no product of rank {rank}, as its r says; get it again")
    return AdapterFiles(folder, settings, rank, scale, pairs, whole, _with_ids(settings, rows))


def _tensors(folder: Path) -> tuple[dict[str, Pair], dict[str, Numbers], dict[str, Numbers]]:
    """Products and rows of tokens by their modules' names, and weights that stand whole by their own."""
    path = next((folder / name for name in (WEIGHTS, _OLDER_WEIGHTS) if (folder / name).is_file()), None)
    if path is None:
        raise InteropError(f"{folder} has no {WEIGHTS} and no {_OLDER_WEIGHTS}; get the adapter again")
    tensors: Tensors = open_tensors(path)
    sides: dict[str, dict[str, Numbers]] = {}
    whole: dict[str, Numbers] = {}
    rows: dict[str, Numbers] = {}
    for name in tensors.shapes:
        own = name.removeprefix(PREFIX)
        if found := _PAIR.fullmatch(own):
            sides.setdefault(found[1], {})[found[2]] = tensors.read(name)
        elif own.endswith(f".{ROWS}"):
            rows[own.removesuffix(f".{ROWS}")] = tensors.read(name)
        elif ".lora_" in own or not own.endswith((".weight", ".bias")):
            raise InteropError(f"{path}: the weights have {name[:120]}, which clearhead has no place for")
        else:
            whole[own] = tensors.read(name)
    for name, found_sides in sides.items():
        for side in "AB":
            if side not in found_sides or found_sides[side].ndim != 2:
                raise InteropError(f"{path}: {name[:120]} has no matrix lora_{side}; get the adapter again")
    return {name: Pair(found["A"], found["B"]) for name, found in sides.items()}, whole, rows


def _with_ids(settings: ForeignSettings, rows: Mapping[str, Numbers]) -> dict[str, Rows]:
    """Of which token each row is: a list for every table, or one for each by the end of its module's name."""
    value = settings.values.get(INDICES)
    if value is not None and not isinstance(value, list | dict):
        raise settings.refused(INDICES, value, "a list of ids, or one for each module")
    if bool(value) != bool(rows):
        what = "no rows of tokens" if value else f"{next(iter(rows))}.{ROWS}"
        raise InteropError(f"{settings.place} has {INDICES}={value!r:.60}, but the weights have {what}; get it again")
    found = {}
    for module, numbers in rows.items():
        ids = value if isinstance(value, list) else _of_module(settings, value or {}, module)
        is_list = isinstance(ids, list) and all(type(one) is int and one >= 0 for one in ids)
        if not is_list or len(set(ids)) != len(ids) or numbers.shape[:1] != (len(ids),) or numbers.ndim != 2:
            raise settings.refused(INDICES, value, f"{len(np.atleast_1d(numbers))} ids for {module[:60]}, each once")
        found[module] = Rows(tuple(ids), numbers)
    return found


def _of_module(settings: ForeignSettings, value: Mapping[str, Any], module: str) -> Any:
    """The longest name that a module's ends with: as PEFT looks for it."""
    if not (fitting := [name for name in value if module.endswith(name)]):
        raise settings.refused(INDICES, value, f"ids for {module[:60]}, of which the weights have rows")
    return value[max(fitting, key=len)]

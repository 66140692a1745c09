"""LoRA adapters in the files of the package `peft`: read onto a bundle of their model, and written. Nothing is run."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from safetensors.numpy import save_file

from clearhead.bundle import load
from clearhead.errors import InteropError
from clearhead.files import publish_folder
from clearhead.interop.foreign import ForeignSettings, Numbers, Source, read_json
from clearhead.interop.layer_names import class_names, names_of
from clearhead.interop.places import Tensors
from clearhead.interop.tensors import open_tensors
from clearhead.model.config import FamilyConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.tensor_file import os_errors

SETTINGS: Final = "adapter_config.json"
_WEIGHTS: Final = ("adapter_model.safetensors", "adapter_model.bin")
_PREFIX: Final = "base_model.model."
_PAIR: Final = re.compile(r"(.+)\.lora_([AB])\.weight")
# What changes the product, and must be off.
_REFUSED: Final[Mapping[str, tuple[Any, ...]]] = {
    "peft_type": ("LORA",), "use_dora": (False, None), "bias": ("none", None), "lora_bias": (False, None),
    "rank_pattern": ({}, None), "alpha_pattern": ({}, None), "layer_replication": (None,),
    "alora_invocation_tokens": (None,), "trainable_token_indices": (None,), "megatron_config": (None,),
    "target_parameters": (None,),
}  # fmt: skip
_TASKS: Final = {
    "language-modelling": "CAUSAL_LM", "chat": "CAUSAL_LM", "translation": "SEQ_2_SEQ_LM",
    "summarisation": "SEQ_2_SEQ_LM", "classification": "SEQ_CLS",
}  # fmt: skip


class Pair(NamedTuple):
    """down: A, (rank, inputs). up: B, (outputs, rank)."""

    down: Numbers
    up: Numbers


@dataclasses.dataclass(frozen=True)
class AdapterReport:
    """What was done: kind is the class whose names the adapter has; layers got a product, and whole are replaced."""

    kind: str
    rank: int
    scale: float
    layers: int
    whole: tuple[str, ...]

    def __str__(self) -> str:
        whole = ", ".join(self.whole) or "none"
        return (
            f"LoRA of rank {self.rank}, by the names of {self.kind}: {self.layers} weights are W + {self.scale:g}·B·A\n"
            f"weights that it brings whole: {whole}"
        )


def is_adapter(place: Path) -> bool:
    """Whether a folder is one of an adapter, which is no model alone."""
    return (place / SETTINGS).is_file()


def import_adapter(place: str | Path, base: str | Path, out: str | Path) -> AdapterReport:
    """Write a bundle of the model `base` with the adapter in the folder `place` merged into it, to the folder `out`.

    Raises InteropError in one line for what clearhead has not, and for a tensor that is missing or fits no layer.
    """
    folder = Path(place)
    values = read_json(folder / SETTINGS)
    settings = ForeignSettings(values, str(folder / SETTINGS))
    for key, allowed in _REFUSED.items():
        if (value := values.get(key, allowed[-1])) not in allowed:
            raise settings.refused(key, value, " or ".join(map(repr, allowed)))
    pairs, whole = _read(folder)
    rank = settings.whole("r")
    root = settings.flag("use_rslora", False)
    scale = settings.number("lora_alpha", 8) / (rank**0.5 if root else rank)
    bundle = load(base)
    kind, places = _placed(bundle.config, {*whole, *(f"{name}.weight" for name in pairs)}, folder)
    parameters, changed = dict(bundle.model.named_parameters()), 0
    is_turned = settings.flag("fan_in_fan_out", False)
    for name, pair in pairs.items():
        if pair.down.shape[0] != rank or pair.up.shape[1:] != (rank,):
            raise InteropError(f"{folder}: {name} has no product of rank {rank}, as its r says; get it again")
        product = np.float32(scale) * (pair.up @ pair.down)
        for ours, source in places[f"{name}.weight"]:
            _change(folder, name, parameters[ours], source.change(product.T if is_turned else product), grows=True)
            changed += 1
    for name, numbers in whole.items():
        for ours, source in places[name]:
            _change(folder, name, parameters[ours], source.change(numbers), grows=False)
    report = AdapterReport(kind, rank, scale, changed, tuple(whole))
    bundle.save(out, f"# {Path(out).name}\n\nAn adapter was merged into a model by clearhead.\n\n{report}\n")
    return report


def _read(folder: Path) -> tuple[dict[str, Pair], dict[str, Numbers]]:
    """The products by their modules' names, and weights that stand whole by their own."""
    path = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if path is None:
        raise InteropError(f"{folder} has no {' and no '.join(_WEIGHTS)}; get the adapter again")
    tensors: Tensors = open_tensors(path)
    sides: dict[str, dict[str, Numbers]] = {}
    whole: dict[str, Numbers] = {}
    for name in tensors.shapes:
        own = name.removeprefix(_PREFIX)
        if found := _PAIR.fullmatch(own):
            sides.setdefault(found[1], {})[found[2]] = tensors.read(name)
        elif ".lora_" in own or not own.endswith((".weight", ".bias")):
            raise InteropError(f"{path}: the weights have {name[:120]}, which clearhead has no place for")
        else:
            whole[own] = tensors.read(name)
    for name, found_sides in sides.items():
        for side in "AB":
            if side not in found_sides or found_sides[side].ndim != 2:
                raise InteropError(f"{path}: {name[:120]} has no matrix lora_{side}; get the adapter again")
    return {name: Pair(found["A"], found["B"]) for name, found in sides.items()}, whole


# By a tensor's name in the adapter: which parameters of ours are made of it, and how.
_Places = dict[str, list[tuple[str, Source]]]


def _placed(config: FamilyConfig, wanted: set[str], folder: Path) -> tuple[str, _Places]:
    """The way of calling our parameters in which each name stands for one, and the parameters by name."""
    missing = {}
    for kind, places in _naming(config):
        if not (absent := wanted - places.keys()):
            return kind, places
        missing[kind] = absent
    nearest = min(missing.values(), key=len)
    raise InteropError(
        f"{folder}: the adapter has {min(nearest)[:120]}, and a model such as --base has no weight of that name in any "
        f"class ({', '.join(missing)}); name the model that it was trained for"
    )


def _naming(config: FamilyConfig) -> Iterator[tuple[str, _Places]]:
    """The ways in which a model's parameters may be called, our own first."""
    shapes = parameter_shapes(config)
    yield "clearhead", {name: [(name, Source(name))] for name in shapes}
    for names in names_of(config):
        places: _Places = {}
        for ours, source in names.ours.items():
            if ours in shapes:
                for prefix in ("", names.prefix):
                    found = places.setdefault(prefix + source.name, [])
                    found += [] if any(one == ours for one, _ in found) else [(ours, source)]
        yield names.kind, places


@torch.no_grad()
def _change(folder: Path, name: str, parameter: Any, numbers: Numbers, grows: bool) -> None:
    """Add to a parameter, or replace it."""
    if numbers.shape != tuple(parameter.shape):
        raise InteropError(
            f"{folder}: {name} makes a matrix of shape {numbers.shape}, but the model has {tuple(parameter.shape)} "
            "there; name the model that it was trained for"
        )
    given = torch.from_numpy(np.ascontiguousarray(numbers, np.float32)).to(parameter.device)
    parameter.copy_(parameter + given if grows else given)


def write_adapter(
    folder: Path,
    config: FamilyConfig,
    pairs: Mapping[str, Pair],
    alpha: float,
    whole: Mapping[str, Numbers],
    task: str,
    base: str,
) -> None:
    """Write an adapter's folder. pairs: by our layers' names. whole: weights that learned beside them, by ours.

    The names are those of the class of transformers that computes the same with such layers, and ours where none does.
    """
    names = class_names(config)

    def theirs(ours: str) -> str:
        if names is None or ours not in names.ours:
            return ours
        # Heads stand beside the base model, and a pooler in it.
        return ("" if ours.startswith("classifier.") else names.prefix) + names.ours[ours].name

    modules = {name: theirs(f"{name}.weight").removesuffix(".weight") for name in pairs}
    tensors: dict[str, Numbers] = {}
    for name, pair in pairs.items():
        tensors |= {f"{_PREFIX}{modules[name]}.lora_{side}.weight": one for side, one in zip("AB", pair, strict=True)}
    tensors |= {f"{_PREFIX}{theirs(name)}": one for name, one in whole.items()}
    heads = sorted({theirs(name).rpartition(".")[0] for name in whole})
    settings = {
        "peft_type": "LORA", "task_type": _TASKS.get(task), "base_model_name_or_path": base,
        "r": len(next(iter(pairs.values())).down), "lora_alpha": alpha, "lora_dropout": 0.0, "bias": "none",
        "target_modules": sorted(modules.values()), "modules_to_save": heads or None, "fan_in_fan_out": False,
        "use_rslora": False, "use_dora": False, "init_lora_weights": True, "inference_mode": True,
    }  # fmt: skip
    with publish_folder(folder) as draft, os_errors(draft):
        save_file({name: np.ascontiguousarray(one, np.float32) for name, one in tensors.items()}, draft / _WEIGHTS[0])
        (draft / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")

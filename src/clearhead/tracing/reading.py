"""A trace's file, read and checked; nothing in it is trusted.

What a trace holds follows from its config: its operations and the shape of each tensor (`outline.py`). So a file is
held against that before a number of it is read. Whoever changes what a model tells counts FORMAT up, and converts.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from clearhead.errors import ConfigError, TraceError
from clearhead.model import FamilyConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.tensor_file import Header, read_header, strict_json
from clearhead.tracing.families import FAMILIES, Family
from clearhead.tracing.operations import Operation
from clearhead.tracing.outline import operations_of, tensor_shapes
from clearhead.tracing.tree import Fate

# 1: operations were called steps, and had no descriptions.
FORMAT = 2
PARAMETERS = "parameters/"

# How many tensors a layer has at the least, of which the model of a file is built to know its operations.
_LEAST_TENSORS = 16
_MOST_HEADER, _LONGEST_PIECE, _LONGEST_TEXT = 100_000_000, 1_000, 1_000_000
_PROBLEMS = (SafetensorError, ValueError, KeyError, TypeError, AttributeError, ConfigError, RecursionError)


Sequenced = tuple[str, tuple[int, ...], tuple[str, ...]]


class Stored(NamedTuple):
    """What the file holds, by the names of `Trace`'s arguments; each sequence as text, ids and pieces."""

    tensors: dict[str, Tensor]
    parameters: dict[str, Tensor]
    operations: tuple[Operation, ...]
    family: str
    sequences: dict[str, Sequenced]
    config: dict[str, Any]
    settings: dict[str, Any]
    tree: list[dict[str, Any]]


def read_stored(path: Path) -> Stored:
    """All of a trace's file. Raises TraceError in one line for one that is something else, damaged, or newer."""
    try:
        header = read_header(path, _MOST_HEADER)
        document = strict_json(header.metadata["clearhead"])
        if document["format"] not in range(1, FORMAT + 1):
            raise TraceError(
                f"{path} has format {_short(document['format'])}, but this clearhead reads 1 to {FORMAT}; update it"
            )
        return _checked(path, header, document)
    except OSError as error:
        raise TraceError(
            f"{path} cannot be read ({error.strerror or error}); name a file that trace.save wrote"
        ) from None
    except _PROBLEMS as error:
        problem = " ".join((f"no {error}" if isinstance(error, KeyError) else str(error)).split())[:300]
        raise TraceError(
            f"{path} is no trace, or a damaged one ({problem}); name a file that trace.save wrote"
        ) from None


def _checked(path: Path, header: Header, document: Mapping[str, Any]) -> Stored:
    family = _family(document["family"])
    _require(not isinstance(document["format"], bool), "its format is no number")
    _require(isinstance(document["config"], dict), "its config is not an object")
    config = family.config(**document["config"])
    _require(
        family.layers(config) * _LEAST_TENSORS <= len(header.tensors),
        "its config has more layers than the file has tensors",
    )
    sequences = {
        name: _sequence(name, document[name], family.vocabulary(config, name), config.max_length)
        for name in family.sequences
    }
    for name, before in family.follows.items():
        fits = len(sequences[before][1]) == len(sequences[name][1])
        _require(fits, f"its {before} and what follows it differ in length")
    operations = operations_of(config)
    shapes = tensor_shapes(config, *(len(sequences[name][1]) for name in family.reads))
    told = document["steps"] if document["format"] == 1 else _without_descriptions(document["operations"])
    _require(
        told == json.loads(json.dumps([one.as_json() for one in operations])),
        "its operations are not those of its config",
    )
    own = {f"{PARAMETERS}{name}": shape for name, shape in parameter_shapes(config, shared=True).items()}
    own = {name: shape for name, shape in own.items() if name in header.tensors}
    for name, shape in {**shapes, **own}.items():
        entry = header.tensors[name]
        _require(entry.kind == "F32" and entry.shape == shape, f"{name} is {entry.kind} {entry.shape}, not F32 {shape}")
    last = family.sequences[-1]
    _check_settings(document["settings"], len(sequences[last][1]))
    _check_tree(document["tree"], family.vocabulary(config, last))
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in shapes}
        parameters = {name.removeprefix(PARAMETERS): file.get_tensor(name) for name in own}
    _check_numbers(tensors, parameters, operations)
    for name, read in family.reads.items():
        _require(tensors[read.ids].tolist() == list(sequences[name][1]), f"{read.ids} are not the sentence's")
    _check_kinds(tensors, config)
    return Stored(
        tensors, parameters, operations, document["family"], sequences, config.as_plain(), document["settings"],
        document["tree"],
    )  # fmt: skip


def _without_descriptions(operations: Any) -> Any:
    """What a description says is known; no file is believed in that. What is no list of objects stays what it is."""
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        return operations
    return [{name: value for name, value in one.items() if name != "description"} for one in operations]


def _family(name: object) -> Family:
    known = isinstance(name, str) and name in FAMILIES
    _require(known, f"its family is not one of {', '.join(FAMILIES)}")
    return FAMILIES[str(name)]


def _sequence(name: str, stored: Any, vocabulary: int, max_length: int) -> Sequenced:
    text, ids, pieces = stored["text"], stored["ids"], stored["pieces"]
    _require(isinstance(text, str) and len(text) <= _LONGEST_TEXT, f"the text of its {name} is not a text, or too long")
    _require(
        isinstance(ids, list) and all(_is_id(one, vocabulary) for one in ids),
        f"the ids of its {name} are not a list of ids of its vocabulary",
    )
    _require(
        isinstance(pieces, list) and all(map(_is_piece, pieces)),
        f"the pieces of its {name} are not a list of short texts",
    )
    _require(0 < len(ids) == len(pieces), f"its {name} has {len(ids)} ids and {len(pieces)} pieces")
    _require(len(ids) <= max_length, f"its {name} is longer than max_length")
    return text, tuple(ids), tuple(pieces)


def _check_settings(settings: Any, length: int) -> None:
    _require(isinstance(settings, dict), "its settings are not an object")
    for name, value in settings.items():
        if name == "pieces":
            expected = "an object of short texts"
            fits = isinstance(value, dict) and all(map(_is_piece, value.values()))
        elif name == "labels":
            expected = "a list of short texts"
            fits = isinstance(value, list | tuple) and all(map(_is_piece, value))
        elif name == "served":
            expected = f"a list of {length} numbers"
            fits = value is None or (isinstance(value, list) and len(value) == length and all(map(_is_number, value)))
        elif name == "beam_size":
            expected = "a whole number"
            fits = value is None or _is_id(value, 2**20)
        else:
            expected = "a number or a short text"
            fits = value is None or isinstance(value, bool | int | float) or _is_piece(value)
        _require(fits, f"its setting {name[:80]} is not {expected}")


def _check_tree(tree: Any, vocabulary: int) -> None:
    """A node stands behind its parent, one step further; one way leads to the hypothesis that won."""
    _require(isinstance(tree, list), "its tree is not a list of nodes")
    winner = -1
    for number, node in enumerate(tree):
        parent, length = node["parent"], node["length"]
        is_root = number == 0 and isinstance(parent, int) and parent == -1 and length == 0
        follows = is_root or (_is_id(parent, number) and length == tree[parent]["length"] + 1)
        _require(
            not isinstance(length, bool) and isinstance(length, int) and follows,
            f"node {number} does not follow an earlier node",
        )
        known = _is_id(node["token"], vocabulary) and _is_piece(node["piece"]) and node["fate"] in get_args(Fate)
        _require(known, f"the token, piece or fate of node {number} is not known")
        _require(node["number"] == number, f"node {number} has another number")
        sums = (node[name] for name in ("log_probability", "total", "score"))
        _require(all(_is_number(one) for one in sums), f"a score of node {number} is not a number")
        _require(
            all(_is_candidate(one, vocabulary) for one in node["candidates"]),
            f"the candidates of node {number} are not pairs of an id and a number",
        )
        if node["fate"] == "won":
            _require(parent == winner, f"node {number} won, but not what led to it, or another did too")
            winner = number
    _require(not tree or winner >= 0, "nothing in its tree won")


def _check_numbers(
    tensors: Mapping[str, Tensor], parameters: Mapping[str, Tensor], operations: Sequence[Operation]
) -> None:
    masked = {one.name for one in operations if one.operation == "mask"}
    for name, tensor in (*tensors.items(), *parameters.items()):
        taken = torch.where(tensor == -math.inf, 0.0, tensor) if name in masked else tensor
        _require(bool(taken.isfinite().all()), f"{name} has a NaN or an infinity")


def _check_kinds(tensors: Mapping[str, Tensor], config: FamilyConfig) -> None:
    """Each names a segment's embedding, which a file may not ask for where there is none."""
    kinds = tensors.get("embedding.kinds", torch.zeros(0)).tolist()
    count = getattr(config, "segments", 0)
    _require(all(one.is_integer() and 0 <= one < count for one in kinds), "its kinds are not those of its segments")


def _is_id(value: object, count: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count


def _is_piece(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_PIECE


def _is_number(value: object) -> bool:
    """A probability of nothing has the logarithm -infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e30 or value == -math.inf


def _is_candidate(value: object, vocabulary: int) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_id(value[0], vocabulary) and _is_number(value[1])


def _require(fits: bool, problem: str) -> None:
    if not fits:
        raise ValueError(problem)


def _short(value: object) -> str:
    return repr(value)[:80]

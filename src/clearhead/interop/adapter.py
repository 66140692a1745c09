"""LoRA adapters in the files of the package `peft`, merged into a bundle of their model. Nothing is run."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from clearhead.bundle import Bundle, load
from clearhead.errors import InteropError
from clearhead.interop.adapter_files import INDICES, SETTINGS, AdapterFiles, read_adapter
from clearhead.interop.adapter_tokens import grown, grown_tokenizer
from clearhead.interop.foreign import Numbers, Source
from clearhead.interop.layer_names import HEAD, OUTPUT_BIAS, TABLES, TURNED, Names, names_of
from clearhead.model.config import EncoderOnlyConfig, FamilyConfig, TransformerConfig
from clearhead.model.shapes import parameter_shapes, shared_names


@dataclasses.dataclass(frozen=True)
class AdapterReport:
    """What was done: kind is the class whose names the adapter has; layers got a product, and whole are replaced.

    tokens: how many tokens have rows of their own in it. new: how many of them the model did not have.
    """

    kind: str
    rank: int
    scale: float
    layers: int
    whole: tuple[str, ...]
    tokens: int = 0
    new: int = 0

    def __str__(self) -> str:
        whole = ", ".join(self.whole) or "none"
        return (
            f"LoRA of rank {self.rank}, by the names of {self.kind}: {self.layers} weights are W + {self.scale:g}·B·A\n"
            f"weights that it brings whole: {whole}\n"
            f"tokens whose rows it brings: {self.tokens}, of which {self.new} are new"
        )


def is_adapter(place: Path) -> bool:
    """Whether a folder is one of an adapter, which is no model alone."""
    return (place / SETTINGS).is_file()


def import_adapter(place: str | Path, base: str | Path, out: str | Path) -> AdapterReport:
    """Write a bundle of the model `base` with the adapter in the folder `place` merged into it, to the folder `out`.

    Tokens that the model has not come from the folder's tokenizer.json, and their rows from the adapter.
    Raises InteropError in one line for what clearhead has not, and for a tensor that is missing or fits no layer.
    """
    files, bundle = read_adapter(Path(place)), load(base)
    wanted = {*files.whole, *(f"{name}.weight" for name in (*files.pairs, *files.rows))}
    kind, places = _placed(bundle.config, wanted, files.folder)
    _require_tables(files, places, bundle.config)
    tables = {name for name in wanted for ours, _ in places[name] if ours in TABLES}
    tokenizer = grown_tokenizer(bundle, files.folder) if tables else bundle.source_tokenizer
    rows = max((one for found in files.rows.values() for one in found.ids), default=-1)
    if rows >= tokenizer.size:
        raise files.settings.refused(
            INDICES, files.settings.values[INDICES],
            f"ids below {tokenizer.size}, as neither the model nor a tokenizer.json beside the adapter has more tokens",
        )  # fmt: skip
    new = range(bundle.source_tokenizer.size, tokenizer.size)
    model = grown(bundle, tokenizer.size) if new else bundle.model
    merging = _Merging(files.folder, dict(model.named_parameters()), places, kind in TURNED)
    merging.merge(files)
    merging.require_rows(files, new)
    tokens = {one for found in files.rows.values() for one in found.ids}
    report = AdapterReport(
        kind, files.rank, files.scale, merging.layers, tuple(files.whole), len(tokens), len(tokens & {*new})
    )
    card = f"# {Path(out).name}\n\nAn adapter was merged into a model by clearhead.\n\n{report}\n"
    tokenizers = bundle.source_tokenizer, bundle.target_tokenizer
    if tokenizer is not bundle.source_tokenizer:
        tokenizers = tokenizer, tokenizer
    result = Bundle(
        model, *tokenizers, lambda: bundle.recipe, source_scripts=bundle.source_scripts, settings=bundle.settings
    )
    result.save(out, card)
    return report


# By a tensor's name in the adapter: which parameters of ours are made of it, and how.
_Places = dict[str, list[tuple[str, Source]]]


class _Merging:
    """A model's parameters while an adapter is merged into them. is_turned: whether its layers are laid out so.

    PEFT, too, asks the layers, whatever fan_in_fan_out says (peft, tuners/lora/model.py).
    """

    def __init__(self, folder: Path, parameters: dict[str, Any], places: _Places, is_turned: bool) -> None:
        self.folder, self.parameters, self.places, self.is_turned = folder, parameters, places, is_turned
        self.layers = 0
        self.replaced: dict[str, tuple[str, Numbers]] = {}

    def merge(self, files: AdapterFiles) -> None:
        for name, pair in files.pairs.items():
            product = np.float32(files.scale) * (pair.up @ pair.down)
            for ours, source in self.places[f"{name}.weight"]:
                self._change(name, ours, source.change(product.T if self.is_turned else product), grows=True)
                self.layers += 1
        for name, numbers in files.whole.items():
            for ours, source in self.places[name]:
                self._replace(name, ours, source.change(numbers))
        for name, (ids, numbers) in files.rows.items():
            for ours, _ in self.places[f"{name}.weight"]:
                self._set_rows(name, ours, ids, numbers)

    def require_rows(self, files: AdapterFiles, new: Sequence[int]) -> None:
        """Raise InteropError where a new token has no row in one of the tables: none is ever filled in."""
        given = {ours: set(ids) for name, (ids, _) in files.rows.items() for ours, _ in self.places[f"{name}.weight"]}
        for table in set(TABLES) & self.parameters.keys() - self.replaced.keys():
            if missing := [one for one in new if one not in given.get(table, ())]:
                raise InteropError(
                    f"{self.folder}: the tokenizer.json has a token {missing[0]}, of which the adapter has no row for "
                    f"{table}; get the adapter again"
                )

    def _replace(self, name: str, ours: str, numbers: Numbers) -> None:
        if ours in self.replaced and not np.array_equal(self.replaced[ours][1], numbers):
            raise InteropError(
                f"{self.folder}: {self.replaced[ours][0]} and {name} are one matrix in the model and two in the "
                "adapter; name the model that it was trained for"
            )
        self.replaced[ours] = name, numbers
        self._change(name, ours, numbers, grows=False)

    def _change(self, name: str, ours: str, numbers: Numbers, grows: bool) -> None:
        """Add to a parameter, or replace it."""
        parameter = self.parameters[ours]
        self._require_shape(name, numbers.shape, tuple(parameter.shape))
        given = torch.from_numpy(np.ascontiguousarray(numbers, np.float32)).to(parameter.device)
        with torch.no_grad():
            parameter.copy_(parameter + given if grows else given)

    def _set_rows(self, name: str, ours: str, ids: Sequence[int], numbers: Numbers) -> None:
        parameter = self.parameters[ours]
        self._require_shape(name, numbers.shape, (len(ids), *parameter.shape[1:]))
        with torch.no_grad():
            parameter[list(ids)] = torch.from_numpy(np.ascontiguousarray(numbers, np.float32)).to(parameter.device)

    def _require_shape(self, name: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        if shape != wanted:
            raise InteropError(
                f"{self.folder}: {name} makes a matrix of shape {shape}, but the model has {wanted} there; name the "
                "model that it was trained for"
            )


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
    shapes, shared = parameter_shapes(config), shared_names(config)
    own: _Places = {name: [(name, Source(name))] for name in shapes}
    yield "clearhead", own
    for names in names_of(config):
        # Beside a class's layers there may be a head that it has not.
        places: _Places = {name: found for name, found in own.items() if name.startswith(HEAD)}
        for ours, source in (*names.ours.items(), *_again(config, names)):
            ours = shared.get(ours, ours)
            for prefix in ("", names.prefix) if ours in shapes else ():
                found = places.setdefault(prefix + source.name, [])
                found += [] if any(one == ours for one, _ in found) else [(ours, source)]
        yield names.kind, places


def _again(config: FamilyConfig, names: Names) -> Iterator[tuple[str, Source]]:
    """A table that both sides share may be called as that of either."""
    if isinstance(config, TransformerConfig) and config.share_embeddings in ("all", "inputs"):
        for side in ("encoder", "decoder"):
            yield "source_embedding.matrix.weight", Source(f"{side}.embed_tokens.weight")


def _require_tables(files: AdapterFiles, places: _Places, config: FamilyConfig) -> None:
    """Refuse rows of what has none for tokens, such as a table of positions, and rows beside a masked head.

    Such a head has a number for each token, too, which PEFT leaves out (peft, tuners/trainable_tokens/layer.py).
    """
    if files.rows and OUTPUT_BIAS in parameter_shapes(config) and isinstance(config, EncoderOnlyConfig):
        raise files.settings.refused(INDICES, files.settings.values[INDICES], "none beside a masked head")
    for name in files.rows:
        if any(ours not in TABLES for ours, _ in places[f"{name}.weight"]):
            raise files.settings.refused(INDICES, files.settings.values[INDICES], "modules that have a row a token")

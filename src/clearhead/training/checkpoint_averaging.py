"""Checkpoint averaging: the mean of the weights of several checkpoints or bundles, as a bundle of its own."""

import dataclasses
import json
import logging
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from clearhead.bundle import Bundle, find_bundle, load
from clearhead.bundle.archive import extracted
from clearhead.bundle.arguments import require_new_folder, shown
from clearhead.bundle.config_file import WEIGHTS, read_config
from clearhead.errors import UsageError
from clearhead.tasks import task_for
from clearhead.text import visible
from clearhead.training.checkpoint import read_state
from clearhead.training.checkpoint_bundle import KEPT_WEIGHTS, bundle_of, is_checkpoint

_LOG = logging.getLogger(__name__)
# What a config says of training alone: weights mean the same whatever these are.
_OF_TRAINING: Final = {"dropout", "attention_dropout", "activation_dropout", "initialization", "position_shift"}
# The settings that weights were learned for. How a model decodes, its name and its seed say nothing of them.
_OF_WEIGHTS: Final = ("task", "documents", "labels", "pooling", "template")


@dataclasses.dataclass(frozen=True)
class AveragedModel:
    """One of the models that a mean is made of.

    name: of its recipe, with its step or its folder. share: how much of the mean it is; all together are 1.
    sha256: of the file of its weights.
    """

    name: str
    share: float
    sha256: str


@dataclasses.dataclass(frozen=True)
class Averaged:
    """What an average is made of, in the order in which the models were named. parameters: of each of them."""

    parameters: int
    models: tuple[AveragedModel, ...]

    def __str__(self) -> str:
        each = "\n".join(f"  {one.share:.4f}  {one.name}" for one in self.models)
        return f"the mean of {len(self.models)} models of {self.parameters:,} parameters:\n{each}"


def average_models(places: Sequence[str | Path], out: str | Path, shares: Sequence[float] | None = None) -> Averaged:
    """Write the mean of the weights of several models to the folder `out`, as a bundle.

    places: checkpoints (RUN/checkpoints/step-N), or what `clearhead.load` reads. Of a checkpoint the weights count that
    its run validates: their moving average, where the recipe has one.
    shares: how much each model counts beside the others, such as 0.7 and 0.3; all alike where None is given.

    It is computed in float64. The first model gives all else: its name, its recipe, how it decodes, and the precision
    in which the weights are stored.
    Source: "Attention Is All You Need", section 6.1: the last 5 checkpoints, or 20 of the large model.
    Raises UsageError where two models differ in task, tokenizer or sizes, by what differs, and where something is at
    `out`; TrainingError or BundleError for a model that cannot be read.
    """
    if isinstance(places, str | Path):
        raise UsageError(f"places is one path, {shown(str(places))}; give a list of them")
    require_new_folder(Path(out))
    paths = [Path(place) for place in places]
    given = _require_shares(paths, shares)
    _require_different(paths)
    mean, models = None, []
    for path, share in zip(paths, given, strict=True):
        bundle = bundle_of(path) if is_checkpoint(path) else load(path)
        mean = _Mean(path, bundle) if mean is None else mean
        mean.add(path, bundle, share)
        models.append(AveragedModel(_name(path, bundle), share / sum(given), _digest(path)))
    assert mean is not None
    made = mean.bundle(sum(given))
    told = Averaged(sum(one.numel() for one in made.model.parameters()), tuple(models))
    made.save(out, _card(made, told))
    return told


class _Mean:
    """A sum of weights that grows model by model, and what its models have in common."""

    def __init__(self, place: Path, first: Bundle) -> None:
        self.place, self.first = place, first
        named = first.model.named_parameters()
        self.sums = {name: torch.zeros_like(one, dtype=torch.float64, requires_grad=False) for name, one in named}
        self.languages, self.scripts = first.settings.languages, first.source_scripts
        self.seeds: set[int] = set()

    @torch.no_grad()
    def add(self, place: Path, bundle: Bundle, share: float) -> None:
        """Raises UsageError for a model whose weights do not mean the same as the first one's."""
        _require_alike(self.place, self.first, place, bundle)
        for name, parameter in bundle.model.named_parameters():
            self.sums[name] += share * parameter.double()
        self.languages = tuple(dict.fromkeys((*self.languages, *bundle.settings.languages)))
        own = bundle.source_scripts
        self.scripts = None if own is None or self.scripts is None else tuple(dict.fromkeys((*self.scripts, *own)))
        # What began with a trained model was drawn from that model's seed.
        self.seeds |= {bundle.settings.seed} if bundle.recipe.model.base is None else set()

    @torch.no_grad()
    def bundle(self, total: float) -> Bundle:
        """The first model with the mean in place of its weights. total: the sum of all shares."""
        first = self.first
        if len(self.seeds) > 1:
            _LOG.warning(
                "the models began with other random numbers (training.seed %s), so that their weights have little in "
                "common; average checkpoints of one run, or models that were tuned from one",
                " and ".join(map(str, sorted(self.seeds))),
            )
        for name, parameter in first.model.named_parameters():
            parameter.copy_(self.sums[name] / total)
        settings = dataclasses.replace(first.settings, languages=self.languages)
        tokenizers = first.source_tokenizer, first.target_tokenizer
        return Bundle(first.model, *tokenizers, first.recipe, source_scripts=self.scripts, settings=settings)


def _require_shares(places: Sequence[Path], shares: Sequence[float] | None) -> Sequence[float]:
    """The shares, or 1 for each. Raises UsageError where they are no positive numbers, or not as many."""
    if len(places) < 2:
        raise UsageError(f"a mean is of two models or more, not of {len(places)}; name others beside it")
    if shares is None:
        return [1.0] * len(places)
    if len(shares) != len(places):
        raise UsageError(f"{len(places)} models need {len(places)} shares, in their order, not {len(shares)}")
    for one in shares:
        if isinstance(one, bool) or not isinstance(one, int | float) or not (one > 0 and math.isfinite(one)):
            raise UsageError(f"a share is {shown(one)}; expected numbers above 0, such as 0.7 and 0.3")
    return shares


def _require_different(places: Sequence[Path]) -> None:
    """Raise UsageError where a model is named twice, BundleError where there is none."""
    known: dict[Path, Path] = {}
    for place in places:
        found = (place if is_checkpoint(place) else find_bundle(place)).resolve()
        if found in known:
            raise UsageError(f"{place} and {known[found]} are one model; name each once, and weigh them by shares")
        known[found] = place


def _require_alike(place: Path, one: Bundle, other_place: Path, other: Bundle) -> None:
    remedy = "average checkpoints of one run, or models that were tuned from one"
    for name, own, others in _compared(one, other):
        if own != others:
            raise UsageError(f"{other_place} has {name}={shown(others)}, but {place} has {shown(own)}; {remedy}")
    tokenizers = ((each.source_tokenizer.to_json(), each.target_tokenizer.to_json()) for each in (one, other))
    if next(tokenizers) != next(tokenizers):
        raise UsageError(f"{other_place} has another tokenizer than {place}; {remedy}")


def _compared(one: Bundle, other: Bundle) -> Iterator[tuple[str, Any, Any]]:
    """What two models are to have in common: a name, and the value of each."""
    # By tags one model translates into several languages, of which each may have learned others.
    names = _OF_WEIGHTS if one.languages else (*_OF_WEIGHTS, "languages")
    for name in names:
        yield name, getattr(one.settings, name), getattr(other.settings, name)
    # A task's models are of one family.
    for field in dataclasses.fields(one.config):
        if field.name not in _OF_TRAINING:
            yield field.name, getattr(one.config, field.name), getattr(other.config, field.name)


def _name(place: Path, bundle: Bundle) -> str:
    """What a model is called, by no path of its maker's machine."""
    name = visible(bundle.settings.name)
    if is_checkpoint(place):
        return f"{name}, step {read_state(place).step}"
    whole = place.absolute()
    folder = visible(whole.parent.name if whole.name == "bundle" else whole.name)
    return name if folder == name else f"{name} ({folder})"


def _digest(place: Path) -> str:
    """The SHA-256 of the file of a model's weights, as the model's own list has it."""
    if is_checkpoint(place):
        return str(json.loads((place / "manifest.json").read_text(encoding="utf-8"))[KEPT_WEIGHTS])
    with extracted(find_bundle(place)) as folder:
        return read_config(folder).files[WEIGHTS]


def _card(bundle: Bundle, told: Averaged) -> str:
    each = "\n".join(f"- {one.name}: {one.share:.4f} of each weight; SHA-256 {one.sha256}" for one in told.models)
    return f"""# {bundle.settings.name}

A Transformer ({task_for(bundle.config).family}) of {told.parameters:,} parameters: the mean of the weights of
{len(told.models)} models, made by `clearhead average`.

{each}

The first of them gave the name, recipe.yaml, how it decodes and the precision of the weights. Nobody has judged the
mean itself: `clearhead evaluate` does.
"""

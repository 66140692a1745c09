"""How well a model does on street, phenomenon by phenomenon: the share of sentences translated exactly right."""

import dataclasses
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from clearhead import street
from clearhead.bundle import Bundle
from clearhead.data import read_lines, read_pairs
from clearhead.files import publish_file
from clearhead.recipe import Recipe
from clearhead.street import DIRECTIONS, PHENOMENA
from clearhead.street.agreement import TRAINED


@dataclasses.dataclass(frozen=True)
class PhenomenonScore:
    """exact: percent of the sentences; by_distance: the same for each distance, where the test set has distances.

    as_trained: percent of the sentences with no longer distance than training has; all, where there are no distances.
    """

    phenomenon: str
    direction: str
    sentences: int
    exact: float
    as_trained: float
    by_distance: dict[int, float]


def score_phenomena(bundle: Bundle, folder: Path, beam_size: int | None = None) -> list[PhenomenonScore]:
    """The scores on every test set of the corpus in `folder`, in the order of PHENOMENA and DIRECTIONS."""
    return [
        _score(bundle, folder, phenomenon, direction, beam_size)
        for phenomenon in PHENOMENA
        for direction in DIRECTIONS
        if any(folder.glob(f"test.{phenomenon}.{direction}.*"))
    ]


def read_baselines(folder: Path, recipe: Recipe) -> list[street.Baselines]:
    """How far a guess comes on the test sets of street in `folder`: computed once, and kept beside the corpus."""
    embedded, kept = recipe.data.embedded, folder / "baselines.json"
    if embedded is None:
        return []
    if not kept.is_file():
        found = street.baselines(street.generate(embedded.pairs, embedded.seed))
        with publish_file(kept) as draft:
            draft.write_text(json.dumps([dataclasses.asdict(one) for one in found], indent=1), encoding="utf-8")
    return [street.Baselines(**values) for values in json.loads(kept.read_text(encoding="utf-8"))]


def _score(bundle: Bundle, folder: Path, phenomenon: str, direction: str, beam_size: int | None) -> PhenomenonScore:
    name = f"test.{phenomenon}.{direction}"
    source_language, target_language = direction.split("-")
    pairs = list(read_pairs(folder / f"{name}.{source_language}", folder / f"{name}.{target_language}"))
    translations = bundle.translate([source for source, _ in pairs], target_language, beam_size=beam_size)
    right = [translation == target for translation, (_, target) in zip(translations, pairs, strict=True)]
    file = folder / f"{name}.distance"
    distances = [int(line) for line in read_lines(file)] if file.exists() else []
    near = [one for one, distance in zip(right, distances, strict=True) if distance <= TRAINED] if distances else right
    by_distance = _by_distance(right, distances) if distances else {}
    return PhenomenonScore(phenomenon, direction, len(pairs), _percent(right), _percent(near), by_distance)


def _by_distance(right: Sequence[bool], distances: Sequence[int]) -> dict[int, float]:
    groups: dict[int, list[bool]] = defaultdict(list)
    for is_right, distance in zip(right, distances, strict=True):
        groups[distance].append(is_right)
    return {distance: _percent(groups[distance]) for distance in sorted(groups)}


def _percent(right: Sequence[bool]) -> float:
    return 100 * sum(right) / len(right)

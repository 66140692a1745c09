"""How a bundle is used unless somebody says otherwise: what its config.json tells beside sizes and files."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from clearhead.bounds import whole
from clearhead.decoding import LengthPenalty
from clearhead.errors import DecodingError

if TYPE_CHECKING:
    import clearhead.recipe

_LONGEST_NAME = 1000
Language = str | None


@dataclass(frozen=True)
class Settings:
    """The same of every bundle, whatever its recipe says.

    languages: from which into which it learned to translate, each direction once; None is one that has no name.
    beam_size, length_penalty: how it searches.
    seed: the model before its first step is drawn from it.
    """

    name: str
    languages: tuple[tuple[Language, Language], ...]
    beam_size: int
    length_penalty: str
    seed: int

    @classmethod
    def of(cls, recipe: "clearhead.recipe.Recipe") -> "Settings":
        """Those of a model that is trained by this recipe."""
        directions = dict.fromkeys((one.from_language, one.to_language) for one in recipe.data.train)
        decoding = recipe.decoding
        return cls(
            recipe.name[:_LONGEST_NAME],
            tuple(directions),
            decoding.beam_size,
            decoding.length_penalty,
            recipe.training.seed,
        )

    @classmethod
    def from_plain(cls, name: Any, languages: Any, decoding: Any, seed: Any) -> "Settings":
        """From values that may be anything. Raises ValueError in one line."""
        if not isinstance(name, str) or len(name) > _LONGEST_NAME:
            raise ValueError("its name is no text, or has more than 1,000 characters")
        if not isinstance(languages, list) or not all(map(_is_direction, languages)):
            raise ValueError("its languages are no list of pairs of names")
        if not isinstance(decoding, dict):
            raise ValueError("its decoding is no object")
        try:
            beam_size = whole("beam_size", decoding["beam_size"])
            penalty = decoding["length_penalty"]
            LengthPenalty.parse(penalty)
            return cls(name, tuple((one, other) for one, other in languages), beam_size, penalty, whole("seed", seed))
        except DecodingError as error:
            raise ValueError(str(error)) from None

    def as_plain(self) -> dict[str, Any]:
        """What `from_plain` takes, by name."""
        values = asdict(self)
        decoding = {name: values.pop(name) for name in ("beam_size", "length_penalty")}
        return {**values, "decoding": decoding}

    @property
    def targets(self) -> set[Language]:
        """The languages that it translates into."""
        return {target for _, target in self.languages}


def _is_direction(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(one is None or isinstance(one, str) for one in value)

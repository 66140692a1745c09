"""How a bundle is used unless somebody says otherwise: what its config.json tells beside sizes and files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from clearhead.bundle.plain_settings import LONGEST_NAME, POOLINGS, read_settings
from clearhead.bundle.verbs import OF_TEXTS, TRANSLATION
from clearhead.decoding import Rules

if TYPE_CHECKING:
    import clearhead.recipe

Language = str | None


@dataclass(frozen=True)
class Settings:
    """The same of every bundle, whatever its recipe says.

    languages: from which into which it learned to translate, each direction once; None is one that has no name.
    beam_size, length_penalty: how it searches.
    seed: the model before its first step is drawn from it.
    task: what it was trained for, a key of `VERBS`.
    documents: what one document was in a language model's training, of which a prompt is the beginning: "line",
    "paragraph", or a whole "file", somewhere in the middle of which a prompt stands. None for other models.
    labels: the names of a classifier's classes, in their order.
    messages: how many of a conversation's messages, the newest, it is given at most; None for as many as have room.
    pooling: what the vector of a text is that `embed` gives: the "mean" of its tokens', or its "first" token's.
    template: how a conversation is written as a text, in Jinja, where a model was trained elsewhere.
    ends: ids that end what it writes, beside its tokenizer's end. sampling: how it draws unless told otherwise, as
    `Sampling` has it: temperature, top_k and top_p; nothing where it draws as every model does, and top_k of 1 where it
    takes the most probable token.
    search: how a beam counts and stops, as `SearchStrategy` is written. rules: those of what it writes.
    origin: the class of another program that it came from, as `model_type` has it; "" for a model of ours.
    """

    name: str
    languages: tuple[tuple[Language, Language], ...]
    beam_size: int
    length_penalty: str
    seed: int
    task: str = TRANSLATION
    documents: str | None = None
    labels: tuple[str, ...] = ()
    messages: int | None = None
    pooling: str = POOLINGS[0]
    template: str | None = None
    ends: tuple[int, ...] = ()
    sampling: Mapping[str, float] = field(default_factory=dict)
    search: str = "clearhead"
    rules: Rules = field(default_factory=Rules)
    origin: str = ""

    @classmethod
    def of(cls, recipe: "clearhead.recipe.Recipe") -> "Settings":
        """Those of a model that is trained by this recipe."""
        # A table is one of pairs where pairs are learned.
        old = recipe.data.replayed
        known = (*recipe.data.directions, *(old.directions if old is not None else ()))
        pairs = known if recipe.family == "encoder-decoder" else ()
        directions = dict.fromkeys((one.from_language, one.to_language) for one in pairs)
        decoding = recipe.decoding
        return cls(
            recipe.name[:LONGEST_NAME],
            tuple(directions),
            decoding.beam_size,
            decoding.length_penalty,
            recipe.training.seed,
            recipe.task,
            next((one.documents for one in recipe.data.texts), _of_rows(recipe)),
            recipe.data.labels or (),
            decoding.messages,
            template=recipe.text.template,
        )

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Settings":
        """From what `as_plain` gives, or values that may be anything. Raises ValueError in one line."""
        return cls(**read_settings(values))

    def as_plain(self) -> dict[str, Any]:
        """What `from_plain` takes, by name. What an older clearhead does not know is left out where it is as it was."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        values |= {"sampling": dict(self.sampling), "rules": self.rules.as_plain()}
        usual: dict[str, Any] = {
            "task": TRANSLATION,
            "documents": None,
            "labels": (),
            "messages": None,
            "pooling": POOLINGS[0],
            "template": None,
        }
        usual |= {"ends": (), "sampling": {}, "search": "clearhead", "rules": {}, "origin": ""}
        values = {name: value for name, value in values.items() if name not in usual or value != usual[name]}
        named = "beam_size", "length_penalty", "messages", "search", "rules"
        decoding = {name: values.pop(name) for name in named if name in values}
        return {**values, "decoding": decoding}

    @property
    def is_greedy(self) -> bool:
        """Whether it takes the most probable token unless told otherwise."""
        return self.sampling.get("top_k") == 1

    @property
    def targets(self) -> set[Language]:
        """The languages that it translates into."""
        return {target for _, target in self.languages}


def _of_rows(recipe: "clearhead.recipe.Recipe") -> str | None:
    """What a document is where texts are the rows of tables, each of which is one as a line is."""
    return "line" if recipe.data.tables and recipe.task in OF_TEXTS else None

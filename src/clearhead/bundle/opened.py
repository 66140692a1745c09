"""A trained model with its tokenizers and settings, whatever it is for: where it computes, and how it is saved."""

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from clearhead.bundle.arguments import require_ids
from clearhead.bundle.folder import Parts, write_folder
from clearhead.bundle.serving import Serving
from clearhead.bundle.settings import Settings
from clearhead.bundle.together import Served, Together
from clearhead.bundle.verbs import require_family
from clearhead.decoding import Precision, Shortlist
from clearhead.errors import UsageError
from clearhead.tasks import task_for
from clearhead.tasks.translation import unreadable
from clearhead.text import Tokenizer, learned_scripts, visible
from clearhead.text.utf8 import Utf8Automaton

if TYPE_CHECKING:
    import torch

    import clearhead.recipe
    import clearhead.tasks

Kind = TypeVar("Kind", bound="Opened")


class Opened:
    """What every `Bundle` is, beside what it does: its docstring tells what it is made of."""

    def __init__(
        self,
        model: "clearhead.tasks.Model | Serving | Together",
        source: Tokenizer,
        target: Tokenizer,
        recipe: "clearhead.recipe.Recipe | Callable[[], clearhead.recipe.Recipe]",
        precision: Precision = "fp32",
        shortlist: Shortlist | None = None,
        source_scripts: Sequence[str] | None = None,
        settings: Settings | None = None,
    ) -> None:
        if precision not in get_args(Precision):
            raise UsageError(f"precision={precision!r} is not known; choose one of {', '.join(get_args(Precision))}")
        self._serving: Served = model if isinstance(model, Serving | Together) else Serving(model)
        self.precision = precision
        self.source_tokenizer = source
        self.target_tokenizer = target
        self._recipe = recipe
        self.settings = Settings.of(self.recipe) if settings is None else settings
        require_family(self.config, self.task)
        self.shortlist = shortlist
        self.source_scripts = None if source_scripts is None else tuple(source_scripts)
        # Where it was read from, which has the history of its training beside it.
        self.folder: Path | None = None

    def __repr__(self) -> str:
        named = ", ".join(f"{one}→{other}" for one, other in self.settings.languages if one and other)
        told = [task_for(self.config).family, named, f"{self._serving.parameters:,} parameters"]
        place = f"{self.precision} on {self._serving.device}" + (f", from {self.folder}" if self.folder else "")
        return f"<Bundle {visible(self.settings.name)}: {', '.join(one for one in (*told, place) if one)}>"

    def to(self: Kind, device: "str | torch.device") -> Kind:
        """Put the model on a device, such as "cpu" or "cuda", which computes from then on; returns this bundle itself.

        On a CPU C translates, on a GPU recorded CUDA graphs. Raises UsageError where the device cannot be used; the
        model is then where it was.
        """
        self._serving.to(str(device))
        return self

    @property
    def model(self) -> Any:
        """The model itself, an `EncoderDecoder` or a `DecoderOnly`: what is done to it is what translates from then on.

        Whoever asks for it may change it, so that before each use its weights are compared with those that were
        prepared for translating. That costs about as much as to read them once.
        """
        return self._serving.model

    @model.setter
    def model(self, model: "clearhead.tasks.Model") -> None:
        """Raises UsageError for what is no model of any family, and for one of another family than its task's."""
        serving = Serving(model)
        require_family(serving.config, self.task)
        self._serving = serving

    @property
    def recipe(self) -> "clearhead.recipe.Recipe":
        """Where the model came from. Nothing that uses it depends on that: what cannot be read is as its default is."""
        if callable(self._recipe):
            self._recipe = self._recipe()
        return self._recipe

    @property
    def config(self) -> Any:
        """The model's sizes: a `TransformerConfig` or a `DecoderOnlyConfig`."""
        return self._serving.config

    @property
    def task(self) -> str:
        """What the model was trained for, such as "translation"."""
        return self.settings.task

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the model can be asked for; empty where it knows one direction only."""
        return self.source_tokenizer.languages

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids that the model wrote, such as `Translation.tokens`; begin, end and tags are left out.

        Raises TokenizerError for an id that is not in its vocabulary, UsageError for what are no ids.
        """
        return self.target_tokenizer.decode(require_ids("ids", ids))

    def save(self, path: str | Path, card: str = "") -> None:
        """Write the bundle to the folder `path`, whole or not at all; `card` is its README.

        The weights are stored as the recipe's `training.bundle_precision` says. A bundle that was there is replaced.
        Hooks, observers and other classes of modules are no part of it; where the model has any, a warning says so.
        Raises BundleError where something else is, where a weight is too large to be stored so, or where the model has
        other weights than its config says.
        """
        tokenizers = self.source_tokenizer, self.target_tokenizer
        parts = Parts(*tokenizers, lambda: self.recipe, self.source_scripts, self.settings)
        write_folder(Path(path), self.model, parts, card)

    def unreadable(self, texts: Sequence[str]) -> list[int]:
        """The numbers, from 0, of the texts that are mostly in scripts the model never learned to read, which mean
        nothing to it. None are where it reads bytes alone, so that no script is known."""
        return unreadable(texts, self.readable_scripts)

    @functools.cached_property
    def readable_scripts(self) -> tuple[str, ...]:
        """The scripts that the model learned to read; none where its pieces tell of none."""
        return learned_scripts(self.source_tokenizer) if self.source_scripts is None else self.source_scripts

    @functools.cached_property
    def _utf8(self) -> Utf8Automaton:
        """Keeps what is written to whole characters."""
        return Utf8Automaton.of(self.target_tokenizer.token_bytes)

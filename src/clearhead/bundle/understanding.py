"""What a bundle can do that reads whole texts in one pass: its `Bundle` asks this, which is made for each call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from clearhead.bounds import whole
from clearhead.bundle.arguments import require_many, require_text
from clearhead.bundle.settings import Settings
from clearhead.bundle.together import Served
from clearhead.decoding import Precision
from clearhead.decoding.readings import Answer, readings_for
from clearhead.errors import UsageError
from clearhead.model.config import DecoderOnlyConfig
from clearhead.tasks.classifying import Label, as_label, class_probabilities
from clearhead.tasks.embedding import embeddings, first_vectors
from clearhead.tasks.filling import Filled, Filler
from clearhead.tasks.nearest import Nearest, nearest, require_fitting, require_own
from clearhead.tasks.whole_texts import MASK, WRITTEN_MASK, text_ids, too_long
from clearhead.text import Tokenizer, is_blank

if TYPE_CHECKING:
    import clearhead.tracing


@dataclass(frozen=True)
class Understanding:
    """A model, its tokenizer and settings."""

    serving: Served
    precision: Precision
    tokenizer: Tokenizer
    settings: Settings

    def fill(self, texts: Sequence[str], n: int, first: int) -> list[Filled]:
        require_many("texts", texts)
        filler = self._filler(n)
        masked = filler.masked(texts, first)
        return self._answers([one.ids for one in masked], filler.answer, masked)

    def classify(self, texts: Sequence[str]) -> list[Label]:
        return [as_label(one, self.settings.labels) for one in self._answers(self.ids(texts), class_probabilities)]

    def embed(self, texts: Sequence[str]) -> Float32[np.ndarray, "texts width"]:
        answer = first_vectors if self.settings.pooling == "first" else embeddings
        found = self._answers(self.ids(texts), answer)
        return np.stack(found) if found else np.empty((0, self.serving.config.width), np.float32)

    def nearest(self, query: str, texts: Sequence[str], n: int, vectors: np.ndarray | None) -> list[Nearest]:
        """Vectors that are given are held against those that are made of the texts that were found."""
        require_text("query", query)
        require_many("texts", texts)
        if is_blank(query):
            raise UsageError("query is blank; give the text to look for")
        count, own = whole("n", n), self.embed([query])[0]
        if vectors is None:
            return nearest(own, zip(texts, self.embed(texts), strict=True), count)
        given = require_fitting(vectors, len(texts), self.serving.config.width)
        found = nearest(own, zip(texts, given, strict=True), count)
        require_own(found, (given[one.place] for one in found), self.embed([one.text for one in found]))
        return found

    def trace(
        self, text: str, to: str | None, target: str | None, beam_size: int, max_tokens: int
    ) -> "clearhead.tracing.Trace":
        """Of a text that is read whole; `[MASK]` in it is a masked place, where the model knows such."""
        from clearhead.bundle.traces import traced_reading

        if to is not None or target is not None or max_tokens:
            raise UsageError("to, target and max_tokens are for models that write; give a text alone")
        told: dict[str, Any] = {"model": self.settings.name, "precision": self.precision}
        if self.settings.labels:
            told["labels"] = list(self.settings.labels)
        if MASK in self.tokenizer.symbols:
            told["mask"] = self.tokenizer.symbol(MASK)
        is_masked = MASK in self.tokenizer.symbols and WRITTEN_MASK in text
        [ids] = [self._filler(1).masked([text])[0].ids] if is_masked else self.ids([text])
        return traced_reading(self.serving.model, text, ids, (), self.tokenizer, {**told, "prompt": len(ids)})

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """What the model reads of each text. Too long a text is cut."""
        require_many("texts", texts)
        return text_ids(texts, self.tokenizer, self.serving.config.max_length, frames=self._frames)[0]

    def too_long(self, texts: Sequence[str]) -> list[int]:
        return too_long(texts, self.tokenizer, self.serving.config.max_length, frames=self._frames)

    def _filler(self, n: int) -> Filler:
        config = self.serving.config
        looks_back = isinstance(config, DecoderOnlyConfig)
        return Filler(self.tokenizer, whole("n", n), config.max_length, self._frames, looks_back)

    @property
    def _frames(self) -> bool:
        return self.settings.documents != "file"

    def _answers(self, ids: list[list[int]], answer: Answer, about: Sequence[Any] | None = None) -> list[Any]:
        engine = self.serving.engine(self.precision)
        return list(engine.results(readings_for(engine.runtime.sizes, ids, answer, about=about)))

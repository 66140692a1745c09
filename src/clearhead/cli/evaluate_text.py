"""`clearhead evaluate --text`: how well a language model predicts a text."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from clearhead.bundle import find_bundle, load
from clearhead.cli.evaluating import WITH_TEXT, require_none, require_task

if TYPE_CHECKING:
    from clearhead.data import Documents
    from clearhead.evaluation import TextScores


def evaluate_text(
    model: Path, text: Path, context: int | None, device: str, as_json: bool, given: Mapping[str, object]
) -> None:
    """Print how well a language model predicts a text. given: other options, of which some have no use then."""
    from clearhead.data import TextFile, check_file, prepare_text

    require_none(WITH_TEXT, given, "--text FILE")
    check_file(text)
    find_bundle(model)
    bundle = load(model, device=device)
    require_task(bundle, ["language-modelling", "masked-next-token"], "--text FILE")
    documents = cast("Documents", bundle.settings.documents or "file")
    # They import torch, which takes seconds.
    from clearhead.tasks.language_modelling.scoring import score_text

    corpus = prepare_text([TextFile(text, documents)], bundle.source_tokenizer)
    scores = score_text(bundle.model, corpus, bundle.source_tokenizer, context)
    if as_json:
        print(json.dumps(text_figures(scores), indent=2))
        return
    print(f"{scores.loss:.4f} nats a token; {scores}")
    print(f"{scores.tokens:,} tokens, {scores.characters:,} characters, {scores.utf8_bytes:,} bytes; {scores.context}")


def text_figures(scores: "TextScores") -> dict[str, object]:
    """All that is known of how well a text is predicted, as a JSON document has it."""
    figures = ("loss", "token_perplexity", "character_perplexity", "bits_per_byte")
    return dataclasses.asdict(scores) | {name: getattr(scores, name) for name in figures}

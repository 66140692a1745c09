"""How well a language model predicts a text: every token once, from a context that is told."""

import torch
import torch.nn.functional as F

from clearhead.bounds import whole
from clearhead.data import PreparedText, text_size
from clearhead.errors import UsageError
from clearhead.evaluation import TextScores
from clearhead.model import DecoderOnly
from clearhead.tasks.language_modelling.batching import batches_to_judge, padding_of
from clearhead.text import Tokenizer

BATCH_TOKENS = 2048


def scores_of(nats: float, corpus: PreparedText, tokenizer: Tokenizer, max_length: int, context: int) -> TextScores:
    """From the loss of all tokens together, with at least `context` of `max_length` places before each."""
    size = text_size(corpus, tokenizer)
    # A place reads itself, too: the first of a window predicts from one token.
    return TextScores(nats, size.tokens, size.characters, size.utf8_bytes, context + 1, max_length)


@torch.inference_mode()
def score_text(
    model: DecoderOnly, corpus: PreparedText, tokenizer: Tokenizer, context: int | None = None
) -> TextScores:
    """The scores of a corpus. The model is to be in `eval` mode.

    context: how many tokens at least are before each token that is scored, but at a document's beginning; half of what
    the model reads where None is given. The more, the better the figures, and the longer it takes.
    Raises UsageError for a context that leaves no token to score.
    """
    longest = model.config.max_length
    context = longest // 2 if context is None else whole("context", context)
    if context >= longest:
        raise UsageError(f"context={context} leaves no room, as the model reads {longest}; give {longest - 1} or fewer")
    device, nats = next(model.parameters()).device, 0.0
    for batch in batches_to_judge(corpus, longest, context, BATCH_TOKENS, padding_of(tokenizer)):
        moved = batch.to(device)
        logits = model.output(model.hidden_states(moved.ids, segments=moved.segments)).flatten(0, 1)
        wanted = moved.target_output.flatten()
        nats += float(F.cross_entropy(logits, wanted, ignore_index=batch.padding, reduction="none").double().sum())
    return scores_of(nats, corpus, tokenizer, longest, context)

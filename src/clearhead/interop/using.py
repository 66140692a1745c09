"""How a model of ours writes, as a generation_config.json says it."""

from typing import TYPE_CHECKING, Any

from clearhead.decoding import LengthPenalty
from clearhead.model.config import EncoderOnlyConfig, TransformerConfig
from clearhead.tasks.searching import search_options

if TYPE_CHECKING:
    from clearhead.bundle import Bundle


def generation_of(bundle: "Bundle") -> tuple[dict[str, Any], tuple[str, ...]]:
    """The settings, none for a model that does not write; and what of ours has no setting there.

    What is never written here is banned there: padding, begin, tags and a task's symbols.
    """
    if isinstance(bundle.config, EncoderOnlyConfig):
        return {}, ()
    tokenizer, settings = bundle.target_tokenizer, bundle.settings
    options = search_options(tokenizer, 1, "none", ends=settings.ends)
    found: dict[str, Any] = {
        "pad_token_id": tokenizer.padding, "bos_token_id": tokenizer.begin, "max_length": bundle.config.max_length,
        "eos_token_id": [tokenizer.end, *settings.ends] if settings.ends else tokenizer.end,
    }  # fmt: skip
    if banned := [[one] for one in options.suppressed if one != tokenizer.end]:
        found["bad_words_ids"] = banned
    if not isinstance(bundle.config, TransformerConfig):
        return found | ({"do_sample": True, **settings.sampling} if settings.sampling else {}), ()
    found["decoder_start_token_id"] = tokenizer.begin
    notes = []
    if opening := tokenizer.opening:
        found["forced_bos_token_id"] = opening[0]
    if settings.beam_size > 1:
        penalty = LengthPenalty.parse(settings.length_penalty)
        found |= {"num_beams": settings.beam_size, "length_penalty": penalty.alpha if penalty.name == "mean" else 0.0}
        if penalty.name == "gnmt":
            notes.append(f"length_penalty={settings.length_penalty} is 0 there, which has no such formula")
    return found, tuple(notes)

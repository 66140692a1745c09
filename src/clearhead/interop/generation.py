"""How a folder wants its model to write: generation_config.json, or where files from before have the same."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from clearhead.decoding import Rules
from clearhead.errors import DecodingError, InteropError
from clearhead.interop.foreign import ForeignSettings

# What changes what is written and clearhead has not, with the value that changes nothing.
_LACKING: Final[Mapping[str, Any]] = {
    "encoder_no_repeat_ngram_size": 0, "encoder_repetition_penalty": 1.0, "num_beam_groups": 1,
    "diversity_penalty": 0.0, "do_sample": False, "begin_suppress_tokens": None, "sequence_bias": None,
    "typical_p": 1.0, "min_p": None, "exponential_decay_length_penalty": None, "renormalize_logits": False,
    "guidance_scale": 1.0,
}  # fmt: skip
_WHY: Final = "a rule of decoding that clearhead has not"
_OF_PROMPTS: Final = "it counts the prompt, too, which clearhead's limits do not"
# Of a length penalty.
_GREATEST: Final = 10.0
_EARLY: Final = {True: "huggingface:early", "never": "huggingface:never"}


class Decoding(NamedTuple):
    """What `Settings` holds of how a beam searches and of what is written."""

    beam_size: int
    length_penalty: str
    search: str
    rules: Rules


def generation_values(values: Mapping[str, Any], generation: Mapping[str, Any], task: str) -> dict[str, Any]:
    """Every setting by name: generation_config.json's before config.json's, and these before those of summaries."""
    merged = dict(summary_settings(values) or {}) if task == "summarisation" else {}
    for given in (values, generation):
        merged |= {name: one for name, one in given.items() if one is not None}
    return merged


def summary_settings(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """How a model is to write summaries, by its config.json; None where that says nothing of summaries."""
    tasks = values.get("task_specific_params")
    found = tasks.get("summarization") if isinstance(tasks, dict) else None
    return found if isinstance(found, dict) else None


def task_of(values: Mapping[str, Any], usual: str) -> str:
    """What an encoder-decoder is for, as its config.json says it, and as its class has it where that says nothing."""
    tasks = values.get("task_specific_params")
    known = {"summarization": "summarisation", "translation": "translation"}
    return next((ours for theirs, ours in known.items() if isinstance(tasks, dict) and theirs in tasks), usual)


def decoding_of(values: Mapping[str, Any], place: str, end: int, rows: int, is_causal: bool) -> Decoding:
    """How an imported model writes. end: the id that ends a text. rows: how many ids it may write.

    Both length penalties divide the sum of log-probabilities by a power of the length, in which the end counts. What a
    model's makers chose they tried with the search of `transformers`: so that is the one.
    Raises InteropError for a value that no decoding has.
    """
    settings = ForeignSettings(values, place)
    power = min(max(settings.number("length_penalty", 1.0), 0.0), _GREATEST)
    search = _EARLY.get(values.get("early_stopping"), "huggingface")
    try:
        rules = _rules(settings, end, rows, is_causal)
    except DecodingError as error:
        raise InteropError(f"{place} asks for what clearhead cannot do: {error}") from None
    return Decoding(settings.whole("num_beams", 1), f"mean:{power:g}", search, rules)


def _rules(settings: ForeignSettings, end: int, rows: int, is_causal: bool) -> Rules:
    values = settings.values
    least, most = settings.whole("min_new_tokens", 0), values.get("max_new_tokens")
    if not is_causal:
        # These count the token that a target begins with.
        least = least or max(0, settings.whole("min_length", 0) - 1)
        longest = settings.whole("max_length", 0)
        most = longest - 1 if most is None and longest > 1 else most
    words = [*(values.get("bad_words_ids") or ()), *([one] for one in values.get("suppress_tokens") or ())]
    return Rules(
        no_repeat_ngram_size=settings.whole("no_repeat_ngram_size", 0),
        repetition_penalty=settings.number("repetition_penalty", 1.0),
        min_tokens=least if most is None else min(least, most), max_tokens=most,
        forced_end=end in _ids(values.get("forced_eos_token_id")),
        # What has no row is never written.
        bad_words=tuple(tuple(word) for word in words if all(type(one) is int and 0 <= one < rows for one in word)),
    )  # fmt: skip


def _ids(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def not_honoured(values: Mapping[str, Any], end: int, is_causal: bool) -> dict[str, str]:
    """The settings that change what transformers writes and are left out here, and why."""
    power = values.get("length_penalty")
    found = {} if not isinstance(power, int | float) or 0 <= power <= _GREATEST else {f"length_penalty={power}": _WHY}
    if is_causal and values.get("min_length"):
        found[f"min_length={values['min_length']!r:.40}"] = _OF_PROMPTS
    if is_causal and values.get("max_length") and not values.get("max_new_tokens"):
        found[f"max_length={values['max_length']!r:.40}"] = _OF_PROMPTS
    forced = values.get("forced_eos_token_id")
    if forced is not None and end not in _ids(forced):
        found[f"forced_eos_token_id={forced!r:.40}"] = "it is not the end of a text"
    return found | {
        f"{name}={values[name]!r:.40}": _WHY
        for name, usual in _LACKING.items()
        # A model of one stack draws.
        if values.get(name, usual) not in (usual, None, False, []) and not (is_causal and name == "do_sample")
    }

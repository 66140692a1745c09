"""How a folder wants its model to write: generation_config.json, or where files from before have the same."""

from collections.abc import Mapping
from typing import Any, Final

from clearhead.interop.foreign import ForeignSettings

# What changes what is written and clearhead has not, with the value that changes nothing.
_LACKING: Final[Mapping[str, Any]] = {
    "no_repeat_ngram_size": 0, "encoder_no_repeat_ngram_size": 0, "min_length": 0, "min_new_tokens": None,
    "repetition_penalty": 1.0, "num_beam_groups": 1, "do_sample": False, "suppress_tokens": None,
    "begin_suppress_tokens": None,
}  # fmt: skip
_WHY: Final = "a rule of decoding that clearhead has not"
# Of a length penalty.
_GREATEST: Final = 10.0


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


def search_settings(values: Mapping[str, Any], place: str) -> tuple[int, str]:
    """The beam size, and the length penalty in clearhead's words.

    Both divide the sum of log-probabilities by a power of the length, in which the end counts.
    """
    settings = ForeignSettings(values, place)
    power = settings.number("length_penalty", 1.0)
    return settings.whole("num_beams", 1), f"mean:{min(max(power, 0.0), _GREATEST):g}"


def not_honoured(values: Mapping[str, Any]) -> dict[str, str]:
    """The settings that change what transformers writes and are left out here, and why."""
    power = values.get("length_penalty")
    found = {} if not isinstance(power, int | float) or 0 <= power <= _GREATEST else {f"length_penalty={power}": _WHY}
    return found | {
        f"{name}={values[name]!r:.40}": _WHY
        for name, usual in _LACKING.items()
        if values.get(name, usual) not in (usual, None, False, [])
    }

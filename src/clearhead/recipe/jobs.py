"""Which keys of a recipe belong to its task, and what is usual there: a mixture is refused in one line."""

from collections.abc import Mapping
from typing import Any, Final

from clearhead.recipe.corpora import CorpusSettings, Data, ShareSettings, TextSettings
from clearhead.recipe.model_settings import FAMILY_PRESETS, ModelSettings, own_settings

# The family of each task's models; the first is what a recipe means that names neither.
FAMILIES: Final[Mapping[str, str]] = {"translation": "encoder-decoder", "language-modelling": "decoder-only"}


def with_task(values: Any) -> Any:
    """A recipe's plain values with its task and family, where it names one of them, and with what is usual there."""
    if not isinstance(values, dict):
        return values
    task, family = values.get("task"), values.get("family")
    if task is None and family in FAMILIES.values():
        task = next(name for name, of in FAMILIES.items() if of == family)
    if family is None and isinstance(task, str) and task in FAMILIES:
        family = FAMILIES[task]
    named = {key: value for key, value in (("task", task), ("family", family)) if value is not None}
    return {**values, **named, **(_unsmoothed(values) if task == "language-modelling" else {})}


def _unsmoothed(values: dict[str, Any]) -> dict[str, Any]:
    """Perplexity is measured by the right token alone, so it alone is learned, unless the recipe says otherwise."""
    training = values.get("training")
    loss = training.get("loss", {}) if isinstance(training, dict) else None
    if not isinstance(training, dict) or not isinstance(loss, dict):
        return {}
    return {"training": {**training, "loss": {"label_smoothing": 0.0, **loss}}}


def check_task(task: str, family: str, data: Data, model: ModelSettings, of_pairs: Mapping[str, bool]) -> None:
    """Raise ValueError, in words of our own, for keys that do not belong together.

    of_pairs: keys that only pairs have, such as text.tags, and whether the recipe uses them.
    """
    if FAMILIES[task] != family:
        raise ValueError(
            f"task={task} trains a model of family={FAMILIES[task]}, not {family}; leave one of the two keys out"
        )
    _check_model(family, model)
    if task == "translation":
        _check_pairs(data)
        return
    _check_texts(data)
    for key, is_used in of_pairs.items():
        if is_used:
            raise ValueError(f"{key} is for translation; remove it, as task={task} has no pairs")


def _check_model(family: str, model: ModelSettings) -> None:
    known = own_settings(family)
    for name in model.changes:
        if name not in known:
            layers = " or ".join(f"model.{one}" for one in known if one.endswith("layers"))
            remedy = f"set {layers}" if name.endswith("layers") else "remove it"
            raise ValueError(f"model.{name} is no setting of family={family}; {remedy}")
    presets = FAMILY_PRESETS[family]
    if model.preset not in (None, *presets):
        raise ValueError(f"model.preset={model.preset} is no model of family={family}; choose {', '.join(presets)}")


def _check_pairs(data: Data) -> None:
    for key, corpora in (("train", data.train), ("validate", data.validation)):
        if any(not isinstance(one, CorpusSettings) for one in corpora):
            raise ValueError(
                f"data.{key} names a text, but task=translation learns from pairs; name source and target, or set "
                "task=language-modelling"
            )


def _check_texts(data: Data) -> None:
    for key, corpora in (("train", data.train), ("validate", data.validation)):
        if any(isinstance(one, CorpusSettings) for one in corpora):
            raise ValueError(
                f"data.{key} names source and target, but task=language-modelling learns from texts; name text, or "
                "set task=translation"
            )
    if any(isinstance(one, ShareSettings) for one in data.train):
        raise ValueError("data.train.share is what is kept back to validate with; write validate: {share: 0.1}")
    shares = [one for one in data.validation if isinstance(one, ShareSettings)]
    if shares and len(data.validation) > 1:
        raise ValueError("data.validate has a share beside other texts; keep one of them")
    if data.embedded is not None:
        raise ValueError(f"data.embedded={data.embedded.corpus} is a corpus of pairs; name a text in data.train")


def texts_to_validate(data: Data) -> tuple[TextSettings, ...]:
    """The texts that are named to validate with; none where a share of the training texts is."""
    return tuple(one for one in data.validation if isinstance(one, TextSettings))


def share_to_validate(data: Data) -> float:
    """How much of the end of each training text is kept back to validate with; 0 for none."""
    return next((one.share for one in data.validation if isinstance(one, ShareSettings)), 0.0)

"""Which classes of transformers clearhead imports, by the model_type of a config.json."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from clearhead.errors import InteropError
from clearhead.interop import bart, bert, gpt2, llama, t5
from clearhead.interop.foreign import Foreign, Plan


class ForeignClass(NamedTuple):
    """prefix: what precedes the names of the base model's tensors in a file of a head model. plan: what becomes of it.

    tokens: how its tokenizer is read where there is no tokenizer.json; see `interop/tokens.py`.
    """

    prefix: str
    plan: Callable[[Foreign], Plan]
    tokens: str


_LLAMA: Final = ForeignClass(llama.PREFIX, llama.llama, "llama")
_ROBERTA: Final = ForeignClass("roberta.", bert.roberta, "roberta")
CLASSES: Final[Mapping[str, ForeignClass]] = MappingProxyType(
    {
        "bart": ForeignClass(bart.PREFIX, bart.bart, "roberta"),
        "bert": ForeignClass("bert.", bert.bert, "bert"),
        "distilbert": ForeignClass("distilbert.", bert.distilbert, "bert"),
        "electra": ForeignClass("electra.", bert.electra, "bert"),
        "gpt2": ForeignClass(gpt2.PREFIX, gpt2.gpt2, "gpt2"),
        "llama": _LLAMA,
        "marian": ForeignClass(bart.PREFIX, bart.marian, "marian"),
        "mbart": ForeignClass(bart.PREFIX, bart.mbart, ""),
        "mistral": _LLAMA,
        "mt5": ForeignClass("", t5.mt5, "t5"),
        "pegasus": ForeignClass(bart.PREFIX, bart.pegasus, "pegasus"),
        "qwen2": ForeignClass(llama.PREFIX, llama.llama, ""),
        "qwen3": ForeignClass(llama.PREFIX, llama.llama, ""),
        "roberta": _ROBERTA,
        "t5": ForeignClass("", t5.t5, "t5"),
        "xlm-roberta": ForeignClass("roberta.", bert.roberta, "xlm-roberta"),
    }
)


# What a head's tensors begin with, which do not stand under the name of the base model.
HEADS: Final = (
    "lm_head.", "final_logits_bias", "cls.", "classifier.", "pre_classifier.", "vocab_", "generator_",
)  # fmt: skip


def full_name(prefix: str, name: str) -> str:
    """A tensor's whole name in a file of a head model. prefix: that of its base model."""
    return name if name.startswith(HEADS) else f"{prefix}{name}"


def class_named(name: object, place: str) -> ForeignClass:
    """Raises InteropError for a model_type that clearhead has no names for."""
    if name is None:
        raise InteropError(
            f"{place} has no model_type, and the tensors do not say it; write one into it, of "
            f"{', '.join(sorted(CLASSES))}"
        )
    if not isinstance(name, str) or name not in CLASSES:
        raise InteropError(f"{place} has model_type={name!r:.60}; clearhead imports {', '.join(sorted(CLASSES))}")
    return CLASSES[name]

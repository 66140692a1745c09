"""From a model of another program to a bundle of ours, and a report of what was done."""

import dataclasses
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clearhead.bundle.foreign import write_arrays
from clearhead.bundle.settings import Settings
from clearhead.decoding import Rules
from clearhead.errors import ConfigError, InteropError
from clearhead.interop.classes import ForeignClass, class_named
from clearhead.interop.foreign import Foreign, ForeignSettings, Numbers, Plan
from clearhead.interop.generation import Decoding, decoding_of, generation_values, not_honoured
from clearhead.interop.hub import fetched, is_hub_name
from clearhead.interop.pair_tokens import pair_tokenizers
from clearhead.interop.parts import Parts, open_parts
from clearhead.interop.tokens import begins_documents, roles_of, sample_difference
from clearhead.model.config import EncoderOnlyConfig, TransformerConfig
from clearhead.model.shapes import parameter_shapes, shared_names
from clearhead.text import LibraryTokenizer

# Spelled otherwise in files of 2018 and 2019.
_OLDER: Final = {".gamma": ".weight", ".beta": ".bias"}
_SAMPLES: Final = (
    "The animal didn't cross the street because it was too tired.", "나는 너무 피곤해서 길을 건너지 않았다.",
    "An example, with numbers: 3.14 and 1,000.", "🙂 emoji 👍🏽", "  two  spaces", "def f(x):\n\treturn x",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """What an import did. tied: pairs of names that are one matrix here. ignored: names, and why nobody needs them.

    lines: how many sample lines were cut. changed: how many of them read otherwise once they are put together again.
    """

    kind: str
    task: str
    parameters: int
    used: int
    tied: tuple[tuple[str, str], ...]
    ignored: Mapping[str, str]
    tokens: int
    lines: int
    changed: int

    def __str__(self) -> str:
        tied = ", ".join(f"{one} is {other}" for one, other in self.tied) or "none"
        ignored = ", ".join(f"{name} ({why})" for name, why in self.ignored.items()) or "none"
        kept = "all read as they were" if not self.changed else f"{self.changed} read otherwise afterwards"
        return (
            f"{self.kind}: {self.parameters:,} parameters, for {self.task}\n"
            f"tensors used: {self.used:,}\ntied: {tied}\nignored: {ignored}\n"
            f"tokens: {self.tokens:,}; of {self.lines} sample lines {kept}"
        )


def import_model(place: str | Path, out: str | Path) -> Report:
    """Write a bundle of the model in a folder of Hugging Face's, in a GGUF file, or on the hub, to the folder `out`.

    Raises InteropError in one line for what clearhead has not, by its key and value, and for a tensor that is missing.
    """
    parts = open_parts(fetched(str(place)) if is_hub_name(place) else Path(place))
    settings = ForeignSettings(parts.values, parts.place)
    known = class_named(parts.values.get("model_type"), parts.place)
    foreign = named(parts, settings, known.prefix)
    plan = _planned(known, foreign, parts)
    weights, used = taken(plan, foreign)
    ignored = left_over(plan, foreign, used)
    tokenizers = _tokenizers(parts, plan)
    tokenizer = tokenizers[0]
    ignored |= _rules_left_out(parts, plan, tokenizer.end)
    own = settings_of(parts, plan, tokenizer)
    lines, changed = sample_difference(tokenizer, _SAMPLES)
    report = Report(
        str(parts.values["model_type"]), own.task, sum(one.size for one in weights.values()), len(used), _tied(plan),
        ignored, tokenizer.size, lines, changed,
    )  # fmt: skip
    card = f"# {own.name}\n\nImported by clearhead.\n\n{report}\n"
    write_arrays(Path(out), plan.config, weights, tokenizers, own, card)
    return report


def _rules_left_out(parts: Parts, plan: Plan, end: int) -> dict[str, str]:
    """What the folder asks of decoding that clearhead has not, of a model that writes."""
    if isinstance(plan.config, EncoderOnlyConfig):
        return {}
    told = generation_values(parts.values, parts.generation, plan.task)
    return not_honoured(told, end, is_causal=not isinstance(plan.config, TransformerConfig))


def _decoding(parts: Parts, plan: Plan, end: int) -> Decoding:
    """How a model writes that is told to; one that only reads has what is usual."""
    if isinstance(plan.config, EncoderOnlyConfig):
        return Decoding(1, "mean:1.0", "clearhead", Rules())
    is_pair = isinstance(plan.config, TransformerConfig)
    rows = plan.config.target_vocabulary if isinstance(plan.config, TransformerConfig) else plan.config.vocabulary
    told = generation_values(parts.values, parts.generation, plan.task)
    found = decoding_of(told, parts.place, end, rows, is_causal=not is_pair)
    return found if is_pair else found._replace(beam_size=1)


def named(parts: Parts, settings: ForeignSettings, prefix: str) -> Foreign:
    """The tensors by the names of their class, whether they were saved with the base model's prefix or without."""
    names: dict[str, str] = {}
    for name in parts.shapes:
        own = name.removeprefix(prefix)
        for older, newer in _OLDER.items():
            own = own.removesuffix(older) + newer if own.endswith(f"LayerNorm{older}") else own
        if own in names:
            raise InteropError(f"{settings.place}: the weights have both {names[own]} and {name}; remove one of them")
        names[own] = name
    shapes = {own: parts.shapes[name] for own, name in names.items()}
    return Foreign(settings, shapes, lambda own: parts.reads(names[own]))


def taken(plan: Plan, foreign: Foreign) -> tuple[dict[str, Numbers], set[str]]:
    """Our weights by name, and which tensors they are made of. Raises InteropError where one is missing or differs."""
    found, used = {}, set()
    for name, shape in parameter_shapes(plan.config).items():
        source = plan.names[name]
        numbers = source.change(foreign.read(source.name))
        if numbers.shape != shape:
            raise InteropError(
                f"{foreign.settings.place}: {source.name} has shape {foreign.shapes[source.name]}, which is not what "
                "the settings say; copy the model's folder again"
            )
        found[name] = numbers
        used.add(source.name)
    return found, used


def left_over(plan: Plan, foreign: Foreign, used: set[str]) -> dict[str, str]:
    """The tensors that are not used, and why. Raises InteropError for one that nobody knows."""
    shared = {plan.names[name].name for name in shared_names(plan.config) if name in plan.names}
    found: dict[str, str] = {}
    for name in foreign.shapes.keys() - used:
        reasons = (reason for pattern, reason in plan.ignored.items() if re.fullmatch(pattern, name))
        reason = "tied" if name in shared else next(reasons, None)
        if reason is None:
            raise InteropError(
                f"{foreign.settings.place}: the weights have {name}, which clearhead has no place for in such a model; "
                "it would be another model without it"
            )
        found[name] = reason
    return dict(sorted(found.items()))


def _planned(known: ForeignClass, foreign: Foreign, parts: Parts) -> Plan:
    try:
        plan = known.plan(foreign)
    except ConfigError as error:
        raise InteropError(f"{foreign.settings.place} asks for what clearhead has not: {error}") from None
    if parts.pooling is None:
        return plan
    if not isinstance(plan.config, EncoderOnlyConfig):
        raise InteropError(f"{foreign.settings.place}: a sentence encoder of this class is none that clearhead has")
    # A sentence encoder's pooler is another model's: its vectors are made of those of tokens.
    config = dataclasses.replace(plan.config, pooler=False)
    ignored = {**plan.ignored, r"pooler\.dense\..*": "its vectors are those of tokens"}
    return dataclasses.replace(plan, config=config, ignored=ignored, pooling=parts.pooling)


def _tied(plan: Plan) -> tuple[tuple[str, str], ...]:
    """A matrix that is stored once stands here under our name for the other."""
    pairs = [(ours, plan.names[ours].name, plan.names[one].name) for ours, one in shared_names(plan.config).items()]
    return tuple((ours if name == other else name, other) for ours, name, other in pairs)


def _tokenizers(parts: Parts, plan: Plan) -> tuple[LibraryTokenizer, LibraryTokenizer]:
    """The source's and the target's, which are one of a model of one stack."""
    if isinstance(plan.config, TransformerConfig):
        documents = parts.document, parts.target_document
        values = generation_values(parts.values, parts.generation, plan.task)
        return pair_tokenizers(documents, parts.special, values, plan.config, parts.place)
    roles = roles_of(parts.document, parts.special, parts.values, plan.config.vocabulary)
    tokenizer = LibraryTokenizer(parts.document, roles, parts.place)
    return tokenizer, tokenizer


def settings_of(parts: Parts, plan: Plan, tokenizer: LibraryTokenizer) -> Settings:
    """How the bundle is used. A causal model with a template for conversations is one that answers."""
    documents, task, decoding = None, plan.task, _decoding(parts, plan, tokenizer.end)
    if task == "language-modelling":
        documents = "line" if begins_documents(tokenizer) else "file"
        task = task if parts.template is None else "chat"
    elif isinstance(plan.config, EncoderOnlyConfig):
        _require_frame(tokenizer, parts.place)
    return Settings(
        parts.name, (), decoding.beam_size, decoding.length_penalty, 1, task, documents, plan.labels,
        pooling=plan.pooling, template=parts.template if task == "chat" else None,
        search=decoding.search, rules=decoding.rules, origin=str(parts.values["model_type"]),
        **writing_of(parts, plan, tokenizer),
    )  # fmt: skip


def _require_frame(tokenizer: LibraryTokenizer, place: str) -> None:
    if tokenizer.framed("a") != [tokenizer.begin, *tokenizer.encode("a"), tokenizer.end]:
        begin, end = tokenizer.pieces([tokenizer.begin, tokenizer.end])
        raise InteropError(
            f"{place}: its tokenizer reads a text otherwise than between {begin} and {end}; clearhead has no other way"
        )


def writing_of(parts: Parts, plan: Plan, tokenizer: LibraryTokenizer) -> dict[str, Any]:
    """How a causal model writes, as generation_config.json says: all its ends, and how it draws where it does."""
    if plan.task != "language-modelling":
        return {}
    told, rows = parts.generation, tokenizer.size
    ends = [one.get("eos_token_id") for one in (told, parts.values)]
    known = itertools.chain.from_iterable(one if isinstance(one, list) else [one] for one in ends)
    others = {one for one in known if type(one) is int and 0 <= one < rows} - {tokenizer.end}
    drawn = {name: told[name] for name in ("temperature", "top_k", "top_p") if told.get(name)}
    # Where a file says nothing of drawing, it is as of every model here.
    sampling = drawn if told.get("do_sample") else {"top_k": 1} if told.get("do_sample") is False else {}
    return {"ends": tuple(sorted(others)), "sampling": sampling}

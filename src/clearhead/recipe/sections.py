"""What a recipe may say: one checked, frozen section for each of its keys."""

import contextlib
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticKnownError

from clearhead.bounds import REAL, WHOLE
from clearhead.model import PRESETS, TransformerConfig
from clearhead.model.config import MOST_SIZES, Activation, NormKind, NormPlacement, PositionKind, Sharing
from clearhead.recipe.plain_yaml import write_yaml
from clearhead.recipe.spelling import shown


def _no_switch(kind: Literal["int_type", "float_type"]) -> BeforeValidator:
    """Refuses true and false, which pydantic reads as 1 and 0: whoever wrote them meant another key."""

    def refuse(value: object) -> object:
        if isinstance(value, bool):
            raise PydanticKnownError(kind)
        return value

    return BeforeValidator(refuse)


# Every number of a recipe is one of these.
Whole = Annotated[int, _no_switch("int_type")]
Real = Annotated[float, _no_switch("float_type")]
# Nothing that a run can use is refused by these bounds; they keep a mistyped or hostile number from filling the memory,
# from running for ever, or from becoming infinite in a product.
Rate = Annotated[Real, Field(ge=0.0, lt=1.0)]
Weight = Annotated[Real, Field(gt=0.0, le=1000.0)]
Factor = Annotated[Real, Field(ge=0.0, le=1e6)]
Count = Annotated[Whole, Field(gt=0, le=10**9)]
CountOrNone = Annotated[Whole, Field(ge=0, le=10**9)]
Pieces = Annotated[Whole, Field(gt=0, le=MOST_SIZES["source_vocabulary"])]
# Below what a generator takes, with room for a step's number after it.
Seed = Annotated[Whole, Field(ge=0, lt=2**40)]
BeamSize = Annotated[Whole, Field(ge=WHOLE["beam_size"][0], le=WHOLE["beam_size"][1])]
LEAST_ALPHA, MOST_ALPHA = REAL["alpha"]
# The forms that `decoding.LengthPenalty` reads, which lies beside this room.
PENALTY_FORMS = f"none, gnmt:ALPHA or mean:ALPHA with ALPHA from {LEAST_ALPHA:g} to {MOST_ALPHA:g}, such as mean:1.0"


def _size(name: str, least: int = 1) -> Any:
    """A size of the model, up to what `TransformerConfig` takes."""
    return Field(ge=least, le=MOST_SIZES[name])


def _is_penalty(text: str) -> str:
    name, _, number = text.partition(":")
    with contextlib.suppress(ValueError):
        if text == "none" or (name in {"gnmt", "mean"} and LEAST_ALPHA <= float(number) <= MOST_ALPHA):
            return text
    raise ValueError(f"{text[:40]!r} is not allowed: expected {PENALTY_FORMS}")


class _Section(pydantic.BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class CorpusSettings(_Section):
    """Two line-aligned files. `weight` 2 shows each pair twice an epoch; 0.5 shows half of them, drawn anew."""

    source: str
    target: str
    from_language: str | None = Field(None, alias="from")
    to_language: str | None = Field(None, alias="to")
    weight: Weight = 1.0


class BuiltInCorpus(_Section):
    """A corpus that clearhead writes itself, into its cache, instead of `folder`.

    grammar: which version of its grammar wrote it; training fills this in, so that a model tells what it was made from.
    """

    corpus: Literal["street"]
    pairs: Annotated[Whole, Field(gt=0, le=10**7)]
    seed: Seed = 1
    grammar: str | None = None


class FilterSettings(_Section):
    """Which training pairs are left out: too long, too unequal in length, or seen before."""

    max_tokens: Count | None = None
    max_ratio: Annotated[Real, Field(ge=1.0, le=1e6)] | None = None
    deduplicate: bool = False


def _as_list(value: object) -> object:
    if value is None:
        raise PydanticKnownError("missing")  # A key with nothing behind it.
    return value if isinstance(value, list | tuple) else [value]


Corpora = Annotated[tuple[CorpusSettings, ...], BeforeValidator(_as_list), Field(min_length=1)]


class Data(_Section):
    """Which files to learn from: those in `folder` (relative to the recipe's own folder), or an `embedded` corpus's."""

    folder: str | None = None
    embedded: BuiltInCorpus | None = None
    train: Corpora
    validation: Corpora = Field(alias="validate")
    filters: FilterSettings = FilterSettings()

    @model_validator(mode="after")
    def _one_place(self) -> "Data":
        if self.folder is not None and self.embedded is not None:
            raise ValueError("folder and embedded both say where the files are; remove one of them")
        return self


class Text(_Section):
    """How text becomes pieces. `tags` puts the target's language before each source: one model then serves several.

    normalize: folded reads typographic quotes, apostrophes and spaces as the plain ones and leaves out what cannot be
    seen, then as nfc, which only brings each character into one form (Unicode's NFC), as version 0.1 did.
    merge_dropout: with what probability a piece is undone in training into the two that it was merged from, and then
    each of them, anew in each epoch: in the manner of BPE-dropout, whose 0.1 lengthens text as 0.13 to 0.2 does here.
    It is meant for scarce text and long runs. 0 disables it.
    size: None where it is to be chosen by how much text there is; training fills it in.
    """

    kind: Literal["bpe"] = "bpe"
    size: Pieces | None = None
    joint: bool = True
    normalize: Literal["folded", "nfc"] = "folded"
    tags: bool = False
    merge_dropout: Rate = 0.0


Preset = Literal["paper_base", "paper_big", "multi30k_tiny", "street"]


class ModelSettings(_Section):
    """A preset, and whatever differs from it.

    preset: None where it is to be chosen by how much text there is; training fills it in.
    """

    preset: Preset | None = None
    width: Annotated[Whole, _size("width")] | None = None
    heads: Annotated[Whole, _size("heads")] | None = None
    inner_width: Annotated[Whole, _size("inner_width")] | None = None
    encoder_layers: Annotated[Whole, _size("encoder_layers", 0)] | None = None
    decoder_layers: Annotated[Whole, _size("decoder_layers", 0)] | None = None
    dropout: Rate | None = None
    attention_dropout: Rate | None = None
    activation_dropout: Rate | None = None
    positions: PositionKind | None = None
    max_length: Annotated[Whole, _size("max_length")] | None = None
    norm_placement: NormPlacement | None = None
    norm: NormKind | None = None
    activation: Activation | None = None
    share_embeddings: Sharing | None = None

    def config(self, source_vocabulary: int, target_vocabulary: int) -> TransformerConfig:
        """The model's sizes for these vocabularies, the paper's base where there is no preset.

        Raises ConfigError where they contradict each other.
        """
        # A preset shares its embeddings, so it is made for one vocabulary; the recipe may then say otherwise.
        preset = PRESETS[self.preset or "paper_base"](target_vocabulary, target_vocabulary)
        values = {name: getattr(preset, name) for name in TransformerConfig.__dataclass_fields__}
        changes = self.model_dump(exclude={"preset"}, exclude_none=True) | {"source_vocabulary": source_vocabulary}
        return TransformerConfig(**(values | changes))


class LossSettings(_Section):
    """Cross-entropy with label smoothing (section 5.4).

    r_drop: how much it costs that two passes over a batch, with dropout of their own, differ: α of R-Drop, 5 in its
    paper. It takes twice the time a step and pays where text is scarce. 0 for one pass.
    """

    label_smoothing: Rate = 0.1
    r_drop: Factor = 0.0


class OptimizerSettings(_Section):
    """AdamW; with weight_decay 0 it is the paper's Adam (section 5.3). `clip` is gradient clipping by norm.

    muon: matrices inside layers follow their momentum made orthogonal (Jordan et al. 2024), all others AdamW.
    matrix_peak: what the highest learning rate of those matrices is; for all others it is the schedule's `peak`.
    """

    name: Literal["adamw", "muon"] = "adamw"
    matrix_peak: Annotated[Real, Field(gt=0.0, le=1000.0)] = 0.02
    betas: tuple[Rate, Rate] = (0.9, 0.98)
    epsilon: Annotated[Real, Field(gt=0.0, le=1.0)] = 1e-9
    weight_decay: Factor = 0.01
    clip: Annotated[Real, Field(gt=0.0, le=1e9)] | None = 1.0


class Schedule(_Section):
    """The learning rate.

    `peak` is its highest value, 0.001 where none is given; for "paper" it is a factor on section 5.3's formula, 1 where
    none is given. `warmup` is the number of steps over which it rises.
    """

    name: Literal["paper", "linear", "cosine", "constant"] = "linear"
    peak: Annotated[Real, Field(gt=0.0, le=1000.0)] = Field(
        default_factory=lambda values: 1.0 if values.get("name") == "paper" else 1e-3
    )
    warmup: CountOrNone = 400


class Average(_Section):
    """Which weights are validated and kept: an exponential moving average of them, or the newest."""

    name: Literal["ema", "none"] = "ema"
    decay: Rate = 0.995


_COUNT = pydantic.TypeAdapter(Count)
_SWITCH = pydantic.TypeAdapter(bool)


def _auto_or_tokens(value: object) -> object:
    if value == "auto":
        return value
    with contextlib.suppress(pydantic.ValidationError):
        return _COUNT.validate_python(value)
    raise ValueError(f"{shown(value)} is not allowed: expected auto, or a whole number of tokens such as 128")


def _auto_or_switch(value: object) -> object:
    if value == "auto":
        return value
    with contextlib.suppress(pydantic.ValidationError):
        if isinstance(value, bool | str):
            return _SWITCH.validate_python(value)
    raise ValueError(f"{shown(value)} is not allowed: expected auto, true or false")


Tokens = Annotated[int | Literal["auto"], BeforeValidator(_auto_or_tokens)]
Switch = Annotated[bool | Literal["auto"], BeforeValidator(_auto_or_switch)]


def _as_list_or_none(value: object) -> object:
    """A key with nothing behind it is an empty list, as where each of its lines is a comment now."""
    return () if value is None else _as_list(value)


Patterns = Annotated[
    tuple[Annotated[str, Field(max_length=200)], ...], BeforeValidator(_as_list_or_none), Field(max_length=100)
]


class Training(_Section):
    """How to train. `batch_tokens` bounds the larger padded side of a batch; a step sums `accumulate` batches.

    packing: sequence packing, several pairs fill a row of `packed_length` places, so that all batches have one shape.
    compile, graph: what that makes possible on a GPU: layers through torch.compile, a whole step as one CUDA graph.
    freeze: the weights that do not learn, by their names in model.safetensors, as in encoder.*.
    precision: in which numbers products are computed. bundle_precision: in which the bundle's weights are stored.
    """

    steps: Count
    batch_tokens: Tokens = 4096
    packing: bool = False
    packed_length: Tokens = "auto"
    compile: Switch = "auto"
    graph: Switch = "auto"
    accumulate: Count = 1
    loss: LossSettings = LossSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: Schedule = Schedule()
    average: Average = Average()
    freeze: Patterns = ()
    validate_every: Count = 500
    validate_sentences: CountOrNone = 200
    select_by: Literal["loss", "bleu", "chrf"] = "loss"
    checkpoint_every: Count = 500
    keep_checkpoints: Count = 2
    log_every: Count = 50
    patience: Count | None = 5
    seed: Seed = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    bundle_precision: Literal["fp32", "fp16"] = "fp32"

    @model_validator(mode="after")
    def _something_to_select_by(self) -> "Training":
        if self.select_by != "loss" and not self.validate_sentences:
            raise ValueError(
                f"select_by={self.select_by} needs translations; set validate_sentences=200, or select_by=loss"
            )
        return self

    @model_validator(mode="after")
    def _a_peak_for_matrices(self) -> "Training":
        if self.optimizer.name == "muon" and self.schedule.name == "paper":
            raise ValueError(
                "schedule.name=paper has no highest rate that optimizer.matrix_peak could stand for; "
                "set schedule.name=linear, or optimizer.name=adamw"
            )
        return self

    @model_validator(mode="after")
    def _one_shape(self) -> "Training":
        for name, value in (("compile", self.compile), ("graph", self.graph)):
            if value is True and not self.packing:
                raise ValueError(f"{name}=true needs batches of one shape; set packing=true, or {name}=auto")
        return self


class DecodingSettings(_Section):
    """How the trained model translates unless told otherwise."""

    beam_size: BeamSize = 5
    length_penalty: Annotated[str, AfterValidator(_is_penalty)] = "mean:1.0"


class Recipe(_Section):
    """All that a run is made from."""

    name: str
    family: Literal["encoder-decoder"] = "encoder-decoder"
    data: Data
    text: Text = Text()
    model: ModelSettings = ModelSettings()
    training: Training
    decoding: DecodingSettings = DecodingSettings()

    def to_yaml(self) -> str:
        """The recipe with every default written out; reading it gives the same recipe."""
        return write_yaml(_plain(self))


def _plain(value: Any) -> Any:
    """A section as YAML has it, without what is absent by default: a null says that a default was turned off."""
    if isinstance(value, _Section):
        fields = type(value).model_fields
        items = {name: getattr(value, name) for name in fields}
        return {
            fields[name].alias or name: _plain(item)
            for name, item in items.items()
            if item is not None or fields[name].default is not None
        }
    return [_plain(item) for item in value] if isinstance(value, tuple) else value

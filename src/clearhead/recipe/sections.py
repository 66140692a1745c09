"""What a recipe may say: one checked, frozen section for each of its keys."""

import contextlib
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from clearhead.bounds import REAL, WHOLE
from clearhead.recipe.corpora import OLD, Data, FilterSettings
from clearhead.recipe.jobs import check_figure, check_masking, check_task, with_task
from clearhead.recipe.model_settings import ModelSettings
from clearhead.recipe.plain_yaml import write_yaml
from clearhead.recipe.spelling import shown
from clearhead.recipe.values import (
    Count,
    CountOrNone,
    Factor,
    Patterns,
    Pieces,
    Rate,
    Real,
    Section,
    Seed,
    Whole,
    as_list_or_none,
)

Share = Annotated[Real, Field(ge=0.0, le=1.0)]
BeamSize = Annotated[Whole, Field(ge=WHOLE["beam_size"][0], le=WHOLE["beam_size"][1])]
LEAST_ALPHA, MOST_ALPHA = REAL["alpha"]
# The forms that `decoding.LengthPenalty` reads, which lies beside this room.
PENALTY_FORMS = f"none, gnmt:ALPHA or mean:ALPHA with ALPHA from {LEAST_ALPHA:g} to {MOST_ALPHA:g}, such as mean:1.0"


def _is_penalty(text: str) -> str:
    name, _, number = text.partition(":")
    with contextlib.suppress(ValueError):
        if text == "none" or (name in {"gnmt", "mean"} and LEAST_ALPHA <= float(number) <= MOST_ALPHA):
            return text
    raise ValueError(f"{text[:40]!r} is not allowed: expected {PENALTY_FORMS}")


NewTokens = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], BeforeValidator(as_list_or_none),
    Field(max_length=1000),
]  # fmt: skip


class Text(Section):
    """How text becomes pieces. `tags` puts the target's language before each source: one model then serves several.

    kind: pieces of words and the single bytes, merged (bpe) or of a language model (unigram); or one piece for each
    word, or for each character.
    normalize: folded reads typographic quotes, apostrophes and spaces as the plain ones and leaves out what cannot be
    seen, then as nfc, which only brings each character into one form (Unicode's NFC), as version 0.1 did.
    split: where text is cut into words before it is cut into pieces, none of which goes across such a place. words cuts
    at spaces and between letters, digits and signs; scripts also between scripts, as in "iPhone을", and learns no piece
    of more than 8 characters in scripts that are written without spaces.
    merge_dropout: with what probability a piece is undone in training into the two that it was merged from, and then
    each of them, anew in each epoch: in the manner of BPE-dropout, whose 0.1 lengthens text as 0.13 to 0.2 does here.
    It is meant for scarce text and long runs. 0 disables it.
    size: None where it is to be chosen by how much text there is; training fills it in.
    template: how a conversation is written, in Jinja, for a chat model that was trained elsewhere; None for its own,
    which training fills in.
    tokens: texts that become one token each of a trained model. symbols: special tokens, such as a template's, of one
    that was trained elsewhere: nothing that is typed becomes one.
    """

    kind: Literal["bpe", "unigram", "words", "characters"] = "bpe"
    size: Pieces | None = None
    joint: bool = True
    normalize: Literal["folded", "nfc"] = "folded"
    split: Literal["words", "scripts"] = "words"
    tags: bool = False
    merge_dropout: Rate = 0.0
    template: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None
    tokens: NewTokens = ()
    symbols: NewTokens = ()

    @model_validator(mode="after")
    def _kind_has_it(self) -> "Text":
        for name, plain, kinds in (
            ("tags", False, ("bpe", "unigram", "words")),
            ("split", "words", ("bpe", "unigram")),
            ("merge_dropout", 0.0, ("bpe",)),
        ):
            if (value := getattr(self, name)) != plain and self.kind not in kinds:
                raise ValueError(
                    f"{name}={shown(value)} is for kind={', '.join(kinds)}, not kind={self.kind}; remove it"
                )
        return self


class LossSettings(Section):
    """Cross-entropy with label smoothing (section 5.4).

    r_drop: how much it costs that two passes over a batch, with dropout of their own, differ: α of R-Drop, 5 in its
    paper. It takes twice the time a step and pays where text is scarce. 0 for one pass.
    """

    label_smoothing: Rate = 0.1
    r_drop: Factor = 0.0


class MaskingSettings(Section):
    """Which pieces are masked, anew in each epoch, and are to be predicted (Devlin et al. 2019, section 3.1).

    share: how many of them. replaced: which part of these reads as the mask; random: which as a piece that is drawn;
    the others read as they are. batches: where a model reads both ways, how many batches are masked; in the others it
    predicts each next token.
    """

    share: Annotated[Real, Field(gt=0.0, lt=1.0)] = 0.15
    replaced: Share = 0.8
    random: Share = 0.1
    batches: Share | None = None

    @model_validator(mode="after")
    def _parts_of_one(self) -> "MaskingSettings":
        if self.replaced + self.random > 1.0 + 1e-9:
            raise ValueError(
                f"replaced={self.replaced:g} and random={self.random:g} are more than 1 together; lower one of them"
            )
        return self


class OptimizerSettings(Section):
    """AdamW; with weight_decay 0 it is the paper's Adam (section 5.3). `clip` is gradient clipping by norm.

    muon: matrices inside layers follow their momentum made orthogonal (Jordan et al. 2024), all others AdamW.
    matrix_peak: what the highest learning rate of those matrices is; for all others it is the schedule's `peak`.
    head_peak: that of a model's heads, such as a classifier, which are new where the rest was trained before.
    """

    name: Literal["adamw", "muon"] = "adamw"
    matrix_peak: Annotated[Real, Field(gt=0.0, le=1000.0)] = 0.02
    head_peak: Annotated[Real, Field(gt=0.0, le=1000.0)] | None = None
    betas: tuple[Rate, Rate] = (0.9, 0.98)
    epsilon: Annotated[Real, Field(gt=0.0, le=1.0)] = 1e-9
    weight_decay: Factor = 0.01
    clip: Annotated[Real, Field(gt=0.0, le=1e9)] | None = 1.0


class Schedule(Section):
    """The learning rate.

    `peak` is its highest value, 0.001 where none is given; for "paper" it is a factor on section 5.3's formula, 1 where
    none is given. `warmup` is the number of steps over which it rises.
    """

    name: Literal["paper", "linear", "cosine", "constant"] = "linear"
    peak: Annotated[Real, Field(gt=0.0, le=1000.0)] = Field(
        default_factory=lambda values: 1.0 if values.get("name") == "paper" else 1e-3
    )
    warmup: CountOrNone = 400


class Average(Section):
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


ClassWeights = Literal["none", "root", "balanced"]


Workers = Annotated[Whole, Field(ge=1, le=64)]


class Training(Section):
    """How to train. `batch_tokens` bounds the larger padded side of a batch; a step sums `accumulate` batches.

    packing: sequence packing, several pairs fill a row of `packed_length` places, so that all batches have one shape.
    compile, graph: what that makes possible on a GPU: layers through torch.compile, a whole step as one CUDA graph.
    masking: of tasks that predict masked pieces; None for others.
    workers: how many processes share the rows of each batch on a CPU, each on one thread, where the system is Linux.
    freeze: the weights that do not learn, by their names in model.safetensors, as in encoder.*.
    class_weights: how often texts of rare classes come in an epoch: balanced, as often as those of the most frequent
    one; root, by the root of that; none, as often as they are.
    precision: in which numbers products are computed. bundle_precision: in which the bundle's weights are stored.
    """

    steps: Count
    batch_tokens: Tokens = 4096
    packing: bool = False
    packed_length: Tokens = "auto"
    compile: Switch = "auto"
    graph: Switch = "auto"
    accumulate: Count = 1
    workers: Workers = 1
    loss: LossSettings = LossSettings()
    masking: MaskingSettings | None = None
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: Schedule = Schedule()
    average: Average = Average()
    freeze: Patterns = ()
    class_weights: ClassWeights = "none"
    validate_every: Count = 500
    validate_sentences: CountOrNone = 200
    validate_samples: CountOrNone = 3
    select_by: Literal["loss", "bleu", "chrf", "accuracy", "f1"] = "loss"
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
        if self.select_by in ("bleu", "chrf") and not self.validate_sentences:
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
        if self.optimizer.head_peak is not None and self.schedule.name == "paper":
            raise ValueError(
                "schedule.name=paper has no highest rate that optimizer.head_peak could stand for; "
                "set schedule.name=linear, or remove optimizer.head_peak"
            )
        return self

    @model_validator(mode="after")
    def _one_shape(self) -> "Training":
        for name, value in (("compile", self.compile), ("graph", self.graph)):
            if value is True and not self.packing:
                raise ValueError(f"{name}=true needs batches of one shape; set packing=true, or {name}=auto")
        return self


class DecodingSettings(Section):
    """How the trained model translates unless told otherwise.

    messages: how many of a conversation's messages, the newest, a chat model is given; None for as many as it has room
    for. 1 suits one that learned from single questions and their answers.
    """

    beam_size: BeamSize = 5
    length_penalty: Annotated[str, AfterValidator(_is_penalty)] = "mean:1.0"
    messages: Annotated[Count, Field(le=WHOLE["messages"][1])] | None = None


class Recipe(Section):
    """All that a run is made from."""

    name: str
    task: Literal[
        "translation",
        "summarisation",
        "language-modelling",
        "chat",
        "masked-next-token",
        "masked-language-modelling",
        "classification",
    ] = "translation"
    family: Literal["encoder-decoder", "decoder-only", "encoder-only"] = "encoder-decoder"
    data: Data
    text: Text = Text()
    model: ModelSettings = ModelSettings()
    training: Training
    decoding: DecodingSettings = DecodingSettings()

    _usual = model_validator(mode="before")(with_task)

    @model_validator(mode="after")
    def _belongs_together(self) -> "Recipe":
        text, used = self.text, {"data.filters": self.data.filters != FilterSettings()}
        used |= {"text.tags": text.tags, "text.joint": not text.joint}
        used["text.merge_dropout"] = text.merge_dropout > 0 and self.task != "classification"
        used["data.train.from, to, weight or tag"] = any(one.is_of_pairs for one in self.data.tables)
        check_task(self.task, self.family, self.data, self.model, used)
        if (old := self.data.replayed) is not None:
            if self.model.base is None:
                raise ValueError("data.replay is of a run that begins with a trained model; name it by model.from")
            if self.data.embedded is not None:
                raise ValueError(
                    "data.replay has files in data.folder, which data.embedded has not; write the corpus "
                    "to files by `clearhead corpus`, or leave replay out"
                )
            check_task(self.task, self.family, old, self.model, used)
            for name in self.data.validation_sets().keys() & old.validation_sets(OLD).keys():
                raise ValueError(
                    f"data.validate and data.replay.validate both have a set that is called {name}; rename one of them"
                )
        check_figure(self.task, self.training.select_by)
        for name, is_used in (
            ("data.labels", self.data.labels is not None),
            ("training.class_weights", self.training.class_weights != "none"),
        ):
            if is_used and self.task != "classification":
                raise ValueError(f"{name} is for classification; remove it, as task={self.task} has no classes")
        if (text.tokens or text.symbols) and self.model.base is None:
            raise ValueError("text.tokens and text.symbols are what model.from gets; name it, or remove them")
        if text.template is not None and (self.task != "chat" or self.model.base is None):
            raise ValueError(
                "text.template says how a chat model that was trained elsewhere is asked; remove it, or set task=chat "
                "and name that model by model.from"
            )
        masking = self.training.masking
        check_masking(self.task, masking is not None, masking is not None and masking.batches is not None)
        if self.decoding.messages is not None and self.task != "chat":
            raise ValueError(f"decoding.messages is for chat; remove it, as task={self.task} has no conversations")
        return self

    def to_yaml(self) -> str:
        """The recipe with every default written out; reading it gives the same recipe."""
        return write_yaml(_plain(self))


def _plain(value: Any) -> Any:
    """A section as YAML has it, without what is absent by default: a null says that a default was turned off."""
    if isinstance(value, Section):
        fields = type(value).model_fields
        items = {name: getattr(value, name) for name in fields}
        return {
            fields[name].alias or name: _plain(item)
            for name, item in items.items()
            if item is not None or fields[name].default is not None
        }
    return [_plain(item) for item in value] if isinstance(value, tuple) else value

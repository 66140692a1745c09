"""What to train, as checked data: a recipe is YAML, read here and nowhere else."""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import BeforeValidator, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt

from clearhead.errors import RecipeError
from clearhead.model import PRESETS, TransformerConfig
from clearhead.model.config import Activation, NormKind, NormPlacement, PositionKind, Sharing

# In an installed package the recipes lie inside it; in a checkout they are the repository's folder.
_SHIPPED = (Path(__file__).parent / "recipes", Path(__file__).parents[2] / "recipes")

Rate = Annotated[float, Field(ge=0.0, lt=1.0)]


class _Section(pydantic.BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class Corpus(_Section):
    """Two line-aligned files. `weight` 2 shows each pair twice an epoch; 0.5 shows half of them, drawn anew."""

    source: str
    target: str
    from_language: str | None = Field(None, alias="from")
    to_language: str | None = Field(None, alias="to")
    weight: PositiveFloat = 1.0


class Embedded(_Section):
    """A corpus that clearhead writes itself, into its cache, instead of `folder`."""

    corpus: Literal["street"]
    pairs: PositiveInt
    seed: NonNegativeInt = 1


class Filters(_Section):
    """Which training pairs are left out: too long, too unequal in length, or seen before."""

    max_tokens: PositiveInt | None = None
    max_ratio: Annotated[float, Field(ge=1.0)] | None = None
    deduplicate: bool = False


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Corpora = Annotated[tuple[Corpus, ...], BeforeValidator(_as_list), Field(min_length=1)]


class Data(_Section):
    """Which files to learn from. File names are relative to `folder`, which is relative to the recipe's own folder."""

    folder: str | None = None
    embedded: Embedded | None = None
    train: Corpora
    validation: Corpora = Field(alias="validate")
    filters: Filters = Filters()


class Text(_Section):
    """How text becomes pieces. `tags` puts the target's language before each source: one model then serves several."""

    kind: Literal["bpe"] = "bpe"
    size: PositiveInt = 8000
    joint: bool = True
    normalize: Literal["nfc"] = "nfc"
    tags: bool = False


class Model(_Section):
    """A preset, and whatever differs from it."""

    preset: Literal["paper_base", "paper_big", "multi30k_tiny", "street"] = "paper_base"
    width: PositiveInt | None = None
    heads: PositiveInt | None = None
    inner_width: PositiveInt | None = None
    encoder_layers: NonNegativeInt | None = None
    decoder_layers: NonNegativeInt | None = None
    dropout: Rate | None = None
    attention_dropout: Rate | None = None
    activation_dropout: Rate | None = None
    positions: PositionKind | None = None
    max_length: PositiveInt | None = None
    norm_placement: NormPlacement | None = None
    norm: NormKind | None = None
    activation: Activation | None = None
    share_embeddings: Sharing | None = None

    def config(self, source_vocabulary: int, target_vocabulary: int) -> TransformerConfig:
        """The model's sizes for these vocabularies. Raises ConfigError where they contradict each other."""
        preset = PRESETS[self.preset](source_vocabulary, target_vocabulary)
        values = {name: getattr(preset, name) for name in TransformerConfig.__dataclass_fields__}
        return TransformerConfig(**(values | self.model_dump(exclude={"preset"}, exclude_none=True)))


class Loss(_Section):
    """Cross-entropy with label smoothing (section 5.4)."""

    label_smoothing: Rate = 0.1


class Optimizer(_Section):
    """AdamW; with weight_decay 0 it is the paper's Adam (section 5.3). `clip` bounds the gradient's norm."""

    name: Literal["adamw"] = "adamw"
    betas: tuple[Rate, Rate] = (0.9, 0.98)
    epsilon: PositiveFloat = 1e-9
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.01
    clip: PositiveFloat | None = 1.0


class Schedule(_Section):
    """The learning rate. `peak` is its highest value; for "paper" it is a factor on section 5.3's formula."""

    name: Literal["paper", "linear", "cosine", "constant"] = "linear"
    peak: PositiveFloat = 1e-3
    warmup: NonNegativeInt = 400


class Average(_Section):
    """Which weights are validated and kept: an exponential moving average of them, or the newest."""

    name: Literal["ema", "none"] = "ema"
    decay: Rate = 0.995


class Training(_Section):
    """How to train. `batch_tokens` bounds the larger padded side of a batch; a step sums `accumulate` batches."""

    steps: PositiveInt
    batch_tokens: PositiveInt = 4096
    accumulate: PositiveInt = 1
    loss: Loss = Loss()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    average: Average = Average()
    validate_every: PositiveInt = 500
    validate_sentences: NonNegativeInt = 200
    select_by: Literal["loss", "bleu", "chrf"] = "loss"
    checkpoint_every: PositiveInt = 500
    keep_checkpoints: PositiveInt = 2
    log_every: PositiveInt = 50
    patience: PositiveInt | None = 5
    seed: NonNegativeInt = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"


class Decoding(_Section):
    """How the trained model translates unless told otherwise."""

    beam_size: PositiveInt = 5
    length_penalty: str = "mean:1.0"


class Recipe(_Section):
    """All that a run is made from."""

    name: str
    family: Literal["encoder-decoder"] = "encoder-decoder"
    data: Data
    text: Text = Text()
    model: Model = Model()
    training: Training
    decoding: Decoding = Decoding()

    def to_yaml(self) -> str:
        """The recipe with every default written out."""
        values = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110)


def find_recipe(name: str) -> Path:
    """The file that `name` means: a path, or the name of a recipe that comes with clearhead."""
    path = Path(name)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    shipped = {file.stem: file for folder in _SHIPPED for file in folder.glob("*.yaml")}
    if name not in shipped:
        raise RecipeError(f"recipe {name!r} is no file and none of clearhead's own: {', '.join(sorted(shipped))}")
    return shipped[name]


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe and set each `key=value` of `overrides` in it. Raises RecipeError in one plain line.

    `${NAME}` in any text is an environment variable. A relative `data.folder` is taken from the recipe's own folder.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecipeError(f"recipe {path} does not exist; expected a YAML file (see recipes/ for examples)") from None
    except IsADirectoryError:
        raise RecipeError(f"recipe {path} is a folder; expected a YAML file inside it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe {path} cannot be read as UTF-8 text ({error}); check the file") from None
    values = _expand(parse_recipe(text, str(path)), str(path))
    for override in overrides:
        _set(values, override)
    recipe = build_recipe(values, str(path))
    folder = path.parent / Path(recipe.data.folder or ".").expanduser()
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"folder": str(folder.absolute())})})


def build_recipe(values: Mapping[str, Any], origin: str) -> Recipe:
    """Check plain values against the recipe's form; `origin` names them in errors."""
    try:
        return Recipe.model_validate(values)
    except pydantic.ValidationError as error:
        raise RecipeError(f"{origin}: {_explain(error)}") from None


def parse_recipe(text: str, origin: str) -> dict[str, Any]:
    """The plain values of a recipe's YAML; `origin` names it in errors."""
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise RecipeError(f"{origin}{where}: {problem}; expected YAML such as `training: {{steps: 100}}`") from None
    if not isinstance(values, dict):
        kind = "nothing" if values is None else type(values).__name__
        raise RecipeError(f"{origin} holds {kind}; expected keys such as name, data, text, model and training")
    return values


def _expand(value: Any, origin: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, origin) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, origin) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda match: _variable(match[1], origin), value)
    return value


def _variable(name: str, origin: str) -> str:
    if name not in os.environ:
        raise RecipeError(f"{origin}: the environment variable {name} is not set; set it, as in `export {name}=/path`")
    return os.environ[name]


def _set(values: dict[str, Any], override: str) -> None:
    """Set `a.b.c=value`, in which value is YAML and a number names an item of a list."""
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"{override!r} is not key=value; write it as in training.steps=100")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise RecipeError(f"{override!r}: {text!r} is not a YAML value; quote it, as in name='\"a: b\"'") from None
    # YAML 1.1 reads 3e-3 as text, since it has no dot; a person means the number.
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?e[-+]?\d+", value):
        value = float(value)
    place: Any = values
    *path, last = key.strip().split(".")
    for part in path:
        place = _child(place, part, override)
    if isinstance(place, list):
        place[_position(place, last, override)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise RecipeError(f"{override!r}: {'.'.join(path)} is {place!r}, which has no {last}; see --print-recipe")


def _child(place: Any, part: str, override: str) -> Any:
    if isinstance(place, list):
        return place[_position(place, part, override)]
    if isinstance(place, dict):
        if place.get(part) is None:
            place[part] = {}
        return place[part]
    raise RecipeError(f"{override!r}: nothing lies below {place!r}; --print-recipe shows every key")


def _position(items: list[Any], part: str, override: str) -> int:
    if not part.isdigit() or int(part) >= len(items):
        raise RecipeError(f"{override!r}: {part!r} is not a place in a list of {len(items)}; the first is 0")
    return int(part)


def _explain(error: pydantic.ValidationError) -> str:
    """The first thing that is wrong, in one line, and how many more there are."""
    problems = error.errors(include_url=False)
    # An unknown key is named before the required one that it was probably meant to be.
    first = min(problems, key=lambda problem: problem["type"] != "extra_forbidden")
    place = [part for part in first["loc"] if not str(part).startswith("function-")]
    key = ".".join(str(part) for part in place)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if first["type"] == "extra_forbidden":
        return f"unknown key {key}; {_suggest(place)}{more}"
    if first["type"] == "missing":
        return f"{key} is missing; add it (docs/reference/recipe.md lists every key){more}"
    message = re.sub(r"^Input should be ", "expected ", first["msg"])
    return f"{key}={first['input']!r} is not allowed: {message}{more}"


def _suggest(place: Sequence[int | str]) -> str:
    known = _known_keys(place[:-1])
    close = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"


def _known_keys(place: Sequence[int | str]) -> list[str]:
    section: type[pydantic.BaseModel] = Recipe
    for part in place:
        if isinstance(part, int):
            continue
        field = next(field for name, field in section.model_fields.items() if part in {name, field.alias})
        section = _section_of(field.annotation)
    return [field.alias or name for name, field in section.model_fields.items()]


def _section_of(annotation: Any) -> type[pydantic.BaseModel]:
    """The section inside an annotation such as `Corpus`, `Embedded | None` or `tuple[Corpus, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    return next(_section_of(part) for part in annotation.__args__ if part not in {type(None), Ellipsis})

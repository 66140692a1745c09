"""Which keys of a recipe belong to its task, and what is usual there: a mixture is refused in one line."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from clearhead.recipe.corpora import CorpusSettings, Data, ShareSettings, TableSettings, TextSettings
from clearhead.recipe.model_settings import FAMILY_PRESETS, ModelSettings, own_settings
from clearhead.recipe.values import Section


class Job(NamedTuple):
    """family: that of its models. corpora: what it learns from, the usual kind first.

    figures: what a model may be selected by beside its loss.
    smooths: whether labels are smoothed unless a recipe says otherwise; perplexity is measured by the right token
    alone, so that where it tells how good a model is, the right token alone is learned.
    lacks: which keys of pairs it has no use for, though it learns from pairs.
    masking: what is usual for its masked places; None where it has none.
    columns: how many columns of a table an example is made of; None where any number will do.
    counts: what is predicted, as speed is told by it and the loss is a mean over it.
    """

    family: str
    corpora: tuple[type[Section], ...]
    figures: tuple[str, ...] = ()
    smooths: bool = True
    lacks: tuple[str, ...] = ()
    masking: Mapping[str, float] | None = None
    columns: int | None = None
    counts: str = "tokens"


class _Kind(NamedTuple):
    """As in "names a text", "learns from texts" and "name text"."""

    one: str
    many: str
    keys: str


_COUNTS: Final = {1: "one", 2: "two"}
_OF_TEXT: Final = (TextSettings, TableSettings)
JOBS: Final[Mapping[str, Job]] = MappingProxyType(
    {
        "translation": Job("encoder-decoder", (CorpusSettings, TableSettings), figures=("bleu", "chrf"), columns=2),
        "summarisation": Job(
            "encoder-decoder",
            (TableSettings, CorpusSettings),
            figures=("bleu", "chrf"),
            lacks=("text.tags",),
            columns=2,
        ),
        "language-modelling": Job("decoder-only", _OF_TEXT, smooths=False, columns=1),
        "chat": Job("decoder-only", (TableSettings,), smooths=False),
        "masked-next-token": Job("decoder-only", _OF_TEXT, smooths=False, masking={"batches": 0.5}, columns=1),
        "masked-language-modelling": Job(
            "encoder-only", _OF_TEXT, smooths=False, masking={}, columns=1, counts="masked tokens"
        ),
        "classification": Job(
            "encoder-only", (TableSettings,), figures=("accuracy", "f1"), smooths=False, counts="texts"
        ),
    }
)
# The family of each task's models; the first task of a family is what a recipe means that names the family alone.
FAMILIES: Final[Mapping[str, str]] = {name: job.family for name, job in JOBS.items()}
_KINDS: Final[Mapping[type[Section], _Kind]] = {
    CorpusSettings: _Kind("source and target", "pairs", "source and target"),
    TextSettings: _Kind("a text", "texts", "text"),
    TableSettings: _Kind("a table", "tables", "table"),
}


def with_task(values: Any) -> Any:
    """A recipe's plain values with its task and family, where it names one of them, and with what is usual there."""
    if not isinstance(values, dict):
        return values
    task, family = values.get("task"), values.get("family")
    if task is None and family in FAMILIES.values():
        task = next(name for name, of in FAMILIES.items() if of == family)
    job = JOBS.get(task) if isinstance(task, str) else None
    if family is None and job is not None:
        family = job.family
    named = {key: value for key, value in (("task", task), ("family", family)) if value is not None}
    training = values.get("training")
    if job is None or not isinstance(training, dict):
        return {**values, **named}
    usual = {} if job.smooths else {"loss": {"label_smoothing": 0.0}}
    return {**values, **named, "training": _with_usual(training, {**usual, **_masking(job)})}


def _masking(job: Job) -> dict[str, Any]:
    return {} if job.masking is None else {"masking": dict(job.masking)}


def _with_usual(training: dict[str, Any], usual: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """With what is usual, unless the recipe says otherwise."""
    found = dict(training)
    for section, values in usual.items():
        own = training.get(section, {})
        if isinstance(own, dict):
            found[section] = {**values, **own}
    return found


def check_task(task: str, family: str, data: Data, model: ModelSettings, of_pairs: Mapping[str, bool]) -> None:
    """Raise ValueError, in words of our own, for keys that do not belong together.

    of_pairs: keys that only pairs have, such as text.tags, and whether the recipe uses them.
    """
    job = JOBS[task]
    if job.family != family:
        raise ValueError(
            f"task={task} trains a model of family={job.family}, not {family}; leave one of the two keys out"
        )
    _check_model(family, model)
    _check_corpora(task, job, data)
    _check_sets(data)
    learns_pairs = CorpusSettings in job.corpora
    _check_columns(task, job.columns, data)
    if data.embedded is not None and task != "translation":
        raise ValueError(
            f"data.embedded={data.embedded.corpus} is a corpus of translations; name what to learn from in data.train"
        )
    for key, is_used in of_pairs.items():
        if is_used and (not learns_pairs or key in job.lacks):
            why = "writes in one language" if learns_pairs else "has no pairs"
            raise ValueError(f"{key} is for translation; remove it, as task={task} {why}")


def check_figure(task: str, select_by: str) -> None:
    """Raise ValueError where a run is to select by what its task does not measure."""
    figures = ("loss", *JOBS[task].figures)
    if select_by not in figures:
        raise ValueError(
            f"training.select_by={select_by} is not measured by task={task}; choose one of {', '.join(figures)}"
        )


def check_masking(task: str, is_set: bool, names_batches: bool) -> None:
    """Raise ValueError for `training.masking` where a task masks nothing, and for what it lacks where it does."""
    usual = JOBS[task].masking
    tasks = ", ".join(name for name, job in JOBS.items() if job.masking is not None)
    if usual is None and is_set:
        raise ValueError(f"training.masking is for {tasks}; remove it, as task={task} masks nothing")
    if usual is not None and not is_set:
        raise ValueError(f"training.masking is null, but task={task} predicts masked pieces; remove the key")
    if usual is not None and names_batches != ("batches" in usual):
        if names_batches:
            raise ValueError(f"training.masking.batches: remove it, as task={task} masks every batch")
        raise ValueError("training.masking.batches is null; set how many batches are masked, such as 0.5")


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


def _check_corpora(task: str, job: Job, data: Data) -> None:
    """Each of the training data is of a kind that the task learns from; a share of it may validate."""
    usual = _KINDS[job.corpora[0]]
    for key, corpora in (("train", data.train), ("validate", data.validation)):
        for one in corpora:
            if isinstance(one, (*job.corpora, ShareSettings)):
                continue
            kind = type(one)
            other = next((name for name, other in JOBS.items() if kind in other.corpora), None)
            instead = f", or set task={other}" if other else ""
            raise ValueError(
                f"data.{key} names {_KINDS[kind].one}, but task={task} learns from {usual.many}; "
                f"name {usual.keys}{instead}"
            )


def _check_sets(data: Data) -> None:
    """Names are those of sets to validate with, and a share is a set of its own."""
    if any(isinstance(one, ShareSettings) for one in data.train):
        raise ValueError("data.train.share is what is kept back to validate with; write validate: {share: 0.1}")
    if any(one.name is not None for one in data.train):
        raise ValueError("data.train.name names a set to validate with; remove it, or move it to data.validate")
    shares = [one for one in data.validation if isinstance(one, ShareSettings)]
    if len(shares) > 1:
        raise ValueError("data.validate has more than one share; keep one of them")
    for one in data.validation_sets().values():
        if share_to_validate(one) and len(one.validation) > 1:
            raise ValueError("data.validate has a share beside others; keep one of them, or give the others a name")


def _check_columns(task: str, columns: int | None, data: Data) -> None:
    """Of a table so many columns are read, where it is not any number."""
    for key, tables in (("train", data.tables), ("validate", tables_to_validate(data))):
        for one in tables:
            if columns is not None and one.columns is not None and len(one.columns) != columns:
                raise ValueError(
                    f"data.{key}.columns names {len(one.columns)} of {one.table:.60}, but task={task} learns from "
                    f"{_COUNTS[columns]}, as in columns: {[*range(1, columns + 1)]}"
                )


def texts_to_validate(data: Data) -> tuple[TextSettings, ...]:
    """The texts that are named to validate with; none where a share of the training texts is."""
    return tuple(one for one in data.validation if isinstance(one, TextSettings))


def tables_to_validate(data: Data) -> tuple[TableSettings, ...]:
    """The tables that are named to validate with; none where a share of the training tables is."""
    return tuple(one for one in data.validation if isinstance(one, TableSettings))


def share_to_validate(data: Data) -> float:
    """How much of the end of each training text or table is kept back to validate with; 0 for none."""
    return next((one.share for one in data.validation if isinstance(one, ShareSettings)), 0.0)

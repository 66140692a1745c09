"""The same sheets with the numbers of a trained model, rounded so that they can be worked out."""

from torch import Tensor

from clearhead.byhand.making import find_topic, finished
from clearhead.byhand.numbers import rounded
from clearhead.byhand.sheet import Rows, Sheet
from clearhead.byhand.topic import Start
from clearhead.byhand.words import Words
from clearhead.errors import UsageError
from clearhead.tracing import Trace

# Where a topic finds its attention in a trace, and on which sides its queries and keys are.
PARTS = {
    "self-attention": ("encoder", "self_attention", "source", "source"),
    "masked": ("decoder", "self_attention", "target", "target"),
    "cross-attention": ("decoder", "cross_attention", "target", "source"),
}
# More rows, or more columns of the values, are more than fits two pages.
MOST_TOKENS = 7
VALUE_COLUMNS = 3
PLACES = 1


def sheet_from(trace: Trace, topic: str, layer: int = 0, head: int = 0, language: str = "en") -> Sheet:
    """A sheet of attention whose scores and values are those of one head, rounded to a decimal.

    layer, head: counted from 0, as in the trace's names. Raises UsageError for a topic that has no head to show, for a
    layer or head that the model does not have, and for a text too long for a sheet.
    """
    kind, say = find_topic(topic), Words(language)
    if topic not in PARTS:
        raise UsageError(f"{topic} cannot be made from a model; choose one of {', '.join(PARTS)}")
    side, part, queries, keys = PARTS[topic]
    _require(trace, f"{side}_layers", layer, "--layer")
    _require(trace, "heads", head, "--head")
    labels = {"queries": _pieces(trace, queries), "keys": _pieces(trace, keys)}
    path = f"{side}.layers.{layer}.{part}"
    width = int(trace.config["width"]) // int(trace.config["heads"])
    rows = {
        "S": _rounded(trace[f"{path}.scores"][head]),
        "V": _rounded(trace[f"{path}.value"][head, :, :VALUE_COLUMNS]),
    }
    sections = kind.build(Start(rows, {**kind.usual, "head_width": width}, say, labels))
    source = say("source.model", model=trace.settings.get("model", ""), text=trace.source.text, part=path, head=head)
    sheet = finished(kind, say, sections, source)
    note = say("rounding.model", width=width, kept=min(width, VALUE_COLUMNS))
    return Sheet(sheet.topic, sheet.language, sheet.title, sheet.introduction, sections, source, note)


def _rounded(numbers: Tensor) -> Rows:
    return [[rounded(one, PLACES) for one in row] for row in numbers.double().tolist()]


def _pieces(trace: Trace, side: str) -> tuple[str, ...]:
    pieces = (trace.source if side == "source" else trace.target).pieces
    if len(pieces) > MOST_TOKENS:
        raise UsageError(
            f"the {side} has {len(pieces)} tokens, but a sheet has room for {MOST_TOKENS}; choose a shorter text"
        )
    return pieces


def _require(trace: Trace, size: str, number: int, option: str) -> None:
    count = int(trace.config[size])
    if not 0 <= number < count:
        raise UsageError(f"{option} {number}: the model has {count} there; choose one from 0 to {count - 1}")

"""By what `clearhead evaluate` measures a model of each task, and what it reads of tables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clearhead.errors import UsageError

if TYPE_CHECKING:
    from clearhead.bundle import Bundle

_PAIRS = "SOURCE and REFERENCE, or by --table FILE"
_BY = {
    "translation": _PAIRS,
    "summarisation": _PAIRS,
    "chat": _PAIRS,
    "language-modelling": "--text FILE",
    "masked-next-token": "--text FILE",
    "classification": "--table FILE",
}
# Models that write a text for each text.
WRITES = ("translation", "summarisation", "chat")
# Which options have no use: of a text that is predicted, and of a model by its task.
_OF_WRITING = ("--to", "--against", "--tokenize", "--beam-size", "--length-penalty", "--batch-tokens", "--shortlist")
WITH_TEXT = (*_OF_WRITING, "--precision")
_NO_USE = {
    "summarisation": ("--to",),
    "chat": ("--to", "--length-penalty", "--shortlist"),
    "classification": _OF_WRITING,
}


def require_task(bundle: "Bundle", tasks: Sequence[str], given: str) -> None:
    """Raise UsageError where a model was trained for no such task, with how such a model is evaluated.

    given: what is to be left out then.
    """
    from clearhead.bundle.verbs import VERBS

    own = bundle.settings.task
    if own in tasks:
        return
    if own not in _BY:
        raise UsageError(f"this model {VERBS[own].does}, which evaluate does not measure yet; look at what it does")
    raise UsageError(f"this model {VERBS[own].does}, and is evaluated by {_BY[own]}; leave {given} out")


def require_use(task: str, given: Mapping[str, object]) -> None:
    """Raise UsageError where an option is given that a model of this task would not heed."""
    from clearhead.bundle.verbs import VERBS

    require_none(_NO_USE.get(task, ()), given, f"a model that {VERBS[task].does}")


def require_none(names: Sequence[str], given: Mapping[str, object], what: str) -> None:
    """Raise UsageError where one of these options is given: `what` has no use for it."""
    if name := next((name for name in names if given.get(name) is not None), None):
        raise UsageError(f"{what} has no use for {name} {given[name]}; leave it out")


def columns_of(named: str | None) -> tuple[int | str, ...]:
    """Columns by number or by name, two or more; none where none are named. Raises UsageError otherwise."""
    if named is None:
        return ()
    found = tuple(int(one) if one.isdecimal() else one for one in (one.strip() for one in named.split(",")))
    if len(found) < 2 or any(one in (0, "") for one in found):
        raise UsageError(f"--columns {named} names no two columns, the text's and the right answer's; write 1,2 or a,b")
    return found

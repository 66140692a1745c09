"""By what `clearhead evaluate` measures a model of each task."""

from typing import TYPE_CHECKING

from clearhead.errors import UsageError

if TYPE_CHECKING:
    from clearhead.bundle import Bundle

_BY = {"translation": "SOURCE and REFERENCE", "language-modelling": "--text FILE", "classification": "--table FILE"}


def require_task(bundle: "Bundle", task: str) -> None:
    """Raise UsageError where a model was trained for another task, with how such a model is evaluated."""
    from clearhead.bundle.verbs import VERBS

    own = bundle.settings.task
    if own == task:
        return
    if own not in _BY:
        raise UsageError(f"this model {VERBS[own].does}, which evaluate does not measure yet; look at what it does")
    raise UsageError(f"this model {VERBS[own].does}, and is evaluated by {_BY[own]}; leave {_BY[task]} out")

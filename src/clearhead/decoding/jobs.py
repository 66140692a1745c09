"""What an engine computes in batches, whatever is asked of the model: a search, or what a whole text says."""

from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from typing import Any, Protocol, TypeVar, runtime_checkable

Result = TypeVar("Result")


@runtime_checkable
class Job(Protocol[Result]):
    """One sequence of ids, and what becomes of it."""

    @property
    def source(self) -> Sequence[int]:
        """What the model reads."""
        ...

    @property
    def max_length(self) -> int:
        """How many positions follow it at most; 0 where nothing is written."""
        ...

    @property
    def rows(self) -> int:
        """How many hypotheses are computed side by side."""
        ...

    @property
    def found(self) -> "Future[Result]":
        """Has the result once somebody has computed it; cancel it to do without."""
        ...

    def goes_with(self, first: Any) -> bool:
        """Whether it may be in one batch with another job, the first of it."""
        ...

    def computed(self, runtime: Any, batch: Sequence[Any], threads: int) -> Sequence[Result]:
        """The results of a batch of which this is the first, in their order."""
        ...


# A job of which nobody asks what kind it is.
AnyJob = Job[Any]


def settle(batch: Sequence[AnyJob], result: "Sequence[Any] | BaseException") -> None:
    """Say what was found, or what went wrong, to all but those who no longer want to know."""
    for place, job in enumerate(batch):
        try:
            if isinstance(result, BaseException):
                job.found.set_exception(result)
            else:
                job.found.set_result(result[place])
        except InvalidStateError:
            pass

"""Who is told how a run goes."""

from collections.abc import Callable
from pathlib import Path

from clearhead.recipe import Recipe
from clearhead.training import Materials, Progress, Reporter, Silent, Validation, train


class Told:
    """What was told, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []
        self.progress: list[Progress] = []

    def started(self, materials: Materials, parameters: int, resumed_at: int) -> None:
        self.events.append(("started", resumed_at))

    def progressed(self, progress: Progress) -> None:
        self.events.append(("progressed", progress.step))
        self.progress.append(progress)

    def validated(self, step: int, validation: Validation, best: bool) -> None:
        self.events.append(("validated", step, best))

    def warned(self, message: str) -> None:
        self.events.append(("warned", message))

    def finished(self) -> None:
        self.events.append(("finished",))


def test_silence_is_a_reporter() -> None:
    assert isinstance(Silent(), Reporter)
    assert isinstance(Told(), Reporter)


def test_a_run_told(make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    told = Told()
    train(make_recipe("training.steps=6"), tmp_path / "run", reporter=told)
    assert told.events == [
        ("started", 0), ("progressed", 2), ("progressed", 4), ("validated", 4, True), ("progressed", 6),
        ("validated", 6, True), ("finished",),
    ]  # fmt: skip
    last = told.progress[-1]
    assert (last.step, last.steps, last.skipped, last.seconds_left) == (6, 6, 0, 0.0)
    assert last.tokens_per_second > 0

"""Several models in the place of one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, final

from clearhead.bundle.serving import Serving
from clearhead.decoding import Engine, Precision
from clearhead.errors import UsageError
from clearhead.runtimes.ensemble import EnsembleRuntime

if TYPE_CHECKING:
    import clearhead.tasks


@final
class Together:
    """What a `Serving` is for one model, for several: each is prepared and kept by itself; one runtime serves all."""

    def __init__(self, members: "Sequence[Serving | Together]") -> None:
        self.members = tuple(members)
        self._engine: tuple[list[Any], Engine] | None = None

    @property
    def config(self) -> Any:
        """Of the member that reads and writes the shortest texts."""
        return min((one.config for one in self.members), key=lambda config: int(config.max_length))

    @property
    def model(self) -> "clearhead.tasks.Model":
        raise UsageError(
            f"an ensemble has no model of its own, but {len(self.members)}; ask one of its bundles for what it computes"
        )

    @property
    def parameters(self) -> int:
        return sum(one.parameters for one in self.members)

    @property
    def device(self) -> str:
        return self.members[0].device

    def to(self, device: str) -> None:
        """Raises UsageError where the device cannot be used; all members are then where they were."""
        before = self.device
        try:
            for one in self.members:
                one.to(device)
        except UsageError:
            for one in self.members:
                one.to(before)
            raise

    def engine(self, precision: Precision, batch_tokens: int | None = None, workers: int | None = None) -> Engine:
        """As `Serving.engine`: made anew where one of the members has been prepared anew."""
        runtimes: list[Any] = [one.engine(precision).runtime for one in self.members]
        kept = self._engine
        if kept is None or any(one is not other for one, other in zip(kept[0], runtimes, strict=True)):
            kept = self._engine = runtimes, Engine(EnsembleRuntime(runtimes))
        if batch_tokens is None and workers is None:
            return kept[1]
        return Engine(kept[1].runtime, batch_tokens=batch_tokens, workers=workers)

    def precise(self) -> Any:
        """All members in float64, as one model that scores texts."""
        from clearhead.tasks.translation.averaged import Averaged

        return Averaged([one.precise() for one in self.members])

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_engine": None}


# What a bundle asks of its model, which may be several.
Served = Serving | Together

"""The model that a bundle serves, and what is prepared from it once and kept until anything about it changes."""

import copy
import logging
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from clearhead.decoding import Engine, Precision
from clearhead.errors import UnknownWeightsError, UsageError
from clearhead.model.shapes import parameter_shapes
from clearhead.runtimes.agreed import is_agreed
from clearhead.runtimes.compiled import CompiledRuntime
from clearhead.runtimes.prepacking import unknown_to_c
from clearhead.runtimes.stored import StoredWeights

if TYPE_CHECKING:
    import clearhead.runtimes.contents
    import clearhead.tasks

_LOG = logging.getLogger(__name__)
# What is asked of a model that writes, and of one that reads.
_USED = ("config", "begin", "step"), ("config", "hidden_states", "masked_logits")
Made = TypeVar("Made")


@dataclass
class _Kept(Generic[Made]):
    """What was prepared, for which precision, and of what: None as long as nobody could have changed the model.

    It serves by the model's own code where C computes otherwise, which is not worth finding out a second time.
    """

    precision: str
    made: Made
    contents: "clearhead.runtimes.contents.Contents | None"


class Serving:
    """A model, its prepared copies, and whether somebody else than its bundle can reach it.

    What is done to a model is what it does. One with a hook, an observer, another module or function, or weights in
    other numbers than float32 is served by itself, by PyTorch. Of any other a prepared copy serves, made anew when its
    weights have changed in any way; that is looked at before each use, once the model has been handed out.

    model: itself; or the weights of a file, from which it is built when somebody asks for it. Until then C reads them
    from there, and nothing of this needs torch.
    device: where a model that is built is put.
    """

    def __init__(self, model: "clearhead.tasks.Model | StoredWeights", device: str = "cpu") -> None:
        self._stored = model if isinstance(model, StoredWeights) else None
        self._model: Any = None if isinstance(model, StoredWeights) else _checked(model)
        self._device = device
        self._is_shared = self._stored is None
        self._engine: _Kept[Engine] | None = None
        self._float64_model: _Kept[Any] | None = None
        self._said: str | None = None
        if self._stored is not None and device != "cpu":
            self._built()  # What is wrong with the device is to be said at once.

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: prepared copies hold memory of C and locks, and are made anew."""
        self._built()
        return {**vars(self), "_engine": None, "_float64_model": None}

    @property
    def model(self) -> "clearhead.tasks.Model":
        """The model, for somebody who may do anything to it."""
        model = self._built()
        if not self._is_shared:
            self._is_shared = True
            for kept in (self._engine, self._float64_model):
                if kept is not None:
                    kept.contents = _contents_of(model)
        return model

    def to(self, device: str) -> None:
        """Put the model on a device. Raises UsageError where that cannot be used; all is then as it was."""
        if self._model is None and device == self._device:
            return  # Nothing of this needs torch.
        from clearhead.bundle.building import build, put

        if self._stored is not None:
            self._model, self._stored = build(self._stored, device), None
        else:
            put(self._model, device)
        self._device, self._engine, self._float64_model = device, None, None

    @property
    def parameters(self) -> int:
        """How many numbers the model has learned."""
        if self._stored is not None:
            return sum(math.prod(shape) for shape in parameter_shapes(self._stored.config).values())
        return sum(one.numel() for one in self._model.parameters())

    @property
    def device(self) -> str:
        """Where the model is, such as "cpu" or "cuda:0"."""
        return self._device if self._stored is not None else str(next(self._model.parameters()).device)

    @property
    def config(self) -> Any:
        return self._stored.config if self._stored is not None else self._model.config

    def engine(self, precision: Precision, batch_tokens: int | None = None, workers: int | None = None) -> Engine:
        """What translates: the model prepared for its device in `precision`, or the model itself.

        One of its own for whoever says how large batches are, or how many are computed at once.
        Raises DecodingError for a number out of its bounds.
        """
        shared = self._shared_engine(precision)
        if batch_tokens is None and workers is None:
            return shared
        return Engine(shared.runtime, batch_tokens=batch_tokens, workers=workers)

    def _shared_engine(self, precision: Precision) -> Engine:
        kept = self._engine
        if kept is not None and self._holds(kept, precision):
            return kept.made
        runtime, is_costly = self._from_file(precision), True
        if runtime is None:
            runtime, is_costly = self._from_model(precision)
        engine = Engine(runtime)
        self._engine = _Kept(precision, engine, self._contents()) if is_costly else None
        return engine

    def precise(self) -> Any:
        """The model in float64: in float32 a score would depend on the shapes of the products that computed it.

        One that is more than its class and its weights scores by itself, in its own numbers: who listens to its modules
        hears these, and not those of a copy.
        """
        import torch

        from clearhead.model.as_built import departure
        from clearhead.runtimes.weights import require_numbers

        kept, model = self._float64_model, self._built()
        if kept is None or not self._holds(kept, "float64"):
            require_numbers(model)
            if departure(model) is not None:
                return model
            with torch.inference_mode(False), torch.no_grad():
                double = copy.deepcopy(model).double()
            kept = self._float64_model = _Kept("float64", double, self._contents())
        return kept.made

    def _from_file(self, precision: Precision) -> Any:
        """The model in C, without torch; None where it is built already, or must be since C may compute otherwise."""
        stored = self._stored
        if stored is None or self._device != "cpu" or _is_heard_or_edited():
            return None
        if unknown_to_c(stored.config.block) is not None or not is_agreed():
            return None
        from clearhead.native import library as native

        library = native.library()
        if library is None:
            return None
        try:
            return CompiledRuntime(library, self.config, stored.with_tables(), precision, is_ours=True)
        except UnknownWeightsError:  # Of an edited model. Whoever prepares it says so.
            return None

    def _from_model(self, precision: Precision) -> tuple[Any, bool]:
        from clearhead.runtimes.preparing import prepared
        from clearhead.runtimes.weights import require_numbers

        model = self._built()
        require_numbers(model)
        runtime, remark, is_costly = prepared(model, precision, is_edited=not is_agreed())
        if remark is not None:
            self._warn(remark)
        return runtime, is_costly

    def _built(self) -> Any:
        """The model; built where it was not yet."""
        if self._model is None:
            assert self._stored is not None
            from clearhead.bundle.building import build

            self._model, self._stored = build(self._stored, self._device), None
        return self._model

    def _contents(self) -> "clearhead.runtimes.contents.Contents | None":
        return _contents_of(self._model) if self._is_shared else None

    def _holds(self, kept: "_Kept[Any]", precision: str) -> bool:
        if kept.precision != precision or _is_heard_or_edited():
            return False
        return kept.contents is None or kept.contents.hold()

    def _warn(self, line: str) -> None:
        """Say a line once for each thing that there is to say."""
        if self._said != line:
            _LOG.warning("%s", line)
            self._said = line


def _contents_of(model: Any) -> "clearhead.runtimes.contents.Contents":
    from clearhead.runtimes.contents import Contents

    return Contents(model)


def _is_heard_or_edited() -> bool:
    """Whether somebody listens to every module, or edited a function; nobody can have without torch."""
    if "torch" not in sys.modules:
        return False
    from clearhead.model.as_built import is_heard_or_edited

    return is_heard_or_edited()


def _checked(model: object) -> object:
    """Raises UsageError for what is no model. What decodes as one of ours does will do."""
    from torch import nn

    has_all = (all(hasattr(model, name) for name in names) for names in _USED)
    if not isinstance(model, nn.Module) or not any(has_all):
        kind = "None" if model is None else f"<{type(model).__name__}>"
        raise UsageError(
            f"model={kind} is no EncoderDecoder, DecoderOnly or EncoderOnly; give one, such as bundle.model of another "
            "bundle"
        )
    return model

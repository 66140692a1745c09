"""The model that a bundle serves, and what is prepared from it once and kept until anything about it changes."""

import copy
import logging
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from clearhead.decoding import DeviceModel, PackedModel, Precision
from clearhead.decoding.agreement import disagreement
from clearhead.decoding.contents import Contents
from clearhead.decoding.device_model import is_on_gpu, on_device
from clearhead.decoding.packed import packed
from clearhead.decoding.weights import require_numbers
from clearhead.errors import UsageError
from clearhead.model import EncoderDecoder
from clearhead.model.as_built import departure, is_heard_or_edited

_LOG = logging.getLogger(__name__)
_USED = ("config", "encode", "begin", "step")
Runtime = EncoderDecoder | PackedModel | DeviceModel


@dataclass
class _Kept:
    """What serves, for which precision, and of what: None as long as nobody could have changed the model.

    It is the model itself where C computes otherwise, which is not worth finding out a second time.
    """

    precision: str
    runtime: Runtime
    contents: Contents | None


class Serving:
    """A model, its prepared copies, and whether somebody else than its bundle can reach it.

    What is done to a model is what it does. One with a hook, an observer, another module or function, or weights in
    other numbers than float32 is served by itself, by PyTorch. Of any other a prepared copy serves, made anew when its
    weights have changed in any way; that is looked at before each use, once the model has been handed out.
    """

    def __init__(self, model: EncoderDecoder, is_shared: bool = True) -> None:
        # What decodes as the model does will do: `benchmarks/recurrent.py` measures a GRU by the same search.
        if not isinstance(model, nn.Module) or any(not hasattr(model, name) for name in _USED):
            raise UsageError(
                f"model={_kind(model)} is no EncoderDecoder; give one, such as bundle.model of another bundle"
            )
        self._model = model
        self._is_shared = is_shared
        self._fast: _Kept | None = None
        self._precise: _Kept | None = None
        self._said: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: prepared copies hold memory of C and locks, and are made anew."""
        return {**vars(self), "_fast": None, "_precise": None}

    @property
    def model(self) -> EncoderDecoder:
        """The model, for somebody who may do anything to it."""
        if not self._is_shared:
            self._is_shared = True
            for kept in (self._fast, self._precise):
                if kept is not None:
                    kept.contents = Contents(self._model)
        return self._model

    @property
    def config(self) -> Any:
        return self._model.config

    def runtime(self, precision: Precision) -> Runtime:
        """What translates: the model prepared for its device in `precision`, or the model itself."""
        kept = self._fast
        if kept is None or not self._holds(kept, precision):
            require_numbers(self._model)
            runtime, is_costly = self._prepared(precision)
            self._fast = self._kept(precision, runtime) if is_costly else None
            return runtime
        return kept.runtime

    def precise(self) -> EncoderDecoder:
        """The model in float64: in float32 a score would depend on the shapes of the products that computed it.

        One that is more than its class and its weights scores by itself, in its own numbers: who listens to its modules
        hears these, and not those of a copy.
        """
        kept = self._precise
        if kept is None or not self._holds(kept, "float64"):
            require_numbers(self._model)
            if departure(self._model) is not None:
                return self._model
            with torch.inference_mode(False), torch.no_grad():
                kept = self._kept("float64", copy.deepcopy(self._model).double())
            self._precise = kept
        assert isinstance(kept.runtime, EncoderDecoder)
        return kept.runtime

    def _kept(self, precision: str, runtime: Runtime) -> _Kept:
        return _Kept(precision, runtime, Contents(self._model) if self._is_shared else None)

    def _holds(self, kept: _Kept, precision: str) -> bool:
        if kept.precision != precision or is_heard_or_edited():
            return False
        return kept.contents is None or kept.contents.hold()

    def _prepared(self, precision: Precision) -> tuple[Runtime, bool]:
        """What serves, and whether it was costly to find out."""
        model = self._model
        reason = departure(model)
        if reason is None and is_on_gpu(model):
            runtime = on_device(model, precision)
            return runtime or model, runtime is not None
        others = {one.dtype for one in model.parameters()} - {torch.float32}
        if reason is None and others:
            reason = f"weights in {str(others.pop()).removeprefix('torch.')}"
        if reason is None:
            found = packed(model, precision)
            return (model if found is None or self._differs(found, precision) else found), found is not None
        if precision != "fp32":
            self._warn(f"the model has {reason}, so PyTorch serves it as it is; {precision} is not used")
        return model, False

    def _differs(self, found: PackedModel, precision: Precision) -> bool:
        """Whether C computes otherwise than the model does, which is said. Only products differ between precisions."""
        plain = found if precision == "fp32" else packed(self._model, "fp32")
        share = None if plain is None else disagreement(self._model, plain)
        if share is not None:
            self._warn(
                f"C computes logits that differ by {share:.2g} of the greatest from PyTorch's, as if its code was "
                "edited; PyTorch serves, more slowly"
            )
        return share is not None

    def _warn(self, line: str) -> None:
        """Say a line once for each thing that there is to say."""
        if self._said != line:
            _LOG.warning("%s", line)
            self._said = line


def _kind(value: object) -> str:
    return "None" if value is None else f"<{type(value).__name__}>"

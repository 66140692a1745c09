"""From a bundle of ours to the files of another program, and a report of what was done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from clearhead.bundle import load
from clearhead.bundle.arguments import require_new_folder
from clearhead.errors import UsageError
from clearhead.files import publish_folder
from clearhead.interop.ctranslate import KINDS, write_ctranslate
from clearhead.interop.equivalent import Weighted
from clearhead.interop.folder import write_folder
from clearhead.interop.gguf_writing import NUMBERS, write_gguf
from clearhead.interop.onnx_writing import write_onnx
from clearhead.tensor_file import os_errors

if TYPE_CHECKING:
    from clearhead.bundle import Bundle


@dataclass(frozen=True)
class Exported:
    """What an export did. kind: the class of the other program. notes: what is written otherwise, or left out.

    files: the names of the files, with their bytes.
    """

    kind: str
    parameters: int
    notes: tuple[str, ...]
    files: Mapping[str, int]

    def __str__(self) -> str:
        notes = "; ".join(self.notes) or "nothing"
        files = "\n".join(f"  {name}  {size:,} bytes" for name, size in self.files.items())
        return f"{self.kind}: {self.parameters:,} numbers\nwritten otherwise, with the same outputs: {notes}\n{files}"


class Format(NamedTuple):
    """write: the files of a format to an empty folder, telling the class and its notes. numbers: how it has weights."""

    write: Callable[["Bundle", Weighted, Path, str], tuple[str, tuple[str, ...]]]
    numbers: tuple[str, ...]


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "huggingface": Format(write_folder, ("float32",)),
        "ctranslate2": Format(write_ctranslate, KINDS),
        "onnx": Format(write_onnx, ("float32",)),
        "gguf": Format(write_gguf, tuple(NUMBERS)),
    }
)


def export_model(model: "str | Path | Bundle", to: str, out: str | Path, quantization: str | None = None) -> Exported:
    """Write a model for another program to the folder `out`, whole or not at all.

    model: a bundle, or where one lies. to: a key of `FORMATS`. quantization: how weights are stored, one of what the
    format has; its first where None is given.
    Raises InteropError for a model that the other program cannot compute, by the value that it has not, and UsageError
    where there is something at `out`.
    """
    if to not in FORMATS:
        raise UsageError(f"to={to!r:.40} is no format that clearhead writes; choose one of {', '.join(FORMATS)}")
    known = FORMATS[to].numbers
    if (numbers := quantization or known[0]) not in known:
        raise UsageError(f"quantization={numbers!r:.40} is not for to={to}; choose one of {', '.join(known)}")
    place = Path(out)
    require_new_folder(place)
    bundle = load(model) if isinstance(model, str | Path) else model
    weights = weighted(bundle)
    with publish_folder(place) as draft, os_errors(draft):
        kind, notes = FORMATS[to].write(bundle, weights, draft, numbers)
        found = {str(one.relative_to(draft)): one.stat().st_size for one in sorted(draft.rglob("*")) if one.is_file()}
    return Exported(kind, sum(one.size for one in weights.weights.values()), notes, found)


def weighted(bundle: "Bundle") -> Weighted:
    """The model's config and its weights, as it is now."""
    from clearhead.model.as_built import departure

    model = bundle.model
    if (reason := departure(model)) is not None:
        raise UsageError(f"the model has {reason}, which no other program computes; export it without")
    named = {name: one.detach().cpu().float().numpy() for name, one in model.named_parameters()}
    return Weighted(bundle.config, named)

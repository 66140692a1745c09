"""A folder for onnxruntime and transformers.js: graphs of ONNX, and beside them what a folder of Hugging Face's has."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearhead.interop.counterparts import counterpart
from clearhead.interop.equivalent import Weighted
from clearhead.interop.folder import write_beside
from clearhead.interop.onnx_graph import package
from clearhead.interop.onnx_models import graphs_of

if TYPE_CHECKING:
    from clearhead.bundle import Bundle

# The class that transformers.js takes for one that it has not: the same inputs, outputs and names of settings.
_TAKEN: Final = {"pegasus": ("marian", "MarianMTModel")}


def write_onnx(bundle: "Bundle", model: Weighted, folder: Path, numbers: str) -> tuple[str, tuple[str, ...]]:
    """Write the graphs to onnx/, and the settings and the tokenizer; the class, and what was changed for it.

    numbers: float32, which is all there is. Raises InteropError where no class of transformers computes the same, and
    PackageError without the package onnx.
    """
    package()
    found = counterpart(model)
    (folder / "onnx").mkdir()
    apart = {
        f"{name}.onnx": 1
        for name, graph in graphs_of(found.model).items()
        if graph.save(folder / "onnx" / f"{name}.onnx")
    }
    # In a browser it would ask for another kind of numbers.
    told: dict[str, Any] = {"dtype": "fp32", **({"use_external_data_format": apart} if apart else {})}
    notes = [*found.notes]
    changes: dict[str, Any] = {"transformers.js_config": told}
    if found.kind in _TAKEN:
        kind, name = _TAKEN[found.kind]
        changes |= {"model_type": kind, "architectures": [name]}
        notes.append(f"config.json says {name}, since transformers.js has no {found.architecture}")
    more = write_beside(bundle, found, folder, changes)
    return f"ONNX {found.architecture}", (*notes, *more)

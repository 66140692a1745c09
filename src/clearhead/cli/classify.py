"""`clearhead classify`: a line in, its label and how probable that is out."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clearhead.bundle import load
from clearhead.bundle.verbs import require_command
from clearhead.cli import lines
from clearhead.cli.found import In, Out, notes
from clearhead.cli.options import Debug, Device, Model, PrecisionName, Quiet
from clearhead.cli.overwriting import refuse_overwriting, refuse_streams
from clearhead.cli.whole_texts import AsJson, Texts, answered, require_one_source

if TYPE_CHECKING:
    from clearhead.tasks.classifying import Label


def classify(
    model: Model,
    texts: Texts = None,
    input_file: In = None,
    output_file: Out = None,
    as_json: AsJson = False,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Classify texts, one line out for each.

    A line is the most probable label, a tab and its probability. The lines come out in the order in which they came
    in. --json tells the probability of every label.

    Example: clearhead classify runs/intent-ko "내일 몇 시에 만날까?"
    """
    refuse_overwriting({"--out": output_file}, {"--in": input_file}, model)
    refuse_streams(output_file, input_file)
    require_one_source(texts, input_file)
    bundle = load(model, device=device, precision=precision)
    require_command("classify", bundle.task)
    noting = None if quiet else notes(bundle)
    found = answered(texts, input_file, quiet, lambda some, first: bundle.classify(some), noting)
    form = _object if as_json else _line
    lines.write((line for text, label in found for line in form(text, label)), output_file)


def _line(text: str, label: "Label") -> Iterator[str]:
    yield f"{label.label}\t{label.probability:.4f}"


def _object(text: str, label: "Label") -> Iterator[str]:
    told = {"text": text, "label": label.label, "probability": label.probability}
    yield json.dumps({**told, "probabilities": dict(label.probabilities)}, ensure_ascii=False)
